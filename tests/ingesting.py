"""The product with a worker that reads and indexes: what tests of documents share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from application.documents.ports import Embedder, Purpose, Vectors
from application.documents.settings import Embedding
from infrastructure.documents.indexes import Index, Indexes
from infrastructure.documents.verifying import Verified, Verifying
from infrastructure.settings import Settings
from interfaces.cli.worker import work
from tests.answering import Worker
from tests.world import Person, World, open_world

SECONDS_MAX = 60.0
Json = dict[str, Any]


def story(paragraphs: int, word: str = "sea") -> str:
    """A text of many passages, each of which says something of its own."""
    return "\n\n".join(
        f"## Day {n}\n\n" + f"On day {n} the {word} was number {n * 7919 % 1000}. " * 12
        for n in range(paragraphs)
    )


@dataclass(slots=True)
class Ingesting:
    """The product and its workers."""

    world: World
    workers: list[Worker] = field(default_factory=list)

    @property
    def indexes(self) -> Indexes:
        return Indexes(self.world.services.lines)

    def start_worker(self) -> Worker:
        stop = asyncio.Event()
        worker = Worker(asyncio.create_task(work(self.world.services, stop)), stop)
        self.workers.append(worker)
        return worker

    async def write(self, person: Person, text: str, name: str = "story.md") -> Json:
        response = await person.post("/files/text", json={"name": name, "text": text})
        assert response.status_code == 201, response.text
        found: Json = response.json()
        return found

    async def until(self, person: Person, file: Json, *states: str) -> Json:
        """The file, as soon as it is in one of these states."""
        async with asyncio.timeout(SECONDS_MAX):
            while True:
                found: Json = (await person.get(f"/files/{file['id']}")).json()
                if found["state"] in states:
                    return found
                await asyncio.sleep(0.02)

    async def ready(self, person: Person, file: Json) -> Json:
        found = await self.until(person, file, "ready", "failed")
        assert found["state"] == "ready", found["error"]
        await self.rest()
        return found

    async def rest(self) -> None:
        """Wait until no job is left."""
        await eventually(self._is_idle)

    async def _is_idle(self) -> bool:
        await self.world.settle()
        jobs = await self.rows("select 1 from work.jobs where due_at < now() + interval '20 s'")
        return not jobs

    async def rows(self, sql: Any, **params: Any) -> list[tuple[Any, ...]]:
        return await self.world.services.lines.rows(sql, params)

    async def live(self) -> Index:
        index = await self.indexes.live()
        assert index is not None
        return index

    async def verified(self) -> Verified:
        """The live generation compared with what it should have."""
        index = await self.live()
        store = await self.world.services.documents.store_of(index)
        return await Verifying(self.world.services.lines, store, index).run(Verified())

    async def hits(self, query: str, limit: int = 5) -> list[str]:
        """The texts of the nearest passages in the live generation."""
        index = await self.live()
        engines = self.world.services.documents
        vectors = await (await engines.embedder_of(index)).embed([query], "query")
        store = await engines.store_of(index)
        found = await store.search(index.name, vectors[0], limit=limit, file_ids=None)
        rows = await self.rows(
            "select id, text from documents.passages where id = any(%(ids)s)",
            ids=[each.id for each in found],
        )
        texts: dict[UUID, str] = dict(rows)
        return [texts[each.id] for each in found]


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(SECONDS_MAX):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@asynccontextmanager
async def open_ingesting(settings: Settings) -> AsyncIterator[Ingesting]:
    """Everything but a worker."""
    async with open_world(settings) as world:
        product = Ingesting(world)
        try:
            yield product
        finally:
            for worker in product.workers:
                worker.stop.set()
            if product.workers:
                await asyncio.wait([each.task for each in product.workers])
    for worker in product.workers:
        if not worker.task.cancelled():
            worker.task.result()


@dataclass(slots=True)
class Gated:
    """An embedder that can be held up, and that counts what it is asked."""

    inner: Embedder
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: int = 0
    texts: int = 0
    error: Exception | None = None

    @property
    def space(self) -> str:
        return self.inner.space

    async def embed(self, texts: Sequence[str], purpose: Purpose = "passage") -> Vectors:
        if purpose == "passage":
            self.asked += 1
            self.texts += len(texts)
            await self.gate.wait()
            if self.error is not None:
                raise self.error
        return await self.inner.embed(texts, purpose)


async def gated(product: Ingesting) -> Gated:
    """Hold up the embedder of a product from now on."""
    engines = product.world.services.documents
    found = Gated(await engines.embedder(Embedding()))

    async def embedder(_: Embedding) -> Embedder:
        return found

    engines.makers = replace(engines.makers, embedder=embedder)
    return found
