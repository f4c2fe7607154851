"""Both answers of a battle in one stream."""

from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from pydantic_core import from_json

from domain.answers import Answer
from infrastructure.streams.entries import Entry
from interfaces.http.answers import place_of
from interfaces.http.following import bundles_of
from interfaces.http.sse import Frames, event, merged
from interfaces.services import Services

PLACES_CHARACTERS_MAX = 200
SLOTS = ("a", "b")


def places_of(last_event_id: str) -> dict[str, str]:
    """Where somebody is in both answers, by the id of the last event he has."""
    return dict(zip(SLOTS, last_event_id.split("~"), strict=False))


async def frames_of_battle(
    services: Services, answers: Mapping[str, Answer], places: dict[str, str]
) -> Frames:
    """What somebody lacks of both answers; each event has the places in both as its id."""

    async def side(slot: str) -> Frames:
        answer = answers[slot]
        place = place_of(answer, places.get(slot, ""))
        async with aclosing(bundles_of(services, answer, place)) as bundles:
            async for bundle in bundles:
                frames = []
                for entry in bundle:
                    places[slot] = entry.id
                    known = "~".join(places.get(each, "") for each in SLOTS)
                    frames.append(event("side", piece(slot, entry), known))
                yield b"".join(frames)

    async with aclosing(merged([side(each) for each in sorted(answers)])) as frames:
        async for frame in frames:
            yield frame


def piece(slot: str, entry: Entry) -> dict[str, Any]:
    """A piece of one side."""
    data = from_json(entry.data)
    if entry.kind == "delta":
        return {"slot": slot, "kind": "delta", "delta": data["text"]}
    return {"slot": slot, "kind": entry.kind, "data": data}
