"""Asks a table with vectors in a PostgreSQL database that somebody else fills."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg
from psycopg import AsyncConnection, errors
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from application.documents.ports import Unfit, Vectors
from application.ports import Unavailable
from application.retrieval.sources import Source
from infrastructure.external.mapping import Found
from infrastructure.models.refusals import plain
from infrastructure.vectors.pgvector import written

PORT = 5432
VECTOR = "embedding"  # the column, when none is named
KINDS = ("vector", "halfvec")
OPERATORS = {"cosine": "<=>", "product": "<#>", "euclidean": "<->"}
BAD_ENTRY = (errors.InvalidPassword, errors.InvalidAuthorizationSpecification)
COLUMNS = """
    select a.attname, n.nspname, t.typname, a.atttypmod
    from pg_attribute a join pg_type t on t.oid = a.atttypid
    join pg_namespace n on n.oid = t.typnamespace
    where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped
    order by a.attnum
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column, and the type it is of."""

    name: str
    schema: str
    kind: str
    size: int


async def ask_pgvector(
    source: Source, key: str, query: str, vector: Vectors | None, limit: int
) -> Sequence[Found]:
    """The nearest rows, read in a transaction that cannot write and that ends in time."""
    del query
    assert vector is not None
    async with opened(source, key) as line:
        table = Identifier(*source.collection.split(".", 1))
        cursor = await line.execute(COLUMNS, [table.as_string(line)])
        columns = {row[0]: Column(*row) for row in await cursor.fetchall()}
        statement, names = question(source, columns, table, len(vector))
        cursor = await line.execute(statement, {"vector": written(vector), "limit": limit})
        rows = await cursor.fetchall()
    return [Found(dict(zip(names, row, strict=False)), -float(row[-1])) for row in rows]


def question(
    source: Source, columns: dict[str, Column], table: Identifier, dimension: int
) -> tuple[Composed, list[str]]:
    """The statement, and which columns it reads; Unfit names what is not there."""
    if not columns:
        raise Unfit(f"There is no table {source.collection}, or it may not be seen.")
    fields = source.fields
    wanted = (fields.text, fields.title, fields.link, fields.page, fields.id)
    names = list(dict.fromkeys(each for each in wanted if each))
    for name in (*names, fields.vector or VECTOR):
        if name not in columns:
            raise Unfit(
                f"The table {source.collection} has no column {name}. "
                f"There are: {', '.join(columns)}."
            )
    column = checked_vector(columns[fields.vector or VECTOR], dimension)
    parts: list[Composable] = [SQL("{}::text").format(Identifier(each)) for each in names]
    distance = SQL("{} operator({}.{}) %(vector)s::{}").format(
        Identifier(column.name),
        Identifier(column.schema),
        SQL(OPERATORS[source.metric]),  # one of three of our own
        Identifier(column.schema, column.kind),
    )
    statement = SQL("select {}, {} as distance from {} order by distance limit %(limit)s").format(
        SQL(", ").join(parts), distance, table
    )
    return statement, names


def checked_vector(column: Column, dimension: int) -> Column:
    """The column of the vectors, if it holds vectors of this length."""
    if column.kind not in KINDS:
        raise Unfit(f"The column {column.name} is of type {column.kind}, not vector or halfvec.")
    if column.size not in (-1, dimension):
        raise Unfit(
            f"The vectors of {column.name} have {column.size} dimensions, those of the embedding "
            f"model {dimension}. Choose the model that made them."
        )
    return column


@asynccontextmanager
async def opened(source: Source, key: str) -> AsyncIterator[AsyncConnection[tuple[Any, ...]]]:
    """A line that can only read, and plain words for what goes wrong."""
    name = f"PostgreSQL at {urlsplit(source.database).hostname}"
    try:
        line = await AsyncConnection.connect(**place_of(source, key))
        async with line:
            await line.set_read_only(True)
            limit = Literal(source.seconds * 1000)
            await line.execute(SQL("set local statement_timeout = {}").format(limit))
            await line.execute("set local idle_in_transaction_session_timeout = '30s'")
            yield line
    except BAD_ENTRY:
        raise Unfit(f"{name} refused the user or the key.") from None
    except errors.QueryCanceled:
        raise Unavailable(f"{name} did not answer in time.") from None
    except errors.InsufficientPrivilege:
        raise Unfit(f"{name}: the user may not read {source.collection}.") from None
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise entry_failure(error, name, key) from None
    except psycopg.Error as error:
        said = plain(error.diag.message_primary or str(error), (key,) if key else ())
        raise Unfit(f"{name} refused: {said}") from None


def entry_failure(error: psycopg.Error, name: str, key: str) -> Exception:
    """Why no line could be had: what a person must mend is told as the server says it."""
    said = plain(str(error), (key,) if key else ())
    if "FATAL" in said:
        return Unfit(f"{name} refused: {said.partition('FATAL:')[2].strip()}")
    return Unavailable(f"{name} cannot be reached.")


def place_of(source: Source, key: str) -> dict[str, Any]:
    """How to connect: nothing of the environment or of files of this machine goes there."""
    parts = urlsplit(source.database)
    options = dict(parse_qsl(parts.query))
    return {
        "host": parts.hostname,
        "port": parts.port or PORT,
        "user": unquote(parts.username or ""),
        "dbname": unquote(parts.path.strip("/")),
        "password": key,
        "passfile": f"{os.devnull}/none",
        "sslmode": options.get("sslmode", "prefer"),
        "sslcert": "",
        "sslkey": "",
        "connect_timeout": max(2, source.seconds),
        "application_name": "quire",
        "prepare_threshold": None,
    }
