"""Files come whole, however often the line breaks, and nothing else comes."""

import asyncio
import hashlib
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from application.document_settings import ChangeDocumentSettings
from application.ports import SYSTEM
from infrastructure.blobs import uploads
from infrastructure.blobs.uploads import CHUNK_BYTES
from interfaces.http import uploads as routes
from tests.uploading import begun, finished, sent, uploaded
from tests.world import API, Person, World

TEA = b"Green tea at 70 degrees. " * 8


def offset(start: int) -> dict[str, str]:
    return {"Upload-Offset": str(start)}


def files_below(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file()]


async def test_a_file_comes_in_pieces(world: World) -> None:
    ana = await world.admin()
    content = os.urandom(3 * 4096 + 17)
    upload = await begun(ana, "Tea.pdf", len(content))
    assert upload == {
        "id": upload["id"],
        "name": "Tea.pdf",
        "size": len(content),
        "received": 0,
        "chunk_bytes": CHUNK_BYTES,
        "file_id": None,
    }
    for start in range(0, len(content), 4096):
        piece = content[start : start + 4096]
        answer = await sent(ana, upload["id"], piece, start)
        assert answer.json()["received"] == start + len(piece)
    file = await finished(ana, upload["id"])
    assert (file["name"], file["media_type"]) == ("Tea.pdf", "application/pdf")
    assert (file["size"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert (file["state"], file["duplicate_of"], file["owner_id"]) == ("queued", None, ana.id)
    assert (await ana.get(f"/files/{file['id']}/content")).content == content
    folder = world.services.settings.data_folder
    assert not files_below(folder / "uploads")
    assert not files_below(folder / "scratch")


@pytest.mark.parametrize("content", [b"", b"x"])
async def test_very_small_files_come_too(world: World, content: bytes) -> None:
    ana = await world.admin()
    file = await uploaded(ana, "small.txt", content)
    assert file["size"] == len(content)
    assert (await ana.get(f"/files/{file['id']}/content")).content == content


async def cut(world: World, ana: Person, upload_id: str, content: bytes, at: int) -> None:
    """Announce all that is left, send it up to a byte, and hang up."""
    host, _, port = world.base_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"PATCH {API}/uploads/{upload_id} HTTP/1.1\r\nHost: {host}\r\n"
        f"Authorization: Bearer {ana.token}\r\nUpload-Offset: 0\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    writer.write(head.encode() + content[:at])
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.close()
    await writer.wait_closed()
    del reader


@pytest.mark.parametrize("at", [0, 1, 100, len(TEA) - 1])
async def test_it_goes_on_after_a_cut_at_any_byte(world: World, at: int) -> None:
    ana = await world.admin()
    upload = await begun(ana, "Tea.txt", len(TEA))
    await cut(world, ana, upload["id"], TEA, at)
    received = -1
    async with asyncio.timeout(10):
        while received != at:
            await asyncio.sleep(0.02)
            received = (await ana.get(f"/uploads/{upload['id']}")).json()["received"]
    await sent(ana, upload["id"], TEA[at:], at)
    file = await finished(ana, upload["id"])
    assert file["sha256"] == hashlib.sha256(TEA).hexdigest()


async def test_who_falls_silent_is_cut_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "SILENCE_SECONDS_MAX", 0.2)
    ana = await world.admin()
    upload = await begun(ana, "Tea.txt", len(TEA))

    async def dribble() -> Any:
        yield TEA[:10]
        await asyncio.sleep(1)
        yield TEA[10:]

    answer = await sent(ana, upload["id"], dribble(), 0)
    assert answer.json()["received"] == 10


async def test_a_wrong_offset_says_where_to_go_on(world: World) -> None:
    ana = await world.admin()
    upload = await begun(ana, "Tea.txt", len(TEA))
    await sent(ana, upload["id"], TEA[:50], 0)
    for start in (0, 49, 51, 10**15):
        path = f"/uploads/{upload['id']}"
        answer = await ana.patch(path, content=TEA[:10], headers=offset(start))
        assert answer.status_code == 409
        assert answer.json()["received"] == 50
    for odd in ("-1", "x", str(10**30)):
        answer = await ana.patch(path, content=b"x", headers={"Upload-Offset": odd})
        assert answer.status_code == 422
    assert (await ana.patch(path, content=b"x")).status_code == 422


async def test_of_two_pieces_at_one_place_one_counts(world: World) -> None:
    ana = await world.admin()
    upload = await begun(ana, "Tea.txt", len(TEA))
    path = f"/uploads/{upload['id']}"
    sends = [ana.patch(path, content=TEA[: 20 + n], headers=offset(0)) for n in range(6)]
    answers = await asyncio.gather(*sends)
    assert sorted(each.status_code for each in answers) == [200, *[409] * 5]
    received = (await ana.get(path)).json()["received"]
    await sent(ana, upload["id"], TEA[received:], received)
    assert (await finished(ana, upload["id"]))["sha256"] == hashlib.sha256(TEA).hexdigest()


async def test_more_than_announced_is_refused(world: World) -> None:
    ana = await world.admin()
    upload = await begun(ana, "Tea.txt", 10)
    path = f"/uploads/{upload['id']}"
    assert (await ana.patch(path, content=b"x" * 11, headers=offset(0))).status_code == 413
    assert (await ana.get(path)).json()["received"] == 0
    upload = await begun(ana, "Tea.txt", 3 * CHUNK_BYTES)
    path = f"/uploads/{upload['id']}"
    large = b"x" * (CHUNK_BYTES + 1)
    answer = await ana.patch(path, content=large, headers=offset(0))
    assert answer.status_code == 413
    assert (await sent(ana, upload["id"], large[:-1], 0)).json()["received"] == CHUNK_BYTES


async def test_too_large_a_file_does_not_even_begin(world: World) -> None:
    ana = await world.admin()
    for size, status in ((10**15, 413), (-1, 422), ("10", 422), (2**70, 422)):
        answer = await ana.post("/uploads", json={"name": "Tea.txt", "size": size})
        assert answer.status_code == status, size


async def test_what_is_not_whole_does_not_end(world: World) -> None:
    ana = await world.admin()
    upload = await begun(ana, "Tea.txt", len(TEA))
    await sent(ana, upload["id"], TEA[:50], 0)
    answer = await ana.post(f"/uploads/{upload['id']}/finish", json={})
    assert (answer.status_code, answer.json()["received"]) == (409, 50)
    assert (await ana.get("/files")).json()["items"] == []


async def test_what_is_not_what_was_announced_does_not_end(world: World) -> None:
    ana = await world.admin()
    said = hashlib.sha256(b"other").hexdigest()
    upload = await begun(ana, "Tea.txt", len(TEA), sha256=said)
    await sent(ana, upload["id"], TEA, 0)
    answer = await ana.post(f"/uploads/{upload['id']}/finish", json={})
    assert answer.status_code == 422
    assert (await ana.get("/files")).json()["items"] == []


async def test_it_ends_once_however_often_that_is_asked(world: World) -> None:
    ana = await world.admin()
    upload = await begun(ana, "Tea.txt", len(TEA))
    await sent(ana, upload["id"], TEA, 0)
    path = f"/uploads/{upload['id']}/finish"
    answers = await asyncio.gather(*(ana.post(path, json={}) for _ in range(4)))
    assert {each.status_code for each in answers} <= {201, 409}
    again = await ana.post(path)
    assert again.status_code == 201
    assert len((await ana.get("/files")).json()["items"]) == 1
    assert (await ana.get(f"/uploads/{upload['id']}")).json()["file_id"] == again.json()["id"]
    late = await ana.patch(f"/uploads/{upload['id']}", content=b"x", headers=offset(len(TEA)))
    assert late.status_code == 409


async def test_to_others_an_upload_does_not_exist(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    upload = await begun(ana, "Tea.txt", len(TEA))
    path = f"/uploads/{upload['id']}"
    for answer in (
        await ben.get(path),
        await ben.patch(path, content=TEA, headers=offset(0)),
        await ben.post(f"{path}/finish", json={}),
        await ben.delete(path),
        await ben.post("/uploads", json={"id": upload["id"], "name": "Tea.txt", "size": len(TEA)}),
        await ben.get(f"/uploads/{uuid4()}"),
    ):
        assert answer.status_code == 404
    nobody = world.client()
    for answer in (
        await nobody.patch(API + path, content=TEA, headers=offset(0)),
        await nobody.post(f"{API}/uploads", json={"name": "x", "size": 1}),
    ):
        assert answer.status_code == 401
    assert (await ana.get(path)).json()["received"] == 0


async def test_beginning_twice_begins_one(world: World) -> None:
    ana = await world.admin()
    key = str(uuid4())
    first = await begun(ana, "Tea.txt", len(TEA), id=key)
    await sent(ana, key, TEA[:10], 0)
    assert (await begun(ana, "Tea.txt", len(TEA), id=key))["received"] == 10
    body = {"id": key, "name": "Other.txt", "size": 3}
    assert (await ana.post("/uploads", json=body)).status_code == 409
    assert first["id"] == key


async def test_an_upload_can_be_given_up(world: World) -> None:
    ana = await world.admin()
    upload = await begun(ana, "Tea.txt", len(TEA))
    await sent(ana, upload["id"], TEA[:10], 0)
    assert (await ana.delete(f"/uploads/{upload['id']}")).status_code == 204
    assert (await ana.get(f"/uploads/{upload['id']}")).status_code == 404
    assert not files_below(world.services.settings.data_folder / "uploads")


async def test_nobody_opens_uploads_without_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "OPEN_MAX", 3)
    ana, ben = await world.admin(), await world.person()
    body = {"name": "Tea.txt", "size": 3}
    answers = await asyncio.gather(*(ana.post("/uploads", json=body) for _ in range(6)))
    assert sorted(each.status_code for each in answers) == [201] * 3 + [429] * 3
    assert (await ben.post("/uploads", json=body)).status_code == 201


async def test_nobody_sends_pieces_without_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PIECES_MAX", 2)
    ana = await world.admin()
    upload = await begun(ana, "Tea.txt", 3)
    for start in range(2):
        await sent(ana, upload["id"], b"x", start)
    path = f"/uploads/{upload['id']}"
    assert (await ana.patch(path, content=b"x", headers=offset(2))).status_code == 429


async def test_the_same_bytes_are_the_same_file(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    first = await uploaded(ana, "Tea.txt", TEA)
    again = await uploaded(ana, "Copy.txt", TEA)
    assert (again["id"], again["name"]) == (first["id"], "Tea.txt")
    assert again["duplicate_of"] == first["id"]
    kept = await uploaded(ana, "Copy.txt", TEA, on_duplicate="keep")
    assert kept["id"] != first["id"]
    assert (kept["name"], kept["duplicate_of"]) == ("Copy.txt", first["id"])
    other = await uploaded(ben, "Tea.txt", TEA)
    assert other["duplicate_of"] is None
    blobs = files_below(world.services.settings.data_folder / "files")
    assert [each.name for each in blobs] == [first["sha256"]]


async def test_a_file_is_replaced_in_place(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    first = await uploaded(ana, "Tea.txt", TEA)
    new = await uploaded(ana, "Tea 2.txt", b"new", replaces=first["id"])
    assert (new["id"], new["name"], new["size"]) == (first["id"], "Tea 2.txt", 3)
    assert (await ana.get(f"/files/{first['id']}/content")).content == b"new"
    upload = await begun(ben, "Mine.txt", 3)
    await sent(ben, upload["id"], b"ben", 0)
    for wish in ({"replaces": first["id"]}, {"file_id": first["id"]}):
        answer = await ben.post(f"/uploads/{upload['id']}/finish", json=wish)
        assert answer.status_code == 404
    assert (await ana.get(f"/files/{first['id']}/content")).content == b"new"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/etc/shadow", "shadow"),
        ("CON.txt", "_CON.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\r\nSet-Cookie: x.txt", "a Set-Cookie: x.txt"),
        ("..", None),
        ("a/", None),
        ("", None),
        ("a\x00.txt", None),
        ("x" * 300, None),
    ],
)
async def test_names_do_no_harm(world: World, name: str, kept: str | None) -> None:
    ana = await world.admin()
    answer = await ana.post("/uploads", json={"name": name, "size": 1})
    assert answer.status_code == (201 if kept else 422), answer.text
    if kept:
        assert answer.json()["name"] == kept


async def test_only_what_administrators_allow_is_taken(world: World) -> None:
    ana = await world.admin()
    values = {"limits": {"file_bytes_max": 100, "extensions": ["txt", ".PDF"]}}
    await world.services.execute(ChangeDocumentSettings(values), SYSTEM)
    for name, size, status in (
        ("Tea.txt", 100, 201),
        ("Tea.TXT", 101, 413),
        ("Tea.pdf", 1, 201),
        ("Tea.exe", 1, 422),
        ("txt", 1, 422),
    ):
        answer = await ana.post("/uploads", json={"name": name, "size": size})
        assert answer.status_code == status, name
    answer = await ana.post("/files/text", json={"name": "Tea.txt", "text": "x" * 101})
    assert answer.status_code == 413


async def test_a_long_request_is_refused_elsewhere_still(world: World) -> None:
    ana = await world.admin()
    most = world.services.settings.request_bytes_max
    for path in (f"/uploads/{uuid4()}/finish", "/uploads", "/files/text"):
        answer = await ana.post(path, content=b"x" * (most + 1))
        assert answer.status_code == 413, path


async def test_a_piece_is_not_held_in_memory_first(world: World) -> None:
    """Bytes are on their way to the disk before the request has ended."""
    ana = await world.admin()
    upload = await begun(ana, "Tea.bin", 1_000_000)
    scratch = world.services.files.scratch.folder
    seen: list[int] = []

    async def slowly() -> Any:
        for _ in range(10):
            yield b"x" * 100_000
            await asyncio.sleep(0.02)
            seen.append(sum(each.stat().st_size for each in scratch.glob("*")))

    answer: httpx.Response = await sent(ana, upload["id"], slowly(), 0)
    assert answer.json()["received"] == 1_000_000
    assert any(0 < each < 1_000_000 for each in seen)
