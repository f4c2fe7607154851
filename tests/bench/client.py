"""A cheap HTTP/1.1 client for measuring: it must not cost more than what it measures."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import httptools

CONNECT_SECONDS_MAX = 30.0


class Event(NamedTuple):
    """One server-sent event as it came."""

    id: str
    kind: str
    data: bytes


Sink = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def expect(self, *statuses: int) -> Any:
        """The JSON of an answer that must have one of these statuses."""
        if self.status not in statuses:
            raise AssertionError(f"{self.status}: {self.body[:500]!r}")
        return json.loads(self.body) if self.body else None


class Events:
    """Cuts a body into events."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._rest = b""

    def feed(self, data: bytes) -> None:
        rest = self._rest + data
        if b"\r" in rest:
            rest = rest.replace(b"\r\n", b"\n")
        *blocks, self._rest = rest.split(b"\n\n")
        for block in blocks:
            self._tell(block)

    def _tell(self, block: bytes) -> None:
        key = kind = ""
        data: list[bytes] = []
        for line in block.split(b"\n"):
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
            elif line.startswith(b"event:"):
                kind = line[6:].strip().decode()
            elif line.startswith(b"id:"):
                key = line[3:].strip().decode()
        if data:
            self._sink(Event(key, kind or "message", b"\n".join(data)))


class Line(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self) -> None:
        self.dead = False
        self._transport: asyncio.Transport | None = None
        self._parser: Any = None
        self._waiting: asyncio.Future[Reply] | None = None
        self._sink: Sink | None = None
        self._events: Events | None = None
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []

    async def ask(self, request: bytes, sink: Sink | None = None) -> Reply:
        """Send a request and wait for the end of its answer; events go to the sink."""
        assert self._transport is not None
        self._parser = httptools.HttpResponseParser(self)
        self._sink, self._events = sink, None
        self._headers, self._body = {}, []
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._waiting
        finally:
            if not self._waiting.done() or self._waiting.cancelled():
                self.close()
            self._waiting = None

    def close(self) -> None:
        self.dead = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(error)
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode()

    def on_headers_complete(self) -> None:
        if self._sink and "event-stream" in self._headers.get("content-type", ""):
            self._events = Events(self._sink)

    def on_body(self, body: bytes) -> None:
        if self._events is not None:
            self._events.feed(body)
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        waiting = self._waiting
        if self._headers.get("connection", "").lower() == "close":
            self.dead = True
        if waiting is not None and not waiting.done():
            status = self._parser.get_status_code()
            waiting.set_result(Reply(status, self._headers, b"".join(self._body)))

    def _fail(self, reason: Exception | None) -> None:
        self.dead = True
        waiting = self._waiting
        if waiting is not None and not waiting.done():
            waiting.set_exception(ConnectionError(f"The line broke: {reason or 'end'}"))


@dataclass(slots=True)
class Api:
    """A server one can ask; lines are kept and used again."""

    url: str
    token: str = ""
    idle: list[Line] = field(default_factory=list)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        sink: Sink | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request. A line that breaks raises ConnectionError."""
        request = self.request(method, path, body, headers or {})
        line = await self._line()
        reply = await line.ask(request, sink)
        if not line.dead:
            self.idle.append(line)
        return reply

    async def get(self, path: str) -> Any:
        return (await self.call("GET", path)).expect(200)

    async def post(self, path: str, body: Any = None) -> Any:
        return (await self.call("POST", path, body)).expect(200, 201, 202, 204)

    def request(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> bytes:
        """The bytes of a request."""
        lines = [f"{method} {path} HTTP/1.1", f"host: {urlsplit(self.url).netloc}"]
        payload = b""
        if isinstance(body, bytes):
            payload = body
            lines += ["content-type: application/octet-stream"]
        elif body is not None:
            payload = json.dumps(body).encode()
            lines += ["content-type: application/json"]
        if method != "GET":
            lines += [f"content-length: {len(payload)}"]
        if self.token:
            lines += [f"authorization: Bearer {self.token}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + payload

    def close(self) -> None:
        while self.idle:
            self.idle.pop().close()

    async def _line(self) -> Line:
        while self.idle:
            line = self.idle.pop()
            if not line.dead:
                return line
        place = urlsplit(self.url)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_SECONDS_MAX):
            _, line = await loop.create_connection(Line, place.hostname or "", place.port or 80)
        return line
