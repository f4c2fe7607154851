"""Answers of which nothing is kept."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Literal

from fastapi import Response
from pydantic import Field, StrictBool
from sse_starlette import EventSourceResponse

from application.answering.context import Said as Turned
from application.answering.manuscript import cleaned
from application.answering.temporary import Conversation, Note, Temporary
from application.ports import ModelFailed, Piece
from application.retrieval.scope import attached_of
from domain.answers import Status
from domain.messages import Sources
from interfaces.http.attachments import NewAttachments, checked
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, ModelId, Params, Text
from interfaces.http.sse import HEADERS, HEARTBEAT_SECONDS, MEDIA_TYPE, event

router = Door("/temporary", tags=["temporary"])

TURNS_MAX = 500


class Said(Body):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: Text


class TemporaryQuestion(Body):
    """A whole conversation; the last turn is the question.

    The answer may look into what is attached, and on the web if `web_search` says so.
    """

    model: ModelId
    messages: Annotated[list[Said], Field(min_length=1, max_length=TURNS_MAX)]
    params: Annotated[Params, Field(default_factory=Params)]
    attachments: NewAttachments = Field(default_factory=list)
    web_search: StrictBool = False


@router.post(
    "/answers",
    response_class=Response,
    responses=problems("not_found", "projection_lagging")
    | {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
)
async def answer_temporarily(body: TemporaryQuestion, call: Call) -> Response:
    """Stream an answer to a conversation that only the caller has. It ends when he hangs up."""
    about, _ = await checked(call, body.attachments)
    conversation = Conversation(
        owner=call.actor.id,
        model=body.model,
        said=[Turned(each.role, each.content) for each in body.messages],
        params=body.params.given(),
        attached=attached_of(Sources(about, body.web_search)),
    )
    temporary = Temporary(call.services.models, call.services.shelves, conversation)
    frames = told(temporary, body.model)
    return EventSourceResponse(frames, ping=round(HEARTBEAT_SECONDS), headers=HEADERS, sep="\n")


async def told(temporary: Temporary, model: str) -> AsyncGenerator[bytes, None]:
    """The answer in the words of our streams."""
    yield event("start", {"model": model, "attempt": 1})
    done: dict[str, object] = {"status": Status.COMPLETED.value}
    try:
        async with aclosing(temporary.pieces()) as pieces:
            async for piece in pieces:
                if isinstance(piece, Note):
                    yield event("status", {"kind": piece.kind, **piece.data})
                elif piece.kind == "usage":
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
