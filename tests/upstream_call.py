"""One request to the model server for tests, and what the server has seen."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

KEY = "sk-test-0123456789"
WORDS = ("Hello", " wörld", " 🌍", ", this", " is", " an", " answer", ".")
TEXT = "".join(WORDS)
USAGE = {"prompt_tokens": 7, "completion_tokens": 8, "total_tokens": 15}
NUMBER = (int, float)
FIELDS: dict[str, Any] = {
    "model": str, "messages": list, "stream": bool, "stream_options": dict, "temperature": NUMBER,
    "top_p": NUMBER, "max_tokens": int, "max_completion_tokens": int, "seed": int,
    "stop": (str, list), "reasoning_effort": str,
}  # fmt: skip
OLLAMA_FIELDS: dict[str, Any] = {
    "model": str, "messages": list, "stream": bool, "options": dict, "think": (bool, str),
}  # fmt: skip
OPTIONS: dict[str, Any] = {
    "temperature": NUMBER, "top_p": NUMBER, "num_predict": int, "seed": int, "stop": list,
    "num_ctx": int,
}  # fmt: skip
REASONS = {200: "OK", 307: "Temporary Redirect", 400: "Bad Request", 401: "Unauthorized"}
EVENT_STREAM, NDJSON, JSON = "text/event-stream", "application/x-ndjson", "application/json"


class Reset(Exception):
    """The line is to break now."""


@dataclass(slots=True)
class State:
    """What the server saw, and what tests may change while it runs."""

    key: str | None = None
    refused_fields: tuple[str, ...] = ()
    listing: tuple[str, ...] | None = None  # None: all behaviours
    listing_delay: float = 0.0
    port: int = 0
    asked: list[Any] = field(default_factory=list)  # bodies of chats
    listed: int = 0
    connections: int = 0
    open: int = 0  # answers being written
    begun: asyncio.Event = field(default_factory=asyncio.Event)  # the first words are out
    gone: asyncio.Event = field(default_factory=asyncio.Event)  # a reader left in the middle
    release: asyncio.Event = field(default_factory=asyncio.Event)
    counts: dict[str, int] = field(default_factory=dict)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def count(self, name: str) -> int:
        """How often this was asked, this time included."""
        self.counts[name] = self.counts.get(name, 0) + 1
        return self.counts[name]


@dataclass(slots=True)
class Call:
    """One request, and the means to answer it."""

    server: State
    method: str
    path: str
    headers: dict[str, str]
    body: Any
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def ollama(self) -> bool:
        return self.path.startswith("/api/")

    async def raw(self, data: bytes) -> None:
        """Send bytes of the body as one HTTP chunk."""
        self.writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        await self.writer.drain()

    async def begin(self, kind: str = "") -> None:
        kind = kind or (NDJSON if self.ollama else EVENT_STREAM)
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n"
        self.writer.write(head.encode())
        await self.writer.drain()

    async def event(self, data: Any) -> None:
        text = json.dumps(data, ensure_ascii=False)
        await self.raw(f"{text}\n".encode() if self.ollama else f"data: {text}\n\n".encode())

    async def delta(self, finish: str | None = None, **delta: Any) -> None:
        if self.ollama:
            await self.event(
                {"message": {"role": "assistant", "content": "", **delta}, "done": False}
            )
            return
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        await self.event({"object": "chat.completion.chunk", "choices": [choice]})

    async def words(self, *words: str) -> None:
        for word in words:
            await self.delta(content=word)

    async def wait(self) -> None:
        """Wait for the test to go on, or for the reader to leave."""
        left = asyncio.create_task(self.reader.read(1))
        release = asyncio.create_task(self.server.release.wait())
        await asyncio.wait([left, release], return_when=asyncio.FIRST_COMPLETED)
        release.cancel()
        if left.done():
            raise ConnectionResetError
        left.cancel()
        await asyncio.wait([left])

    async def finish(self, reason: str = "stop") -> None:
        """Say why the answer ends, the usage if wanted, and end the body."""
        if self.ollama:
            counts = {"prompt_eval_count": 7, "eval_count": 8}
            message = {"role": "assistant", "content": ""}
            await self.event({"message": message, "done": True, "done_reason": reason, **counts})
        else:
            await self.delta(reason)
            if (self.body.get("stream_options") or {}).get("include_usage"):
                await self.event({"choices": [], "usage": USAGE})
            await self.raw(b"data: [DONE]\n\n")
        await self.end()

    async def end(self) -> None:
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()

    async def whole(self, data: Any, status: int = 200, *headers: str) -> None:
        """Send a complete response; a dict or list as JSON."""
        kind = "text/html" if isinstance(data, str) else JSON
        body = data.encode() if isinstance(data, str) else json.dumps(data).encode()
        lines = (
            f"HTTP/1.1 {status} {REASONS.get(status, 'Other')}",
            f"content-type: {kind}",
            f"content-length: {len(body)}",
            *headers,
        )
        self.writer.write("\r\n".join((*lines, "", "")).encode() + body)
        await self.writer.drain()

    async def error(self, status: int, message: str, *headers: str) -> None:
        inner = message if self.ollama else {"message": message, "type": "error"}
        await self.whole({"error": inner}, status, *headers)


def mistakes(call: Call, refused: tuple[str, ...]) -> Iterator[str]:
    """Everything a strict server would not take."""
    body, fields = call.body, OLLAMA_FIELDS if call.ollama else FIELDS
    if call.headers.get("content-type") != JSON or not isinstance(body, dict):
        yield "The body must be a JSON object."
        return
    yield from (f"Unknown field: {name}" for name in body if name in refused)
    yield from wrong(body, fields)
    yield from wrong(body.get("options", {}), OPTIONS)
    if not isinstance(body.get("model"), str) or not body.get("messages"):
        yield "model and messages are required."
    for message in body.get("messages", []):
        yield from wrong(message, {"role": str, "content": str})
        if message.get("role") not in {"system", "user", "assistant"}:
            yield f"Unknown role: {message.get('role')}"


def wrong(found: dict[str, Any], fields: dict[str, Any]) -> Iterator[str]:
    """Fields that are unknown or of a wrong type."""
    for name, value in found.items():
        truth = isinstance(value, bool) and fields.get(name) in {int, NUMBER}
        if not isinstance(value, fields.get(name, ())) or truth:
            yield f"Unknown field or wrong type: {name}"
