"""Single statements on a pool: one round trip each, and a plain word when the engine is away."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, LiteralString

import psycopg
from psycopg.pq import TransactionStatus

from application.ports import Unavailable
from infrastructure.postgres import Connection, Pool

SECONDS_MAX = 8.0

Row = tuple[Any, ...]


class Lines:
    """Runs statements that are whole by themselves."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def rows(self, sql: LiteralString, params: Mapping[str, Any]) -> list[Row]:
        """All rows of a query."""
        async with self._line() as line:
            return await (await line.execute(sql, params)).fetchall()

    async def row(self, sql: LiteralString, params: Mapping[str, Any]) -> Row | None:
        """The first row of a query, if there is one."""
        async with self._line() as line:
            return await (await line.execute(sql, params)).fetchone()

    async def run(self, sql: LiteralString, params: Mapping[str, Any]) -> int:
        """Carry out a statement; return how many rows it touched."""
        async with self._line() as line:
            return (await line.execute(sql, params)).rowcount

    @asynccontextmanager
    async def _line(self) -> AsyncIterator[Connection]:
        """A connection without a transaction around each statement."""
        try:
            async with asyncio.timeout(SECONDS_MAX), self._pool.connection() as line:
                await line.set_autocommit(True)
                try:
                    yield line
                finally:
                    if line.info.transaction_status == TransactionStatus.IDLE:
                        await line.set_autocommit(False)
                    else:  # cut off in the middle: nobody else should get it
                        await line.close()
        except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError) as error:
            raise Unavailable("The database is away for the moment.") from error
