"""Models of an Ollama server, by its own protocol: lines of JSON."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from application.ports import Piece, Prompt
from infrastructure.models import refusals
from infrastructure.models.http import Server
from infrastructure.models.listed import Listed, checked_models
from infrastructure.models.reading import Pieces, Reading, stream
from infrastructure.models.sse import Lines

OPTIONS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "num_predict",
    "seed": "seed",
    "stop": "stop",
    "context_tokens": "num_ctx",
}
STREAM_TYPES = ("application/x-ndjson", "application/json", "")
EFFORTS = {"none": False, "minimal": False}


@dataclass(frozen=True, slots=True)
class OllamaModel:
    """One model of an Ollama server."""

    server: Server
    name: str

    @property
    def continues_prefix(self) -> bool:
        """A last turn of the model's own is continued."""
        return True

    async def answer(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Ask, and give the answer piece by piece."""
        response = await self.server.post("/api/chat", lambda: self._body(prompt), self._learn)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in STREAM_TYPES:
            await response.aclose()
            raise refusals.malformed(self.server.host)
        lines = Lines(self.server.limits.event_bytes_max)
        async with aclosing(stream(response, lines, ChatLines(self.server))) as pieces:
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
        params = prompt.params
        options = {
            theirs: params[ours] for ours, theirs in OPTIONS.items() if params.get(ours) is not None
        }
        if isinstance(options.get("stop"), str):
            options["stop"] = [options["stop"]]
        if options:
            body["options"] = options
        effort = params.get("reasoning_effort")
        if effort and f"think:{self.name}" not in self.server.quirks:
            plain = f"effort:{self.name}" in self.server.quirks
            body["think"] = EFFORTS.get(effort, True if plain else effort)
        return body

    def _learn(self, text: str) -> bool:
        """Some models think a little or a lot, some just think, some do not."""
        if "think" not in text:
            return False
        quirk = "think" if "does not support thinking" in text else "effort"
        known = f"{quirk}:{self.name}" in self.server.quirks
        self.server.quirks.add(f"{quirk}:{self.name}")
        return not known


@dataclass(slots=True)
class ChatLines(Reading):
    """Takes the lines of a chat apart."""

    def take(self, event: bytes) -> Pieces:
        """The pieces in one line."""
        if not event.strip():
            return ()
        found = self.document(event)
        pieces: Pieces = ()
        try:
            if message := found.get("message"):
                pieces = self._message(message)
        except (TypeError, AttributeError, KeyError):
            raise refusals.malformed(self.server.host) from None
        if found.get("done"):
            self.ended = True
            self.finish = str(found.get("done_reason") or "stop")[:40]
            self.count("input_tokens", found.get("prompt_eval_count"))
            self.count("output_tokens", found.get("eval_count"))
        return pieces

    def _message(self, message: Mapping[str, Any]) -> Pieces:
        pieces: Pieces = ()
        if thought := message.get("thinking"):
            pieces = self.reasoning(thought)
        if content := message.get("content"):
            pieces = (*pieces, *self.text(content))
        for call in message.get("tool_calls") or ():
            function = call["function"]
            self.tool_call(self.calls, call.get("id"), function["name"], function.get("arguments"))
        return pieces


async def list_models(server: Server, seconds: float) -> tuple[Listed, ...]:
    """All models that are installed there."""
    found = await server.get("/api/tags", seconds)
    items = found.get("models") if isinstance(found, dict) else None
    if not isinstance(items, list):
        raise refusals.malformed(server.host)
    names = [each.get("name") or each.get("model") for each in items if isinstance(each, dict)]
    return checked_models((name, name, None) for name in names)
