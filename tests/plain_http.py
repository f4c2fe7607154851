"""A small HTTP server for doubles: whole requests in, whole replies out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@asynccontextmanager
async def serving(reply: Callable[[Asked], Reply]) -> AsyncIterator[int]:
    """Answer at a free port of loopback, one request for each connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ")
            pairs = (line.split(":", 1) for line in head[1:] if line)
            headers = {name.lower(): value.strip() for name, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            parts = urlsplit(target)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            found = reply(Asked(method, unquote(parts.path), query, headers, body))
            lines = [f"HTTP/1.1 {found.status} .", f"content-length: {len(found.body)}"]
            lines += [f"{name}: {value}" for name, value in found.headers.items()]
            writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode() + found.body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
