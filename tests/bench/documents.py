"""What measurements of documents share: a product of their own, uploads, and settings."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.bench.client import Api
from tests.bench.world import World, running
from tests.embedding_server import MODEL
from tests.product import Helper

PIECE_BYTES = 4 * 2**20
LOOK_SECONDS = 0.05
READY_SECONDS_MAX = 240.0
LIVE_SECONDS_MAX = 30.0
UPLOADS_AT_ONCE = 4
ON_THE_WAY = ("queued", "reading", "indexing")
QUIET = {"QUIRE_LOG_LEVEL": "warning"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Document:
    """A file before it is uploaded."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Shelf:
    """A product without chats, for documents alone, and what they are measured with."""

    world: World

    @property
    def api(self) -> Api:
        return self.world.api

    async def upload(self, document: Document) -> Json:
        """Bring a file in as a browser does: announced, in pieces, and ended."""
        wish = {"name": document.name, "size": len(document.content)}
        upload = await self.api.post("/api/v1/uploads", wish)
        path = f"/api/v1/uploads/{upload['id']}"
        for start in range(0, len(document.content), PIECE_BYTES):
            piece = document.content[start : start + PIECE_BYTES]
            headers = {"upload-offset": str(start)}
            (await self.api.call("PATCH", path, piece, headers=headers)).expect(200)
        file: Json = await self.api.post(f"{path}/finish", {"on_duplicate": "keep"})
        return file

    async def upload_all(self, documents: Sequence[Document]) -> list[str]:
        """Bring files in, four at a time; their ids."""
        turns = asyncio.Semaphore(UPLOADS_AT_ONCE)

        async def one(document: Document) -> str:
            async with turns:
                return str((await self.upload(document))["id"])

        return list(await asyncio.gather(*(one(each) for each in documents)))

    async def settled(self, files: int) -> None:
        """Wait until so many files are ready, and none is on its way or failed."""
        end = time.monotonic() + READY_SECONDS_MAX
        while True:
            counts = await self.api.get("/api/v1/files/counts")
            if counts["ready"] == files and not any(counts[each] for each in ON_THE_WAY):
                return
            assert not counts["failed"], counts
            assert time.monotonic() < end, counts
            await asyncio.sleep(LOOK_SECONDS)

    async def choose(self, **values: Any) -> None:
        """Choose settings for documents."""
        (await self.api.call("PATCH", "/api/v1/documents/settings", values)).expect(200)

    async def embed_with(self, server: Helper) -> None:
        """Have texts embedded by a server."""
        connection = {"kind": "openai", "base_url": f"{server.url}/v1"}
        made = await self.api.post("/api/v1/connections", connection)
        chosen = {"kind": "openai", "connection_id": made["id"], "model": MODEL}
        await self.choose(embedding=chosen)

    async def generation(self) -> Json:
        """The generation of the index that is live, as soon as one is."""
        end = time.monotonic() + LIVE_SECONDS_MAX
        while True:
            items: list[Json] = (await self.api.get("/api/v1/indexes"))["items"]
            live = [each for each in items if each["state"] == "live"]
            if live:
                return live[0]
            assert time.monotonic() < end, items
            await asyncio.sleep(LOOK_SECONDS)

    @asynccontextmanager
    async def database(self) -> AsyncIterator[psycopg.AsyncConnection[tuple[Any, ...]]]:
        """A plain connection to it."""
        url = self.world.product.database_url
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as db:
            yield db


@asynccontextmanager
async def shelf() -> AsyncIterator[Shelf]:
    """A fresh product, and its end."""
    async with running(QUIET) as world:
        yield Shelf(world)


async def asked(server: Helper) -> Json:
    """How many requests, and how many texts, an embedding server has seen."""
    api = Api(server.url)
    try:
        found: Json = await api.get("/asked")
    finally:
        api.close()
    return found
