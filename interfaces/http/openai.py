"""What programs made for OpenAI's chat completions find here: the same, for our models."""

import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json

from application.answering.manuscript import cleaned
from application.ports import ModelFailed, Piece, Prompt, Turn
from infrastructure.access import Identity
from interfaces.http.auth import TOKEN_CHARACTERS_MAX, bearer, cookie
from interfaces.http.doors import Door
from interfaces.http.sse import EventStream
from interfaces.services import Services

router = Door("/v1", root="", tags=["openai"])

PARAMS = ("temperature", "top_p", "seed", "stop", "reasoning_effort")
MODEL_STATUS = {
    "unknown_model": 404,
    "busy": 429,
    "refused": 400,
    "too_long_context": 400,
    "context": 400,
}
TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
LAST = b"data: [DONE]\n\n"


class Failed(Exception):
    """An error as these programs know it."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def body(self) -> dict[str, Any]:
        """What is sent."""
        server = "server_error" if self.status >= 500 else "invalid_request_error"  # noqa: PLR2004
        kind = TYPES.get(self.status, server)
        return {"error": {"message": str(self), "type": kind, "param": None, "code": self.code}}

    def response(self) -> Response:
        """The whole answer."""
        return JSONResponse(self.body(), self.status)


class Part(BaseModel):
    """A part of a message."""

    type: str
    text: str = ""


class Message(BaseModel):
    """One turn."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Part] | None = None

    def turn(self) -> Turn:
        """The same in our words."""
        if isinstance(self.content, list):
            if any(each.type != "text" for each in self.content):
                raise Failed(400, "Only text can be sent here.", "unsupported_content")
            text = "".join(each.text for each in self.content)
        else:
            text = self.content or ""
        return Turn("system" if self.role == "developer" else self.role, text)


class StreamOptions(BaseModel):
    """How one wants to be streamed to."""

    include_usage: bool | None = False


class Completion(BaseModel):
    """A request. What we do not know is passed over, as these programs expect."""

    model_config = ConfigDict(extra="ignore")

    model: str
    messages: Annotated[list[Message], Field(min_length=1, max_length=2_000)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = Field(None, ge=1, le=1)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    seed: int | None = None
    stop: str | list[str] | None = None
    reasoning_effort: str | None = None

    def prompt(self, who: Identity) -> Prompt:
        """The same in our words."""
        params = {name: getattr(self, name) for name in PARAMS}
        params["max_tokens"] = self.max_completion_tokens or self.max_tokens
        given = {name: value for name, value in params.items() if value is not None}
        turns = tuple(each.turn() for each in self.messages)
        return Prompt(self.model, turns, given, user_id=who.user_id)


@dataclass(slots=True)
class Told:
    """What a model told so far."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    usage: dict[str, int] | None = None
    finish: str = "stop"

    def take(self, piece: Piece) -> dict[str, str] | None:
        """Keep a piece; return what of it is told at once."""
        match piece.kind:
            case "text":
                return {"content": cleaned(piece.text)}
            case "reasoning":
                return {"reasoning_content": cleaned(piece.text)}
            case "usage":
                read = int(piece.data.get("input_tokens") or 0)
                written = int(piece.data.get("output_tokens") or 0)
                self.usage = {
                    "prompt_tokens": read,
                    "completion_tokens": written,
                    "total_tokens": read + written,
                }
            case "finish":
                reason = str(piece.data.get("reason") or "stop")
                self.finish = reason if reason in ("stop", "length", "content_filter") else "stop"
        return None

    def around(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        """The envelope of everything."""
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }

    def chunk(self, delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        """One chunk of a stream."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return data(self.around("chat.completion.chunk", [choice]))


async def who_calls(
    request: Request,
    sent: Annotated[Any, Depends(bearer)],
    kept: Annotated[str | None, Depends(cookie)],
) -> Identity | None:
    """Whose key or session came along."""
    services: Services = request.app.state.services
    token = (sent.credentials if sent else kept) or ""
    if not token or len(token) > TOKEN_CHARACTERS_MAX:
        return None
    return await services.access.who(token)


Caller = Annotated[Identity | None, Depends(who_calls)]


def admitted(caller: Identity | None) -> Identity:
    """Somebody who may ask."""
    if caller is None:
        raise Failed(401, "The API key is missing or wrong.", "invalid_api_key")
    if caller.role == "pending":
        raise Failed(403, "Your account waits for an administrator to let you in.", "pending")
    return caller


@router.get("/models", response_model=None)
async def list_all_models(request: Request, caller: Caller) -> Response:
    """Every model, as OpenAI lists its own."""
    services: Services = request.app.state.services
    try:
        admitted(caller)
    except Failed as failed:
        return failed.response()
    found = await services.models.list()
    items = [
        {"id": each.id, "object": "model", "created": 0, "owned_by": each.kind}
        for each in found.models
    ]
    return JSONResponse({"object": "list", "data": items})


@router.post("/chat/completions", response_model=None)
async def complete_chat(request: Request, caller: Caller) -> Response:
    """Answer a conversation, at once or as a stream. Nothing of it is kept."""
    services: Services = request.app.state.services
    try:
        wanted = await body_of(request)
        prompt = wanted.prompt(admitted(caller))
        pieces = await begun(services, prompt)
    except Failed as failed:
        return failed.response()
    told = Told(wanted.model)
    if wanted.stream:
        options = wanted.stream_options
        usage = bool(options and options.include_usage)
        return EventStream(streamed(told, pieces, include_usage=usage))
    try:
        return await whole(told, pieces)
    except ModelFailed as error:
        return failure(error).response()


async def body_of(request: Request) -> Completion:
    """What was sent, if it makes sense."""
    try:
        return Completion.model_validate(await request.json())
    except ValidationError as error:
        first = error.errors()[0]
        field_name = ".".join(str(each) for each in first["loc"])
        raise Failed(400, f"{field_name}: {first['msg']}", "invalid_value") from None
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise Failed(400, "The body is not JSON.", "invalid_json") from None


async def begun(services: Services, prompt: Prompt) -> AsyncGenerator[Piece, None]:
    """The answer, once its first piece is there; what fails before has a status of its own."""
    try:
        model, _ = await services.models.find(prompt.model)
        pieces = model.answer(prompt)
        first = await anext(pieces, None)
    except ModelFailed as error:
        raise failure(error) from None
    return resumed(first, pieces)


async def resumed(
    first: Piece | None, pieces: AsyncGenerator[Piece, None]
) -> AsyncGenerator[Piece, None]:
    """A first piece, and the rest."""
    async with aclosing(pieces):
        if first is not None:
            yield first
            async for piece in pieces:
                yield piece


def failure(error: ModelFailed) -> Failed:
    """What a model could not do."""
    return Failed(MODEL_STATUS.get(error.kind, 502), str(error), error.kind)


async def whole(told: Told, pieces: AsyncGenerator[Piece, None]) -> Response:
    """The answer as one document."""
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    async with aclosing(pieces) as some:
        async for piece in some:
            for name, text in (told.take(piece) or {}).items():
                message[name] = message.get(name, "") + text
    choice = {"index": 0, "message": message, "finish_reason": told.finish, "logprobs": None}
    body = told.around("chat.completion", [choice])
    if told.usage:
        body["usage"] = told.usage
    return JSONResponse(body)


async def streamed(
    told: Told, pieces: AsyncGenerator[Piece, None], *, include_usage: bool
) -> AsyncGenerator[bytes, None]:
    """The answer chunk by chunk; when the reader hangs up, the model is let go."""
    yield told.chunk({"role": "assistant", "content": ""})
    try:
        async with aclosing(pieces) as some:
            async for piece in some:
                if delta := told.take(piece):
                    yield told.chunk(delta)
    except ModelFailed as error:
        yield data(failure(error).body())
        return
    yield told.chunk({}, told.finish)
    if include_usage and told.usage:
        yield data({**told.around("chat.completion.chunk", []), "usage": told.usage})
    yield LAST


def data(body: Mapping[str, Any]) -> bytes:
    """One event without a name, as the protocol has it."""
    return b"data: %b\n\n" % to_json(body)
