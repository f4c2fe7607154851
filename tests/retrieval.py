"""Files that can be asked about: what tests of retrieval share."""

import asyncio
from typing import Any
from uuid import UUID

from domain.answers import Answer
from tests.answering import Answering, Event
from tests.world import Person

READY_SECONDS_MAX = 60
TEA = (
    "# Tea\n\nGreen tea is brewed at 70 degrees for two minutes.\n\n"
    "# Coffee\n\nThe espresso machine is descaled on the first Monday of a month.\n"
)
QUESTION = "When is the espresso machine descaled?"
Json = dict[str, Any]


async def file_of(person: Person, text: str = TEA, name: str = "kitchen.md") -> str:
    """A file that can be searched."""
    made = await person.post("/files/text", json={"name": name, "text": text})
    assert made.status_code == 201, made.text
    file_id: str = made.json()["id"]
    async with asyncio.timeout(READY_SECONDS_MAX):
        while True:
            found: Json = (await person.get(f"/files/{file_id}")).json()
            if found["state"] in ("ready", "failed"):
                assert found["state"] == "ready", found
                return file_id
            await asyncio.sleep(0.1)


async def knowledge_of(person: Person, *file_ids: str, access: list[Json] | None = None) -> str:
    """A knowledge base with files, perhaps shared."""
    made = await person.post("/knowledge", json={"name": "House", "description": ""})
    assert made.status_code == 201, made.text
    key: str = made.json()["id"]
    added = await person.post(f"/knowledge/{key}/files", json={"file_ids": list(file_ids)})
    assert added.is_success, added.text
    if access is not None:
        shared = await person.put(f"/knowledge/{key}/access", json={"access": access})
        assert shared.is_success, shared.text
    return key


def attached(*ids: str, kind: str = "file", **more: Any) -> list[Json]:
    """Attachments as they are sent."""
    return [{"kind": kind, "id": each, **more} for each in ids]


def statuses(events: list[Event]) -> dict[str, Json]:
    """What readers were told beside the text, by kind."""
    return {each.data["kind"]: each.data for each in events if each.kind == "status"}


async def records(answering: Answering, asked: Json) -> list[Answer.RetrievalPerformed]:
    """What the log has of the retrievals of an answer."""
    events = await answering.world.services.log.history(UUID(asked["answers"][0]["id"]))
    return [each for each in events if isinstance(each, Answer.RetrievalPerformed)]
