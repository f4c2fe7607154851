"""What an online rebuild of the vector index takes, and what questions notice of it."""

import asyncio
import os
import time
from dataclasses import dataclass
from random import Random

from infrastructure.postgres import pool
from infrastructure.vectors.pgvector import PgVectorStore
from tests.bench.documents import Shelf, shelf
from tests.bench.documents_passages import GOAL_RECALL, NEAREST, nearest
from tests.bench.documents_stock import LIVE, Stock, stocked
from tests.bench.figures import Row, ms, p50, p95
from tests.bench.prose import sentence

PASSAGES = int(os.environ.get("BENCH_REBUILD_PASSAGES", "100000"))
QUERIES = 100
SEED = 20
BEFORE_SECONDS = 10.0
PAUSE_SECONDS = 0.2
LOOK_SECONDS = 0.25
REBUILD_SECONDS_MAX = 240.0


async def rebuild() -> list[Row]:
    """Questions before and while 100,000 passages go into another generation of the index."""
    async with shelf() as house:
        stock = await stocked(house, PASSAGES, QUERIES)
        wish = Asking(house, Random(SEED))
        await wish.until(time.monotonic() + 2)  # warm up
        before = await wish.until(time.monotonic() + BEFORE_SECONDS)
        over = asyncio.Event()
        asking = asyncio.create_task(wish.until(time.monotonic() + REBUILD_SECONDS_MAX, over))
        seconds = await rebuilt(house, stock)
        over.set()
        during = await asking
        recall = await recalled(house, stock)
    name = f"Online rebuild of {PASSAGES:,} passages"
    return [
        Row(
            f"{name}, no vector anew",
            f"{PASSAGES / seconds:,.0f}/s ({seconds:.0f} s)",
            f"COPY and one graph on all cores {PASSAGES / stock.plain:,.0f}/s",
        ),
        Row(
            f"{name}: a question in all of them meanwhile, p50 / p95",
            f"{ms(p50(during))} / {ms(p95(during))} of {len(during)}",
            f"before {ms(p50(before))} / {ms(p95(before))} of {len(before)}",
        ),
        Row(
            f"{name}: recall@{NEAREST} afterwards",
            f"{recall:.4f}",
            "exact 1",
            str(GOAL_RECALL),
            recall >= GOAL_RECALL,
        ),
    ]


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody who asks something every now and then."""

    house: Shelf
    rng: Random

    async def until(self, end: float, over: asyncio.Event | None = None) -> list[float]:
        """Seconds that each question took; each is answered, by words and by meaning."""
        seconds = []
        while time.monotonic() < end and not (over and over.is_set()):
            began = time.monotonic()
            body = {"query": sentence(self.rng), "limit": 10}
            found = await self.house.api.post("/api/v1/retrieval", body)
            seconds.append(time.monotonic() - began)
            assert found["passages"], found
            assert not found["lacking"], found
            await asyncio.sleep(PAUSE_SECONDS)
        return seconds


async def rebuilt(house: Shelf, stock: Stock) -> float:
    """Seconds from the wish until questions are put to a generation that has all passages."""
    began = time.monotonic()
    await house.api.post("/api/v1/indexes/rebuild", {})
    while True:
        live = await house.generation()
        if live["id"] != stock.index["id"]:
            assert live["passages"] == PASSAGES + 1, live
            return time.monotonic() - began
        assert time.monotonic() - began < REBUILD_SECONDS_MAX, live
        await asyncio.sleep(LOOK_SECONDS)


async def recalled(house: Shelf, stock: Stock) -> float:
    """How much of what is nearest the new generation finds."""
    hit = 0
    async with house.database() as db, pool(house.world.product.database_url) as lent:
        (name,) = await (await db.execute(LIVE)).fetchone() or ("",)
        store = PgVectorStore(lent)
        for query in stock.queries:
            found = await store.search(name, query, limit=NEAREST, file_ids=None)
            best = nearest(stock.vectors, query, NEAREST)
            hit += len({stock.points[place].id for place in best} & {each.id for each in found})
    return hit / NEAREST / len(stock.queries)
