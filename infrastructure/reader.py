"""Looks at read models, and if asked waits for them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Self

import psycopg
from psycopg.rows import dict_row

from application.ports import Unavailable
from infrastructure.postgres import Pool, connect
from projections.core import CORE
from projections.evaluation import EVALUATION
from projections.read_model import Db, ReadModel

POLL_SECONDS = 0.003
HEARD_SECONDS = 0.05
QUIET_SECONDS = 1.0
PAUSE_SECONDS = 0.2
WAIT_SECONDS_MAX = 2.0
RETRY_SECONDS = 1
ALL = (*CORE, *EVALUATION)
AWAY = (psycopg.OperationalError, psycopg.InterfaceError)

# Lanes whose read models are looked up by keys. Plans are made while tables are small and kept
# while they grow, so going through all of a small table must not look cheap. What must be gone
# through all the same then looks so dear, before PostgreSQL 18, that it would be compiled: so that
# is off, too.
BY_KEY = ("core",)

# One round trip: how far the lane is, and a search path of what is readable in this version.
OPEN = """
    select l.position, m.names,
        set_config('search_path', coalesce(m.path, ''), true) as path,
        case when l.name = any(%(by_key)s) then
            set_config('enable_seqscan', 'off', true) || set_config('jit', 'off', true)
        end as by_key
    from log.lanes l cross join lateral (
        select array_agg(m.name) as names, string_agg(quote_ident(m.schema), ',') as path
        from log.read_models m
        where m.state = 'live' and (m.name, m.version) in (
            select * from unnest(%(names)s::text[], %(versions)s::int[]))) m
    where l.name = %(lane)s
"""


class Lagging(Exception):
    """A read model is not as far as the reader must see; try again in a moment."""

    def __init__(self, name: str, position: int, after: int) -> None:
        super().__init__(f"{name} is at {position}, and {after} was asked for.")
        self.lag = max(after - position, 0)
        self.retry_after = RETRY_SECONDS


class Reader:
    """Gives queries a cursor on the read models they belong to.

    `async with Reader(pool, url)` also listens to how far the lanes come, which spares waiting
    readers the polling; without url, or when nobody tells, they poll.
    """

    def __init__(self, pool: Pool, url: str = "", models: Iterable[ReadModel] = ALL) -> None:
        self._pool = pool
        self._url = url
        self._models = tuple(models)
        self._reached: dict[str, int] = {}
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self._url:
            self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    @asynccontextmanager
    async def read(
        self, model: ReadModel, *, after: int = 0, seconds: float = WAIT_SECONDS_MAX
    ) -> AsyncIterator[Db]:
        """Open a read model that has seen a position of the log, or raise Lagging in the end.

        The cursor sees the tables of all read models of the same lane.
        """
        deadline = monotonic() + seconds
        await self._hope(model.lane, after, deadline)
        try:
            async with self._pool.connection() as line, line.cursor(row_factory=dict_row) as db:
                while (reached := await self._open(db, model)) < after:
                    if monotonic() >= deadline:
                        raise Lagging(model.name, reached, after)
                    await line.rollback()
                    await asyncio.sleep(POLL_SECONDS)
                yield db
        except AWAY as error:
            raise Unavailable("The database is away for the moment.") from error

    async def _open(self, db: Db, model: ReadModel) -> int:
        """Set the search path; return how far the model is, -1 when it cannot be read yet."""
        same = [each for each in self._models if each.lane == model.lane and each is not model]
        same.insert(0, model)
        await db.execute(
            OPEN,
            {
                "names": [each.name for each in same],
                "versions": [each.version for each in same],
                "lane": model.lane,
                "by_key": list(BY_KEY),
            },
        )
        row: dict[str, Any] | None = await db.fetchone()
        if row is None or not {model.name, *model.beside} <= set(row["names"] or ()):
            return -1
        reached: int = row["position"]
        return reached

    async def _hope(self, lane: str, after: int, deadline: float) -> None:
        """Wait without a connection until the lane is said to be there."""
        if self._task is None:
            return
        while self._reached.get(lane, 0) < after and monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARD_SECONDS):
                    await self._news.wait()
                continue
            return  # nobody tells; look for oneself

    def _heard(self, lane: str, position: int) -> None:
        if position > self._reached.get(lane, 0):
            self._reached[lane] = position
            news, self._news = self._news, asyncio.Event()
            news.set()

    async def _listen(self) -> None:
        lanes = sorted({each.lane for each in self._models})
        while True:
            with contextlib.suppress(psycopg.Error):
                async with await connect(self._url, autocommit=True, name="quire reader") as line:
                    for lane in lanes:
                        await line.execute(f"listen quire_{lane}")
                    while True:
                        rows = await line.execute("select name, position from log.lanes")
                        for name, position in await rows.fetchall():
                            self._heard(name, position)
                        async for each in line.notifies(timeout=QUIET_SECONDS):
                            self._heard(each.channel.removeprefix("quire_"), int(each.payload))
            await asyncio.sleep(PAUSE_SECONDS)
