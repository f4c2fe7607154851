"""What tests of the arena share: a pool of models, and a whole battle."""

from typing import Any

from tests.answering import Answering, Event
from tests.world import Json, Person

BATTLES = "/arena/battles"


async def settle_models(answering: Answering, *models: str) -> Person:
    """The administrator, in a house with these models alone."""
    answering.server.listing = models
    return await answering.world.admin()


async def started(person: Person, prompt: str = "Why is the sky blue?", **more: Any) -> Json:
    """A battle that begins."""
    response = await person.post(BATTLES, json={"prompt": prompt, **more})
    assert response.status_code == 201, response.text
    battle: Json = response.json()
    return battle


async def followed(
    answering: Answering, person: Person, battle: Json, after: str = ""
) -> list[Event]:
    """All that both sides tell."""
    path = f"{BATTLES}/{battle['battle_id']}/stream"
    events = [each async for each in answering.events(person, path, after)]
    assert {each.kind for each in events} <= {"side"}
    await answering.world.settle()
    return events


async def fought(answering: Answering, person: Person, prompt: str = "Why?") -> Json:
    """A battle that is over."""
    battle = await started(person, prompt)
    await followed(answering, person, battle)
    return battle


def words_of(events: list[Event], slot: str) -> str:
    """What one side said."""
    text = ""
    for each in events:
        if each.data["slot"] == slot:
            text = "" if each.data["kind"] == "restarted" else text + each.data.get("delta", "")
    return text


async def shape_of(person: Person, battle: Json) -> Json:
    """A battle as it is read."""
    found: Json = (await person.get(f"{BATTLES}/{battle['battle_id']}")).json()
    return found
