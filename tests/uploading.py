"""Files as clients upload them, and as workers read them."""

from typing import Any
from uuid import UUID

import httpx

from application.files import RecordFailure, RecordRead, StartReading
from application.ports import SYSTEM
from infrastructure.documents.texts import keep_text
from tests.world import Json, Person, World


async def begun(person: Person, name: str, size: int, **more: Any) -> Json:
    """An upload that was announced."""
    answer = await person.post("/uploads", json={"name": name, "size": size, **more})
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


async def sent(person: Person, upload_id: str, content: Any, start: int) -> httpx.Response:
    """A piece that was taken."""
    headers = {"Upload-Offset": str(start), "Content-Type": "application/octet-stream"}
    answer = await person.patch(f"/uploads/{upload_id}", content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


async def finished(person: Person, upload_id: str, **wish: Any) -> Json:
    """The file an upload became."""
    answer = await person.post(f"/uploads/{upload_id}/finish", json=wish)
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


async def uploaded(person: Person, name: str, content: bytes, **wish: Any) -> Json:
    """A file that came in one piece."""
    upload = await begun(person, name, len(content))
    if content:
        await sent(person, upload["id"], content, 0)
    return await finished(person, upload["id"], **wish)


async def read(world: World, file: Json, text: str = "# Tea\n\nHot.") -> str:
    """What a worker does until the text of a file is known."""
    file_id = UUID(file["id"])
    await world.services.execute(StartReading(file_id, file["sha256"]), SYSTEM)
    sha256 = await keep_text(world.services.lines, file_id, text, 1)
    command = RecordRead(file_id, file["sha256"], sha256, len(text), 1, "text", "Tea")
    await world.services.execute(command, SYSTEM)
    return sha256


async def fail(world: World, file: Json) -> None:
    file_id = UUID(file["id"])
    await world.services.execute(StartReading(file_id, file["sha256"]), SYSTEM)
    command = RecordFailure(file_id, "reading", file["sha256"], "encrypted", "It has a password.")
    await world.services.execute(command, SYSTEM)


async def seen(world: World, person: Person, file: Json) -> Json:
    """A file after all that was written."""
    head = str(await world.services.log.head())
    answer = await person.get(f"/files/{file['id']}", headers={"Read-After": head})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found
