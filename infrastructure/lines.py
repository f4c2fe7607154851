"""Single statements on a pool: one round trip each, and a plain word when the engine is away."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, LiteralString

import psycopg
from psycopg.pq import TransactionStatus
from psycopg_pool import PoolTimeout

from application.ports import Unavailable
from infrastructure.postgres import Connection, Pool

SECONDS_MAX = 8.0

LINES_BROKEN_MAX = 10

Row = tuple[Any, ...]


class _LineBroken(Unavailable):
    """A connection broke; the next may be sound."""


class Lines:
    """Runs statements that are whole by themselves.

    A restarted engine leaves broken connections in the pool. What asks for rows is asked again
    on the next one, since it may safely run twice; what changes something is not.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def rows(
        self, sql: LiteralString, params: Mapping[str, Any], *, prepare: bool | None = None
    ) -> list[Row]:
        """All rows of a query; prepare=False has it planned anew for these very values."""
        for _ in range(LINES_BROKEN_MAX):
            with suppress(_LineBroken):
                return await self._rows(sql, params, prepare=prepare)
        return await self._rows(sql, params, prepare=prepare)

    async def row(self, sql: LiteralString, params: Mapping[str, Any]) -> Row | None:
        """The first row of a query, if there is one."""
        return next(iter(await self.rows(sql, params)), None)

    async def run(self, sql: LiteralString, params: Mapping[str, Any]) -> int:
        """Carry out a statement; return how many rows it touched."""
        async with self._line() as line:
            return (await line.execute(sql, params)).rowcount

    async def _rows(
        self, sql: LiteralString, params: Mapping[str, Any], *, prepare: bool | None
    ) -> list[Row]:
        async with self._line() as line:
            return await (await line.execute(sql, params, prepare=prepare)).fetchall()

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
            late = isinstance(error, PoolTimeout | TimeoutError)
            kind = Unavailable if late else _LineBroken
            raise kind("The database is away for the moment.") from error
