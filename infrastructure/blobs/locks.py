"""Transactions that happen one after the other when they are about the same thing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from application.ports import Unavailable
from infrastructure.postgres import Connection, Pool

SECONDS_MAX = 60.0
LOCK = "select pg_advisory_xact_lock(hashtextextended(%s, 3))"


@asynccontextmanager
async def one_at_a_time(pool: Pool, what: str) -> AsyncIterator[Connection]:
    """A transaction, alone with its subject; raises Unavailable when the database is away."""
    try:
        async with asyncio.timeout(SECONDS_MAX), pool.connection() as line:
            await line.execute(LOCK, [what])
            yield line
    except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError) as error:
        raise Unavailable("The database is away for the moment.") from error
