"""A model server for tests: real HTTP on loopback, strict about every request.

It speaks the chat completions protocol below /v1 and Ollama's below /api. How it answers is
chosen by the model's name: see upstream_behaviours.py. `async with upstream() as server` starts
one of its own; `python -m tests.upstream PORT` has one at a port, with its models listed.
"""

import asyncio
import json
import struct
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from socket import SO_LINGER, SOL_SOCKET
from ssl import SSLContext

from tests.upstream_behaviours import BEHAVIOURS
from tests.upstream_call import Call, Reset, State, mistakes


@dataclass(slots=True)
class Upstream(State):
    """The server itself."""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/v1"

    @property
    def ollama_url(self) -> str:
        return f"http://{self.host}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        self.connections += 1
        try:
            while call := await self.receive(reader, writer):
                await self.answer(call)
        except Reset:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, linger)
            writer.transport.abort()
        except (ConnectionError, asyncio.IncompleteReadError):
            self.gone.set()
        finally:
            self.writers.discard(writer)
            writer.close()
            if writer.get_extra_info("sslcontext"):  # no long farewell
                writer.transport.abort()

    async def receive(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Call | None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            method, path, _ = head[0].split(" ")
            pairs = (line.split(": ", 1) for line in head[1:] if line)
            headers = {name.lower(): value for name, value in pairs}
            content = await reader.readexactly(int(headers.get("content-length", "0")))
            body = None
            if content:
                with suppress(ValueError):
                    body = json.loads(content)
            return Call(self, method, path, headers, body, reader, writer)
        return None

    async def answer(self, call: Call) -> None:
        if self.key and call.headers.get("authorization") != f"Bearer {self.key}":
            await call.error(401, f"Incorrect API key provided: {self.key[:8]}***. Look it up.")
        elif (call.method, call.path) in {("GET", "/v1/models"), ("GET", "/api/tags")}:
            await self.models(call)
        elif (call.method, call.path) in {("POST", "/v1/chat/completions"), ("POST", "/api/chat")}:
            await self.chat(call)
        else:
            await call.error(404, f"Unknown path {call.path}")

    async def models(self, call: Call) -> None:
        self.listed += 1
        await asyncio.sleep(self.listing_delay)
        names = list(BEHAVIOURS) if self.listing is None else self.listing
        if call.ollama:
            await call.whole({"models": [{"name": name, "model": name} for name in names]})
        else:
            items = [{"id": name, "object": "model", "max_model_len": 8192} for name in names]
            await call.whole({"object": "list", "data": items})

    async def chat(self, call: Call) -> None:
        self.asked.append(call.body)
        wrong = next(mistakes(call, self.refused_fields), None)
        if wrong:
            await call.error(400, wrong)
        elif call.body["model"] not in BEHAVIOURS:
            await call.error(404, f"model '{call.body['model']}' not found")
        else:
            self.open += 1
            try:
                await BEHAVIOURS[call.body["model"]](call)
            finally:
                self.open -= 1


@asynccontextmanager
async def upstream(
    key: str | None = None,
    *,
    port: int = 0,
    refused_fields: tuple[str, ...] = (),
    tls: SSLContext | None = None,
) -> AsyncGenerator[Upstream, None]:
    """A server of its own, for as long as it is needed."""
    state = Upstream(key, refused_fields)
    server = await asyncio.start_server(state.serve, "127.0.0.1", port, limit=2**26, ssl=tls)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        state.release.set()
        for writer in tuple(state.writers):
            writer.transport.abort()
        await asyncio.sleep(0.01)


async def stay(port: int) -> None:
    """Serve until somebody ends the process."""
    async with upstream(port=port) as server:
        sys.stdout.write(f"{server.url}\n")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(stay(int(sys.argv[1])))
