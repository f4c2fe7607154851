"""Vectors in PostgreSQL, by the extension pgvector: one table for each index."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
from psycopg import errors
from psycopg.sql import SQL, Composed, Identifier, Literal

from application.documents.ports import Hit, Listed, Point, Unfit, Vectors
from application.ports import Unavailable
from infrastructure.postgres import Connection, Pool
from infrastructure.vectors.shared import (
    WithoutWords,
    batches,
    checked_dimension,
    checked_name,
    checked_vectors,
    missing,
    same_dimension,
    similarity,
)

VERSION_MIN = (0, 8)
READ_SECONDS = 8.0
WRITE_SECONDS = 60.0
GRAPH_SECONDS = 900.0
INDEXED_DIMENSION_MAX = 4_000  # above, pgvector has no HNSW: such an index is read whole
EXACT_POINTS_MAX = 20_000
EF_SEARCH = 100
EF_SEARCH_FILTERED = 400
EF_SEARCH_MAX = 1_000
POINTS_EACH = 500

Row = tuple[Any, ...]


class PgVectorStore(WithoutWords):
    """The default store: in the database that is there anyway, through its pool.

    Vectors are kept as 16 bit floats. A search through all of them walks an HNSW graph. One
    among few points reads these through their files instead, since a graph that has to skip
    nearly everything finds too little.
    """

    kind = "pgvector"

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def check(self) -> str:
        """Which pgvector this is, after making the extension if that is possible."""
        async with self._line(WRITE_SECONDS) as line:
            version = await extension(line)
            server = str(line.info.server_version // 10000)
        return f"pgvector {version} in PostgreSQL {server}"

    async def create(self, index: str, dimension: int) -> None:
        """Make the table of an index, unless it is there; its graph comes when it settles."""
        table = table_of(index)
        size = Literal(checked_dimension(dimension))
        async with self._line(WRITE_SECONDS) as line:
            await line.execute("select pg_advisory_xact_lock(hashtext('quire vectors'))")
            await extension(line)
            await line.execute("create schema if not exists vectors")
            has = await dimension_of(line, index)
            if has is not None:
                same_dimension(index, has, dimension)
                return
            await line.execute(
                SQL(
                    "create table {} (id uuid primary key, file_id uuid not null, "
                    "embedding halfvec({}) not null)"
                ).format(table, size)
            )
            await line.execute(SQL("create index on {} (file_id)").format(table))
            if dimension <= INDEXED_DIMENSION_MAX:
                await line.execute(  # plain: a vector stays in its row, whatever its length
                    SQL("alter table {} alter embedding set storage plain").format(table)
                )

    async def drop(self, index: str) -> None:
        """Remove the table."""
        table = table_of(index)
        async with self._line(WRITE_SECONDS) as line:
            await line.execute(SQL("drop table if exists {}").format(table))

    async def upsert(self, index: str, points: Sequence[Point], vectors: Vectors) -> None:
        """Put points in by binary COPY, in batches that are whole by themselves."""
        table = table_of(index)
        copy = SQL("copy {} (id, file_id, embedding) from stdin (format binary)").format(table)
        for some, rows in batches(points, vectors, most=POINTS_EACH):
            async with self._line(WRITE_SECONDS, index) as line:
                await delete_where(line, table, "id", [point.id for point in some])
                async with line.cursor() as cursor, cursor.copy(copy) as target:
                    await target.write(packed(some, rows))

    async def settle(self, index: str) -> None:
        """Make the graph as soon as there are too many points to read all of them.

        Adding a point to a graph takes more than a millisecond; making one of many points takes
        a quarter of that for each. Questions can be put meanwhile, and points wait.
        """
        table, graph = table_of(index), f"{index}_graph"
        values = {"graph": f"vectors.{graph}", "few": EXACT_POINTS_MAX + 1}
        async with self._line(READ_SECONDS, index) as line:
            dimension = await dimension_of(line, index) or 0
            is_few = not (await fetch(line, NEEDS_GRAPH.format(table), values))[0][0]
        if is_few or dimension > INDEXED_DIMENSION_MAX:
            return
        async with self._line(GRAPH_SECONDS, index) as line:
            await line.execute("select pg_advisory_xact_lock(hashtext(%s))", [graph])
            await line.execute("set local maintenance_work_mem = '256MB'")
            await line.execute("set local max_parallel_maintenance_workers = 0")
            await line.execute(MAKE_GRAPH.format(Identifier(graph), table))

    async def delete_files(self, index: str, file_ids: Collection[UUID]) -> None:
        """Remove all points of these files."""
        await self._delete(index, "file_id", file_ids)

    async def delete(self, index: str, ids: Collection[UUID]) -> None:
        """Remove these points."""
        await self._delete(index, "id", ids)

    async def search(
        self, index: str, vector: Vectors, *, limit: int, file_ids: Collection[UUID] | None
    ) -> list[Hit]:
        """The nearest points: by the graph, or exactly where it would find too few."""
        table = table_of(index)
        values = {
            "vector": written(vector),
            "limit": limit,
            "files": None if file_ids is None else f"{{{','.join(map(str, file_ids))}}}",
            "few": EXACT_POINTS_MAX + 1,
        }
        if limit < 1 or (file_ids is not None and not file_ids):
            return []
        async with self._line(READ_SECONDS, index) as line:
            if file_ids is None:
                return await by_graph(line, table, values)
            points = (await fetch(line, COUNT_SOME.format(table), values))[0][0]
            hits = await by_graph(line, table, values) if points > EXACT_POINTS_MAX else []
            if len(hits) < min(limit, points):
                hits = hits_of(await fetch(line, EXACT.format(table), values))
            return hits

    async def count(self, index: str) -> int:
        """How many points there are."""
        statement = SQL("select count(*) from {}").format(table_of(index))
        async with self._line(READ_SECONDS, index) as line:
            return int((await fetch(line, statement, {}))[0][0])

    async def listing(self, index: str, *, after: UUID | None, limit: int) -> list[Listed]:
        """A page of all points in the order of their ids."""
        statement = SQL(
            "select id, file_id from {} where id > %(after)s or %(after)s is null "
            "order by id limit %(limit)s"
        ).format(table_of(index))
        async with self._line(READ_SECONDS, index) as line:
            rows = await fetch(line, statement, {"after": after, "limit": limit})
        return [Listed(*row) for row in rows]

    async def close(self) -> None:
        """Nothing: the pool belongs to somebody else."""

    async def _delete(self, index: str, column: str, ids: Collection[UUID]) -> None:
        table = table_of(index)
        async with self._line(WRITE_SECONDS) as line:
            if ids and await dimension_of(line, index) is not None:
                await delete_where(line, table, column, ids)

    @asynccontextmanager
    async def _line(self, seconds: float, index: str = "") -> AsyncIterator[Connection]:
        """A transaction, and plain words for what can go wrong in it."""
        try:
            async with asyncio.timeout(seconds), self._pool.connection() as line:
                yield line
        except errors.UndefinedTable:
            raise missing(index) from None
        except errors.DataException as error:
            raise Unfit(f"The vectors do not fit: {error.diag.message_primary}.") from None
        except (errors.UniqueViolation, errors.TransactionRollback) as error:
            raise Unavailable("Somebody else writes the same points right now.") from error
        except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError) as error:
            raise Unavailable("The database is away for the moment.") from error


GRAPH = SQL(
    "select id, embedding <#> %(vector)s::halfvec from {} "
    "where %(files)s::uuid[] is null or file_id = any(%(files)s::uuid[]) "
    "order by embedding <#> %(vector)s::halfvec limit %(limit)s"
)
EXACT = SQL(  # what is added keeps the graph out
    "select id, embedding <#> %(vector)s::halfvec from {} where file_id = any(%(files)s::uuid[]) "
    "order by (embedding <#> %(vector)s::halfvec) + 0, id limit %(limit)s"
)
NEEDS_GRAPH = SQL(
    "select to_regclass(%(graph)s) is null "
    "and (select count(*) from (select from {} limit %(few)s) counted) >= %(few)s"
)
MAKE_GRAPH = SQL(
    "create index if not exists {} on {} using hnsw (embedding halfvec_ip_ops) "
    "with (m = 16, ef_construction = 64)"
)
COUNT_SOME = SQL(
    "select count(*) from "
    "(select from {} where file_id = any(%(files)s::uuid[]) limit %(few)s) counted"
)


async def by_graph(line: Connection, table: Identifier, values: dict[str, Any]) -> list[Hit]:
    """The nearest points as the graph finds them; it goes on until there are enough."""
    least = EF_SEARCH if values["files"] is None else EF_SEARCH_FILTERED
    breadth = min(EF_SEARCH_MAX, max(least, 2 * values["limit"]))
    async with line.pipeline():
        await line.execute(SQL("set local hnsw.ef_search = {}").format(Literal(breadth)))
        await line.execute("set local hnsw.iterative_scan = strict_order")
        await line.execute("set local enable_sort = off")
        return hits_of(await fetch(line, GRAPH.format(table), values))


async def fetch(line: Connection, statement: Composed, values: dict[str, Any]) -> list[Row]:
    """All rows of a query, planned for these values."""
    return await (await line.execute(statement, values, prepare=False)).fetchall()


def hits_of(rows: list[Row]) -> list[Hit]:
    """Rows of ids and negative products."""
    return [Hit(id_, similarity(-product)) for id_, product in rows]


async def delete_where(
    line: Connection, table: Identifier, column: str, ids: Collection[UUID]
) -> None:
    """Remove rows, in one order so that two who do so do not block each other."""
    statement = SQL("delete from {} where {} = any(%s)").format(table, Identifier(column))
    await line.execute(statement, [sorted(ids)])


async def dimension_of(line: Connection, index: str) -> int | None:
    """How long the vectors of an index are, or nothing when there is no such index."""
    cursor = await line.execute(
        "select atttypmod from pg_attribute "
        "where attrelid = to_regclass(%s) and attname = 'embedding'",
        [f"vectors.{checked_name(index)}"],
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else None


async def extension(line: Connection) -> str:
    """The version of pgvector; it is installed when it is not and we may."""
    try:
        async with line.transaction():
            await line.execute("create extension if not exists vector")
    except errors.InsufficientPrivilege:
        raise Unfit(
            "The extension pgvector is not installed in this database, and installing it takes a "
            "superuser. As one, run there: create extension vector"
        ) from None
    except (errors.FeatureNotSupported, errors.UndefinedFile):
        raise Unfit(
            "This PostgreSQL server does not have the extension pgvector. Install its package "
            "on the server, use the embedded database, or choose another vector store."
        ) from None
    cursor = await line.execute("select extversion from pg_extension where extname = 'vector'")
    version = str((await cursor.fetchone() or ("0",))[0])
    if tuple(int(each) for each in version.split(".")[:2]) < VERSION_MIN:
        raise Unfit(
            f"The extension pgvector is {version}; Quire needs 0.8 or newer. Update its package "
            "and run: alter extension vector update"
        )
    return version


def table_of(index: str) -> Identifier:
    """The table of an index."""
    return Identifier("vectors", checked_name(index))


def written(vector: Vectors) -> str:
    """One vector as text."""
    return f"[{','.join(map(repr, checked_vectors(vector).tolist()))}]"


def packed(points: Sequence[Point], vectors: Vectors) -> bytes:
    """Rows in the binary form of COPY: every field with its length, numbers big endian."""
    size = vectors.shape[1]
    row = np.dtype(
        [
            ("fields", ">i2"),
            ("id_length", ">i4"),
            ("id", "V16"),
            ("file_id_length", ">i4"),
            ("file_id", "V16"),
            ("length", ">i4"),
            ("size", ">i2"),
            ("unused", ">i2"),
            ("values", ">f2", (size,)),
        ]
    )
    rows = np.zeros(len(points), row)
    rows["fields"] = 3
    rows["id_length"] = rows["file_id_length"] = 16
    rows["id"] = np.array([point.id.bytes for point in points], "V16")
    rows["file_id"] = np.array([point.file_id.bytes for point in points], "V16")
    rows["length"] = 4 + 2 * size
    rows["size"] = size
    rows["values"] = vectors
    return b"PGCOPY\n\xff\r\n\0" + bytes(8) + rows.tobytes() + b"\xff\xff"
