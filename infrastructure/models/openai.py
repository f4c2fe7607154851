"""Models behind the chat completions protocol that most servers speak."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx

from application.ports import Piece, Prompt
from infrastructure.models import refusals
from infrastructure.models.http import Server
from infrastructure.models.listed import Listed, checked_models
from infrastructure.models.reading import Pieces, Reading, stream
from infrastructure.models.sse import Events

PARAMS = ("temperature", "top_p", "max_tokens", "seed", "stop", "reasoning_effort")
STREAM_TYPES = ("text/event-stream", "")
JSON_TYPE = "application/json"
CONTEXT_FIELDS = ("context_length", "max_model_len", "context_window", "max_context_length")


@dataclass(frozen=True, slots=True)
class OpenAIModel:
    """One model of an OpenAI-compatible server."""

    server: Server
    name: str

    @property
    def continues_prefix(self) -> bool:
        """The protocol has no way to go on within a turn."""
        return False

    async def answer(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Ask, and give the answer piece by piece."""
        response = await self.server.post(
            "/chat/completions", lambda: self._body(prompt), self._learn
        )
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        reading = Completion(self.server)
        if kind == JSON_TYPE:
            answer = document(response, reading)
        elif kind in STREAM_TYPES:
            answer = stream(response, Events(self.server.limits.event_bytes_max), reading)
        else:
            await response.aclose()
            raise refusals.malformed(self.server.host)
        async with aclosing(answer) as pieces:
            async for piece in pieces:
                yield piece

    def _body(self, prompt: Prompt) -> Mapping[str, Any]:
        body: dict[str, Any] = {
            "model": self.name,
            "messages": [
                {"role": turn.role, "content": turn.content.encode("utf-8", "replace").decode()}
                for turn in prompt.turns
            ],
            "stream": True,
        }
        if "stream_options" not in self.server.quirks:
            body["stream_options"] = {"include_usage": True}
        for name in PARAMS:
            if prompt.params.get(name) is not None:
                body[self._param(name)] = prompt.params[name]
        return body

    def _param(self, name: str) -> str:
        newer = f"max_completion_tokens:{self.name}" in self.server.quirks
        return "max_completion_tokens" if name == "max_tokens" and newer else name

    def _learn(self, text: str) -> bool:
        """Old servers refuse `stream_options`, new ones `max_tokens`; each says so once."""
        if "stream_options" in text:
            quirk = "stream_options"
        elif "max_completion_tokens" in text:
            quirk = f"max_completion_tokens:{self.name}"
        else:
            return False
        known = quirk in self.server.quirks
        self.server.quirks.add(quirk)
        return not known


@dataclass(slots=True)
class Completion(Reading):
    """Takes chunks and whole completions apart."""

    def take(self, event: bytes) -> Pieces:
        """The pieces in one chunk."""
        if event == b"[DONE]":
            self.ended = True
            return ()
        found = self.document(event)
        if usage := found.get("usage"):
            self._usage(usage)
        choices = found.get("choices")
        if not choices:
            if "choices" not in found and "message" in found and "usage" not in found:
                raise self.server_error(found)
            return ()
        try:
            return self._choice(choices[0])
        except (TypeError, AttributeError, KeyError, IndexError):
            raise refusals.malformed(self.server.host) from None

    def _choice(self, choice: Mapping[str, Any]) -> Pieces:
        if finish := choice.get("finish_reason"):
            self.finish = str(finish)[:40]
        delta = choice.get("delta") or choice.get("message")
        if not delta:
            return ()
        pieces: Pieces = ()
        thought = delta.get("reasoning_content") or delta.get("reasoning") or delta.get("thinking")
        if thought:
            pieces = self.reasoning(thought)
        if content := delta.get("content") or delta.get("refusal"):
            pieces = (*pieces, *self._content(content))
        if calls := delta.get("tool_calls"):
            self._tool_calls(calls)
        return pieces

    def _content(self, content: str | list[Mapping[str, Any]]) -> Pieces:
        if isinstance(content, str):
            return self.text(content)
        pieces: list[Piece] = []
        for part in content:
            if part["type"] == "text":
                pieces += self.text(part["text"])
            elif part["type"] == "thinking":
                thought = part["thinking"]
                parts = (
                    [thought] if isinstance(thought, str) else [each["text"] for each in thought]
                )
                pieces += self.reasoning("".join(parts))
        return pieces

    def _tool_calls(self, calls: list[Mapping[str, Any]]) -> None:
        for place, call in enumerate(calls):
            index = call.get("index")
            if index is None:  # some servers leave it out: a new id is a new call
                new = bool(call.get("id")) or not self.calls
                index = self.calls if new else max(self.calls - 1, place)
            function = call.get("function") or {}
            self.tool_call(
                int(index), call.get("id"), function.get("name"), function.get("arguments")
            )

    def _usage(self, usage: object) -> None:
        if not isinstance(usage, dict):
            return
        self.count("input_tokens", usage.get("prompt_tokens"))
        self.count("output_tokens", usage.get("completion_tokens"))
        for name, group, detail in (
            ("cached_tokens", "prompt_tokens_details", "cached_tokens"),
            ("reasoning_tokens", "completion_tokens_details", "reasoning_tokens"),
        ):
            details = usage.get(group)
            if isinstance(details, dict):
                self.count(name, details.get(detail))


async def document(response: httpx.Response, reading: Reading) -> AsyncGenerator[Piece, None]:
    """The answer of a server that does not stream."""
    server = reading.server
    async with aclosing(response):
        try:
            body = await server.read(response, server.limits.event_bytes_max)
        except httpx.HTTPError as error:
            raise server.failure(error) from None
    for piece in reading.take(body):
        yield piece
    for piece in reading.held():
        yield piece
    for piece in reading.end():
        yield piece


async def list_models(server: Server, seconds: float) -> tuple[Listed, ...]:
    """All models a server offers."""
    found = await server.get("/models", seconds)
    items = found.get("data") if isinstance(found, dict) else found
    if not isinstance(items, list):
        raise refusals.malformed(server.host)
    return checked_models(
        (each.get("id"), each.get("name"), context_tokens(each))
        for each in items
        if isinstance(each, dict)
    )


def context_tokens(item: Mapping[str, Any]) -> int | None:
    """How much a model can read at once, in the field its server happens to use."""
    meta = item.get("meta")
    trained = meta.get("n_ctx_train") if isinstance(meta, dict) else None
    sizes = (*(item.get(name) for name in CONTEXT_FIELDS), trained)
    return next((size for size in sizes if isinstance(size, int) and size > 0), None)
