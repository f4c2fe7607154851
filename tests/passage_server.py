"""A server that answers questions with passages, strict about how it is asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.plain_http import Asked, Reply, serving

KEY = "passage-key-0815"
PASSAGES: Sequence[dict[str, Any]] = (
    {
        "content": "The lighthouse of Alexandria was about a hundred metres high.",
        "meta": {"title": "Wonders", "link": "https://example.org/wonders", "page": 12},
    },
    {
        "content": "Bread is baked from flour, water and salt.",
        "meta": {"title": "Kitchen", "link": "file:///kitchen", "page": "no number"},
    },
)
FIELDS = {"text": "content", "title": "meta.title", "link": "meta.link", "page": "meta.page"}


@dataclass(slots=True)
class PassageServer:
    """What it holds, and what it was asked. `body` is answered instead of what it holds."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    body: Any = None
    status: int = 200

    def answer(self, request: Asked) -> Reply:
        if (request.method, request.path) != ("POST", "/ask"):
            return reply(404, {"error": "not found"})
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return reply(401, {"error": f"{request.headers.get('authorization')} is wrong"})
        asked = json.loads(request.body)
        is_json = request.headers.get("content-type") == "application/json"
        if not is_json or set(asked) != {"query", "k"} or not isinstance(asked["k"], int):
            return reply(422, {"error": "query and k in JSON, nothing else"})
        self.asked.append(asked)
        found = {"passages": PASSAGES[: asked["k"]]} if self.body is None else self.body
        return reply(self.status, found)


def reply(status: int, body: Any) -> Reply:
    return Reply(status, {"content-type": "application/json"}, json.dumps(body).encode())


@asynccontextmanager
async def passage_server() -> AsyncIterator[PassageServer]:
    """Such a server, for as long as it is needed."""
    server = PassageServer()
    async with serving(server.answer) as port:
        server.url = f"http://127.0.0.1:{port}/ask"
        yield server


@asynccontextmanager
async def silent_server() -> AsyncIterator[str]:
    """A server that takes questions and never says anything."""

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
