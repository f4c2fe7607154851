"""Carries requests to model servers at little cost for each token.

httpx's own transport takes most of the time of a streamed answer, and its pool slows down with
the number of answers at once. This one is a protocol on the event loop with the parser our web
server uses. Behind a proxy from the environment httpx's own is used.
"""

import asyncio
import ssl
from collections import defaultdict, deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from time import monotonic
from typing import cast

import httptools
import httpx

CONNECTIONS_MAX = 4000
IDLE_MAX = 100
IDLE_SECONDS = 15.0
HEAD_BYTES_MAX = 2**18
BUFFER_BYTES_MAX = 2**18

Origin = tuple[str, str, int]


class Line(asyncio.Protocol):
    """One connection, with one request at a time."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport | None = None
        self.idle_since = 0.0
        self.lost = False
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0
        self._waiter: asyncio.Future[None] | None = None
        self._begin_response()

    def _begin_response(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.started = self.has_head = self.complete = self.keeps = False
        self.error: httpx.TransportError | None = None
        self._sized = self._paused = False
        self._head_bytes = self._buffered = 0
        self._parts: deque[bytes] = deque()
        self._parser = httptools.HttpResponseParser(self)

    # What the loop tells us.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is of another family

    def data_received(self, data: bytes) -> None:
        self.started = True
        if self.complete:  # nobody asked for more: it may not be used again
            self.close()
            return
        if not self.has_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(httpx.RemoteProtocolError("The response is not HTTP."))
        if self._head_bytes > HEAD_BYTES_MAX:
            self._fail(httpx.RemoteProtocolError("The head of the response is too large."))
        if self._buffered > BUFFER_BYTES_MAX and self.transport and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self.connection_lost(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if self.has_head and not self._sized and exc is None:
            self.complete = True  # the end of the connection is the end of the body
        if not self.complete:
            self._fail(httpx.ReadError("The connection was lost."))
        self._wake()

    # What the parser tells us.

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.has_head:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status < 200:  # noqa: PLR2004
            self.headers.clear()  # an interim response; the real one follows
            return
        self.has_head = True
        self._head_bytes = 0
        names = {name.lower() for name, _ in self.headers}
        self._sized = bool(names & {b"content-length", b"transfer-encoding"})

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)
        self._buffered += len(body)

    def on_message_complete(self) -> None:
        if self.has_head:
            self.complete = True
            self.keeps = self._parser.should_keep_alive()

    # What a request needs.

    def send(self, data: bytes) -> None:
        """Begin a request."""
        self._begin_response()
        if self.lost or self.transport is None:
            self._fail(httpx.ReadError("The connection was lost."))
        else:
            self.transport.write(data)

    async def head(self, seconds: float) -> None:
        """Wait for the head of the response."""
        while not self.has_head:
            if self.error:
                raise self.error
            await self._wait(seconds)

    async def body(self, seconds: float) -> bytes:
        """The next part of the body; empty at its end."""
        while not self._parts:
            if self.complete:
                return b""
            if self.error:
                raise self.error
            await self._wait(seconds)
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        self._buffered = 0
        if self._paused and self.transport and not self.lost:
            self._paused = False
            self.transport.resume_reading()
        return data

    def close(self) -> None:
        """End the connection at once."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self.transport:
            self.transport.abort()

    @property
    def reusable(self) -> bool:
        """Whether another request may be sent on it."""
        closing = self.transport is None or self.transport.is_closing()
        return self.complete and self.keeps and not (self._parts or self.lost or closing)

    async def _wait(self, seconds: float) -> None:
        """Wait for something to happen; one timer serves all waits of a response."""
        self._deadline = self.loop.time() + seconds
        if self._timer and self._timer.when() > self._deadline:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self.loop.call_at(self._deadline, self._late)
        self._waiter = self.loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _late(self) -> None:
        self._timer = None
        if self._waiter is None:
            return
        if self.loop.time() < self._deadline:
            self._timer = self.loop.call_at(self._deadline, self._late)
        else:
            self._fail(httpx.ReadTimeout("Nothing came in time."))
            self._wake()

    def _fail(self, error: httpx.TransportError) -> None:
        self.error = self.error or error

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)


@dataclass(slots=True)
class LeanTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 with connections that are used again."""

    tls: ssl.SSLContext = field(default_factory=httpx.create_ssl_context)
    _idle: dict[Origin, list[Line]] = field(default_factory=lambda: defaultdict(list))
    _busy: set[Line] = field(default_factory=set)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and give the response as soon as its head is there."""
        timeout = request.extensions.get("timeout", {})
        seconds = timeout.get("read") or 60.0
        origin = origin_of(request.url)
        data = head_of(request) + await request.aread()
        line = self._take_idle(origin)
        if line is not None:
            try:
                return await self._ask(line, origin, data, seconds)
            except (httpx.ReadError, httpx.RemoteProtocolError):
                if line.started:
                    raise  # otherwise the server had closed it meanwhile: take a new one
        line = await self._connect(origin, timeout.get("connect") or 5.0)
        return await self._ask(line, origin, data, seconds)

    async def aclose(self) -> None:
        """End all connections."""
        for line in (*self._busy, *(each for idle in self._idle.values() for each in idle)):
            line.close()
        self._busy.clear()
        self._idle.clear()
        await asyncio.sleep(0)

    def give_back(self, line: Line, origin: Origin) -> None:
        """Keep a connection for the next request, or end it."""
        if line not in self._busy:
            return
        self._busy.discard(line)
        idle = self._idle[origin]
        if line.reusable and len(idle) < IDLE_MAX:
            line.idle_since = monotonic()
            idle.append(line)
        else:
            line.close()

    async def _ask(self, line: Line, origin: Origin, data: bytes, seconds: float) -> httpx.Response:
        self._busy.add(line)
        try:
            line.send(data)
            await line.head(seconds)
        except BaseException:
            self._busy.discard(line)
            line.close()
            raise
        return httpx.Response(
            line.status, headers=line.headers, stream=Body(self, line, origin, seconds)
        )

    def _take_idle(self, origin: Origin) -> Line | None:
        """The connection that was used last; older ones are ended when they are too old."""
        idle = self._idle[origin]
        now = monotonic()
        while idle and (idle[0].lost or now - idle[0].idle_since > IDLE_SECONDS):
            idle.pop(0).close()
        while idle:
            line = idle.pop()
            if line.reusable:
                return line
            line.close()
        return None

    async def _connect(self, origin: Origin, seconds: float) -> Line:
        scheme, host, port = origin
        if len(self._busy) >= CONNECTIONS_MAX:
            raise httpx.PoolTimeout("Too many requests at once.")
        tls = self.tls if scheme == "https" else None
        try:
            async with asyncio.timeout(seconds):
                _, line = await asyncio.get_running_loop().create_connection(
                    Line, host, port, ssl=tls, server_hostname=host if tls else None
                )
        except TimeoutError:
            raise httpx.ConnectTimeout("No connection in time.") from None
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(str(error)) from None
        return line


@dataclass(slots=True)
class Body(httpx.AsyncByteStream):
    """The body of one response."""

    pool: LeanTransport
    line: Line
    origin: Origin
    seconds: float

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        while data := await self.line.body(self.seconds):
            yield data

    async def aclose(self) -> None:
        """Give the connection back; an unread rest ends it."""
        self.pool.give_back(self.line, self.origin)


def origin_of(url: httpx.URL) -> Origin:
    """Where a connection leads."""
    return (
        url.scheme,
        url.raw_host.decode("ascii"),
        url.port or (443 if url.scheme == "https" else 80),
    )


def head_of(request: httpx.Request) -> bytes:
    """The head of a request as bytes; nothing in it may end a line early."""
    lines = [request.method.encode() + b" " + request.url.raw_path + b" HTTP/1.1"]
    lines += [name + b": " + value for name, value in request.headers.raw]
    if any(mark in line for line in lines for mark in (b"\r", b"\n", b"\0")):
        raise httpx.LocalProtocolError("A header holds a line end.")
    return b"\r\n".join((*lines, b"", b""))
