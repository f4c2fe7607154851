"""A product that has read, cut, embedded and indexed very much already; made as data, at once."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.sql import SQL, Identifier

from application.documents.ports import Point, Vectors
from application.ports import Envelope
from domain.files import File
from infrastructure.documents.passages import passage_id
from infrastructure.documents.texts import hash_of
from infrastructure.vectors.pgvector import MAKE_GRAPH, packed, table_of
from tests.bench.documents import Document, Json, Shelf
from tests.bench.documents_passages import clustered
from tests.bench.prose import sentence

FILE_PASSAGES = 1_000
SENTENCES = 3
SEED = 1_000
LIVE = "select name from documents.indexes where state = 'live'"
STOCK = "create temp table stock (id uuid, file_id uuid, ordinal int, text text, hash bytea)"
PASSAGES = """
    insert into documents.passages (id, file_id, cutting, ordinal, text, start_at, end_at, tokens,
        hash, words)
    select id, file_id, %s, ordinal, text, 0, length(text), length(text) / 4, hash,
        documents.words_of('', text) from stock
"""
INDEXED = """
    insert into documents.indexed (index_id, file_id, cutting, text_sha256, passages, done)
    select %s, file_id, %s, sha256, %s, true from documents.texts where file_id = any (%s)
"""

Db = psycopg.AsyncConnection[tuple[Any, ...]]
Rows = Iterable[tuple[Any, ...]]


@dataclass(slots=True)
class Stock:
    """All passages: their files, texts and vectors, and questions of the same kind."""

    vectors: Vectors
    queries: Vectors
    index: Json
    files: list[UUID] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    plain: float = 0.0  # seconds for rows and graph alone

    def hashes(self) -> list[bytes]:
        return [sha256(each.encode()).digest() for each in self.texts]

    def passage_rows(self) -> Iterator[tuple[Any, ...]]:
        for place, (point, digest) in enumerate(zip(self.points, self.hashes(), strict=True)):
            yield point.id, point.file_id, place % FILE_PASSAGES, self.texts[place], digest

    def vector_rows(self) -> Iterator[tuple[Any, ...]]:
        vectors = dict(zip(self.hashes(), self.vectors.astype("<f2"), strict=True))
        assert len(vectors) == len(self.texts), "Two texts are the same."
        return ((self.index["space"], key, row.tobytes()) for key, row in vectors.items())


async def stocked(house: Shelf, passages: int, queries: int) -> Stock:
    """Fill a product."""
    await house.upload_all([Document("first.md", b"The index is made by this.")])
    await house.settled(1)
    stock = Stock(*clustered(passages, queries), await house.generation())
    rng = Random(SEED)
    for place in range(passages):
        if place % FILE_PASSAGES == 0:
            stock.files.append(uuid4())
        key = passage_id(stock.files[-1], stock.index["cutting"], place % FILE_PASSAGES)
        stock.points.append(Point(key, stock.files[-1], ""))
        stock.texts.append(" ".join(sentence(rng) for _ in range(SENTENCES)))
    async with house.database() as db:
        await keep(db, stock)
        await index(db, stock)
        await db.execute("vacuum analyze")
    await tell(house, stock)
    await house.settled(1 + len(stock.files))
    return stock


async def keep(db: Db, stock: Stock) -> None:
    """Texts, passages, and vectors as they are remembered."""
    await db.execute(STOCK)
    await copied(db, "stock (id, file_id, ordinal, text, hash)", stock.passage_rows())
    await db.execute(PASSAGES, [stock.index["cutting"]])
    await copied(db, "documents.embeddings (space, hash, vector)", stock.vector_rows())
    texts = [(each, bytes.fromhex(hash_of(body(each))), body(each), 0) for each in stock.files]
    await copied(db, "documents.texts (file_id, sha256, body, pages)", texts)


async def index(db: Db, stock: Stock) -> None:
    """The live generation has all of it, under a graph that is made at once."""
    (name,) = await (await db.execute(LIVE)).fetchone() or ("",)
    words = SQL("copy {} (id, file_id, embedding) from stdin (format binary)")
    began = time.monotonic()
    async with db.cursor() as cursor, cursor.copy(words.format(table_of(name))) as target:
        await target.write(packed(stock.points, stock.vectors))
    await db.execute("set maintenance_work_mem = '512MB'")
    await db.execute(MAKE_GRAPH.format(Identifier(f"{name}_graph"), table_of(name)))
    stock.plain = time.monotonic() - began
    what = [stock.index["id"], stock.index["cutting"], FILE_PASSAGES, stock.files]
    await db.execute(INDEXED, what)


async def tell(house: Shelf, stock: Stock) -> None:
    """The log knows the files, as if all had gone its usual way."""
    async with house.world.log() as log:
        for number, key in enumerate(stock.files):
            command, content = uuid4(), body(key)
            sha = hash_of(content)
            file = File.add(
                key,
                owner=house.world.user_id,
                name=f"stock {number}.md",
                media_type="text/markdown",
                size=len(content),
                sha256=sha,
            )
            file.start_reading(sha)
            found = {"characters": len(content), "pages": 0, "loader": "text", "title": ""}
            file.record_read(sha, text_sha256=sha, **found)
            file.record_indexed(sha, passages=FILE_PASSAGES)
            await log.append([file], [], Envelope(house.world.actor, command, command))


def body(file_id: UUID) -> str:
    """What stands for the text of a file, which is not cut again."""
    return f"The text of {file_id}."


async def copied(db: Db, target: str, rows: Rows) -> None:
    """Rows at once."""
    words = SQL("copy {} from stdin").format(SQL(target))
    async with db.cursor() as cursor, cursor.copy(words) as copy:
        for row in rows:
            await copy.write_row(row)
