"""How well, and how fast, passages are found by their vectors alone."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import numpy as np
from numpy.typing import NDArray
from psycopg.sql import SQL, Identifier

from application.documents.ports import Point, Vectors
from infrastructure.postgres import Pool, pool
from infrastructure.vectors.pgvector import MAKE_GRAPH, PgVectorStore, packed, table_of
from tests.bench.documents import shelf
from tests.bench.figures import Row, ms, p50, p95

PASSAGES = int(os.environ.get("BENCH_PASSAGES", "100000"))
DIMENSION = 384
CLUSTERS = 1_000
SPREAD = 0.8  # how far passages are from the middle of their cluster
FILES = 1_000
SEED = 384
LATE = 10  # one part of so many is put in when the graph is there already
BATCH = 256
WRITERS = 2
QUERIES = 300
NEAREST = 10
INDEX = "bench_passages"
GOAL_RECALL = 0.97
GOAL_P95 = 0.020

Places = NDArray[np.int64]


@dataclass(slots=True)
class Corpus:
    """Passages around the middles of clusters, their files, and questions of the same kind."""

    vectors: Vectors
    queries: Vectors
    files: list[UUID] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Found:
    """How much of what is nearest was found, and how long each question took."""

    recall: float
    seconds: list[float]
    exact: list[float]

    def row(self, what: str, goal: str = "", *, checked: bool = False) -> list[Row]:
        """Two lines of the table."""
        latency = f"{ms(p50(self.seconds))} / {ms(p95(self.seconds))}"
        exact = f"exact in memory {ms(p50(self.exact))} / {ms(p95(self.exact))}"
        recall = self.recall >= GOAL_RECALL
        return [
            Row(
                f"{what}: recall@{NEAREST}",
                f"{self.recall:.4f}",
                "exact 1",
                str(GOAL_RECALL) if checked else "",
                recall if checked else None,
            ),
            Row(
                f"{what}: p50 / p95",
                latency,
                exact,
                goal or "",
                p95(self.seconds) <= GOAL_P95 if checked else None,
            ),
        ]


def clustered(count: int, queries: int) -> tuple[Vectors, Vectors]:
    """Vectors of length 1 around the middles of clusters, as texts about a subject are."""
    rng = np.random.default_rng(SEED)
    middles = rng.standard_normal((CLUSTERS, DIMENSION), np.float32)

    def some(number: int) -> Vectors:
        noise = rng.standard_normal((number, DIMENSION), np.float32)
        rows = middles[rng.integers(0, CLUSTERS, number)] + np.float32(SPREAD) * noise
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    return some(count), some(queries)


def corpus() -> Corpus:
    """Everything that is put in."""
    made = Corpus(*clustered(PASSAGES, QUERIES))
    made.files = [uuid4() for _ in range(FILES)]
    made.points = [Point(uuid4(), made.files[n % FILES], "") for n in range(PASSAGES)]
    return made


async def passages() -> list[Row]:
    """Many passages in pgvector, beside an exact search through all of them."""
    made = await asyncio.to_thread(corpus)
    async with shelf() as house, pool(house.world.product.database_url) as lent:
        store = PgVectorStore(lent)
        rows = await filled(lent, store, made)
        every = await searched(store, made, None)
        few = await searched(store, made, FILES // 100)
        third = await searched(store, made, FILES // 3)
    name = f"{PASSAGES:,} passages of {DIMENSION} numbers"
    return [
        *every.row(name, "p95 20 ms", checked=True),
        *few.row(f"{name}, 1 % of the files", "p95 20 ms", checked=True),
        *third.row(f"{name}, a third of the files"),
        *rows,
    ]


async def filled(lent: Pool, store: PgVectorStore, made: Corpus) -> list[Row]:
    """Put most in at once, which is preparation; then the rest as the product does."""
    late = PASSAGES - PASSAGES // LATE
    await store.create(INDEX, DIMENSION)
    plain = await copied(lent, made, late)
    began = time.monotonic()
    batches = list(range(late, PASSAGES, BATCH))
    await asyncio.gather(*(writing(store, made, batches[n::WRITERS]) for n in range(WRITERS)))
    rate = (PASSAGES - late) / (time.monotonic() - began)
    assert await store.count(INDEX) == PASSAGES
    return [
        Row(
            f"Passages put into a graph of {late:,}, {WRITERS} writers",
            f"{rate:,.0f}/s",
            f"COPY without a graph {plain:,.0f}/s",
        )
    ]


async def copied(lent: Pool, made: Corpus, count: int) -> float:
    """So many rows at once, and how many a second that were; then a graph over them."""
    words = SQL("copy {} (id, file_id, embedding) from stdin (format binary)")
    began = time.monotonic()
    async with lent.connection() as line:
        async with line.cursor() as cursor, cursor.copy(words.format(table_of(INDEX))) as target:
            await target.write(packed(made.points[:count], made.vectors[:count]))
        await line.commit()
        seconds = time.monotonic() - began
        await line.execute("set maintenance_work_mem = '512MB'")
        await line.execute(MAKE_GRAPH.format(Identifier(f"{INDEX}_graph"), table_of(INDEX)))
        await line.execute(SQL("analyze {}").format(table_of(INDEX)))
    return count / seconds


async def writing(store: PgVectorStore, made: Corpus, batches: Sequence[int]) -> None:
    """One writer: a batch after the other."""
    for first in batches:
        some = slice(first, first + BATCH)
        await store.upsert(INDEX, made.points[some], made.vectors[some])


async def searched(store: PgVectorStore, made: Corpus, files: int | None) -> Found:
    """Ask, in all files or in so many by chance, and compare with exact search."""
    rng = np.random.default_rng(SEED)
    seconds, exact, hit = [], [], 0
    for query in made.queries:
        chosen = None if files is None else rng.choice(FILES, files, replace=False)
        ids = None if chosen is None else [made.files[each] for each in chosen]
        began = time.monotonic()
        found = await store.search(INDEX, query, limit=NEAREST, file_ids=ids)
        seconds.append(time.monotonic() - began)
        places = np.arange(PASSAGES) if chosen is None else of_files(chosen)
        among = made.vectors if chosen is None else made.vectors[places]
        began = time.monotonic()
        best = nearest(among, query, NEAREST)
        exact.append(time.monotonic() - began)
        hit += len({made.points[place].id for place in places[best]} & {each.id for each in found})
    return Found(hit / NEAREST / len(made.queries), seconds, exact)


def of_files(chosen: Places) -> Places:
    """Where the passages of these files are: every so many one belongs to each."""
    return np.asarray(np.arange(PASSAGES)[np.isin(np.arange(PASSAGES) % FILES, chosen)])


def nearest(vectors: Vectors, query: Vectors, count: int) -> Places:
    """The places of the nearest vectors, by looking at all of them."""
    products = vectors @ query
    return np.asarray(np.argpartition(-products, count)[:count])
