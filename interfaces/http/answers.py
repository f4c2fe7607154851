"""Following an answer, stopping it, and having it go on."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Response

from application.messages import ContinueAnswer, StopAnswer
from domain.answers import Answer, Status
from domain.errors import NotFound
from infrastructure.streams.entries import Place
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.following import bundles_of
from interfaces.http.message_shapes import MessageShape, shown
from interfaces.http.sse import MEDIA_TYPE, EventStream, frames_of
from interfaces.services import Services
from projections import branches
from projections.messages import messages

router = Door("/answers/{answer_id}", tags=["answers"])

PLACE_CHARACTERS_MAX = 100
LastEventId = Annotated[
    str, Header(max_length=PLACE_CHARACTERS_MAX, description="The `id` of the last event one has.")
]


async def own(services: Services, answer_id: UUID, owner: UUID) -> Answer:
    """An answer to its owner; to others it does not exist."""
    answer = await services.log.get(Answer, answer_id)
    if answer.owner != owner or answer.deleted:
        raise NotFound("answer", answer_id)
    return answer


def place_of(answer: Answer, after: str) -> Place:
    """Where a reader is who comes back; what ended before the answer was continued is no end."""
    running = answer.status == Status.RUNNING
    return Place.parse(after, stale=answer.attempt - 1 if running else answer.attempt)


@router.get(
    "/stream",
    response_class=Response,
    responses=problems("not_found")
    | {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
)
async def follow_answer(answer_id: UUID, call: Call, last_event_id: LastEventId = "") -> Response:
    """An answer while it is being written, from its start or from where one was.

    Events: `start`, `delta`, `reasoning`, `status`, `restarted` (forget the text so far), `done`.
    """
    services = call.services
    answer = await own(services, answer_id, call.actor.id)
    bundles = bundles_of(services, answer, place_of(answer, last_event_id))
    return EventStream(frames_of(bundles), call.is_still_admitted)


@router.post("/stop", status_code=202, responses=problems("not_found"))
async def stop_answer(answer_id: UUID, call: Call) -> None:
    """Stop an answer; what is written stays."""
    await call.execute(StopAnswer(answer_id))


@router.post(
    "/continue", status_code=202, responses=problems("not_found", "conflict", "projection_lagging")
)
async def continue_answer(answer_id: UUID, call: Call) -> MessageShape:
    """Have an ended answer go on in place."""
    await call.execute(ContinueAnswer(answer_id))
    async with call.services.reader.read(messages, after=call.position) as db:
        return shown(await branches.message(db, answer_id, call.actor.id))
