"""One stream of all that changes for a person, and of the answers he looks at."""

import asyncio
from contextlib import aclosing
from typing import Annotated
from uuid import UUID

from fastapi import Header, Query, Request, Response

from domain.answers import Answer
from domain.errors import NotFound
from infrastructure.changes import Watch
from infrastructure.streams.entries import Entry
from interfaces.http.answers import own, place_of
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.following import bundles_of
from interfaces.http.sse import MEDIA_TYPE, EventStream, Frames, event, merged
from interfaces.services import Services

router = Door(tags=["feed"])

LOOK_SECONDS = 5.0
ANSWERS_MAX = 64
ANSWERS_CHARACTERS_MAX = 10_000
POSITION_MAX = 2**63 - 1

After = Annotated[int | None, Query(ge=0, le=POSITION_MAX, description="Begin after a position.")]
Answers = Annotated[
    str,
    Query(
        max_length=ANSWERS_CHARACTERS_MAX,
        description="Answers to follow: `<id>~<last piece id>,...`",
    ),
]


@router.get(
    "/feed",
    response_class=Response,
    responses=problems() | {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
)
async def follow_changes(
    call: Call,
    request: Request,
    after: After = None,
    answers: Answers = "",
    last_event_id: Annotated[str, Header(max_length=30)] = "",
) -> Response:
    """What changes for me (`change`), and the pieces of answers (`piece`).

    A change holds only ids; ask for what it is about with `Read-After` of its position.
    """
    services = call.services
    if last_event_id.isascii() and last_event_id.isdigit():
        after = int(last_event_id)
    followed = await followed_by(services, call.actor.id, answers)
    watch = await services.changes.join(call.actor.id, after)
    draining: asyncio.Event = request.app.state.draining
    frames = feed(services, watch, followed, draining)
    return EventStream(frames, call.is_still_admitted)


async def followed_by(services: Services, owner: UUID, answers: str) -> list[tuple[Answer, str]]:
    """The answers that are named, with the places in them; foreign ones are passed over."""
    found = []
    for each in answers.split(",")[:ANSWERS_MAX]:
        key, _, place = each.partition("~")
        try:
            found.append((await own(services, UUID(key), owner), place))
        except (ValueError, NotFound):
            continue
    return found


async def feed(
    services: Services, watch: Watch, followed: list[tuple[Answer, str]], end: asyncio.Event
) -> Frames:
    """Changes and pieces, as they come."""
    try:
        yield event("hello", {"position": watch.position}, str(watch.position))
        sources = [changes(watch)]
        sources += [pieces(services, answer, place) for answer, place in followed]
        async with aclosing(merged(sources, end)) as frames:
            async for frame in frames:
                yield frame
        yield event("status", {"kind": "reconnect"})
    finally:
        watch.leave()


async def changes(watch: Watch) -> Frames:
    """What changes, for as long as somebody listens."""
    while True:
        yield b"".join(await watch.next(LOOK_SECONDS))


async def pieces(services: Services, answer: Answer, place: str) -> Frames:
    """The pieces of one answer."""
    found = bundles_of(services, answer, place_of(answer, place))
    async with aclosing(found) as bundles:
        async for bundle in bundles:
            yield b"".join([piece(answer.id, entry) for entry in bundle])


def piece(answer_id: UUID, entry: Entry) -> bytes:
    """A piece of an answer among changes; without an id, so that the feed keeps its own."""
    head = (
        f'event: piece\ndata: {{"answer_id":"{answer_id}","id":"{entry.id}",'
        f'"kind":"{entry.kind}","data":'
    )
    return b"%b%b}\n\n" % (head.encode(), entry.data)
