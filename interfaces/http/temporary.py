"""Answers of which nothing is kept."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Literal

from fastapi import Response
from pydantic import Field
from sse_starlette import EventSourceResponse

from application.answering.manuscript import cleaned
from application.ports import ModelFailed, Piece, Prompt, Turn
from domain.answers import Status
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, ModelId, Params, Text
from interfaces.http.sse import HEADERS, HEARTBEAT_SECONDS, MEDIA_TYPE, event
from interfaces.services import Services

router = Door("/temporary", tags=["temporary"])

TURNS_MAX = 500


class Said(Body):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: Text


class TemporaryQuestion(Body):
    """A whole conversation; the last turn is the question."""

    model: ModelId
    messages: Annotated[list[Said], Field(min_length=1, max_length=TURNS_MAX)]
    params: Annotated[Params, Field(default_factory=Params)]


@router.post(
    "/answers",
    response_class=Response,
    responses=problems() | {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
)
async def answer_temporarily(body: TemporaryQuestion, call: Call) -> Response:
    """Stream an answer to a conversation that only the caller has. It ends when he hangs up."""
    prompt = Prompt(
        body.model,
        tuple(Turn(each.role, each.content) for each in body.messages),
        {name: value for name, value in body.params.given().items() if name != "context_tokens"},
        user_id=call.actor.id,
    )
    frames = told(call.services, prompt)
    return EventSourceResponse(frames, ping=round(HEARTBEAT_SECONDS), headers=HEADERS, sep="\n")


async def told(services: Services, prompt: Prompt) -> AsyncGenerator[bytes, None]:
    """The answer in the words of our streams."""
    yield event("start", {"model": prompt.model, "attempt": 1})
    done: dict[str, object] = {"status": Status.COMPLETED.value}
    try:
        model, _ = await services.models.find(prompt.model)
        async with aclosing(model.answer(prompt)) as pieces:
            async for piece in pieces:
                if piece.kind == "usage":
                    done["usage"] = dict(piece.data)
                elif frame := frame_of(piece):
                    yield frame
    except ModelFailed as error:
        done["status"] = Status.FAILED.value
        done["error"] = {"kind": error.kind, "message": str(error)}
    yield event("done", done)


def frame_of(piece: Piece) -> bytes:
    """A piece as an event; nothing when readers need not see it."""
    if piece.kind in ("text", "reasoning"):
        kind = "delta" if piece.kind == "text" else "reasoning"
        return event(kind, {"text": cleaned(piece.text)})
    if piece.kind == "citations":
        return event("status", {"kind": "citations", "items": piece.data.get("items", [])})
    if piece.kind == "tool_call":
        return event("status", {"kind": "tool_unavailable", "name": piece.data.get("name")})
    return b""
