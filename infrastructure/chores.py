"""Small jobs that a worker does beside answering, each at least once."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import LiteralString
from uuid import UUID

from application.ports import Stale, Unavailable
from domain.errors import Refusal
from infrastructure.lines import Lines

SWEEP_SECONDS = 2.0
AT_ONCE_MAX = 20
AGAIN_SECONDS = 60
TRIES_MAX = 3

TAKE: LiteralString = """
with due as (
    select job, key from work.jobs where due_at <= now() and job = any (%(jobs)s)
    order by due_at limit %(count)s for update skip locked
)
update work.jobs j set attempts = attempts + 1, due_at = now() + make_interval(secs => %(again)s)
from due d where (j.job, j.key) = (d.job, d.key)
returning j.job, j.key, j.attempts
"""
DONE: LiteralString = "delete from work.jobs where job = %(job)s and key = %(key)s"

Chore = Callable[[UUID], Awaitable[None]]

logger = logging.getLogger(__name__)


class Chores:
    """Does what is due, a few at a time. A chore that failed is tried again, but not for ever."""

    def __init__(self, lines: Lines, chores: Mapping[str, Chore]) -> None:
        self._lines = lines
        self._chores = chores
        self._news = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There may be something to do."""
        self._news.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Do what is due until told to stop; what is not done then is due again later."""
        ending = asyncio.create_task(self._wake_at(stop))
        self._running.add(ending)
        ending.add_done_callback(self._running.discard)
        while not stop.is_set():
            self._news.clear()
            taken = 0
            with contextlib.suppress(Unavailable):
                taken = await self._take()
            if not taken:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SWEEP_SECONDS):
                        await self._news.wait()
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._news.set()

    async def _take(self) -> int:
        free = AT_ONCE_MAX + 1 - len(self._running)
        if free <= 0:
            return 0
        what = {"jobs": list(self._chores), "count": free, "again": AGAIN_SECONDS}
        rows = await self._lines.rows(TAKE, what)
        for job, key, attempts in rows:
            task = asyncio.create_task(self._do(job, key, attempts))
            self._running.add(task)
            task.add_done_callback(self._over)
        return len(rows)

    async def _do(self, job: str, key: UUID, attempts: int) -> None:
        try:
            await self._chores[job](key)
        except (Refusal, Unavailable, Stale) as error:
            logger.info("%s of %s failed: %s", job, key, error)
            if attempts < TRIES_MAX:
                return
        with contextlib.suppress(Unavailable):
            await self._lines.run(DONE, {"job": job, "key": key})

    def _over(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._news.set()
        if not task.cancelled() and (error := task.exception()):
            logger.error("a bug in a chore", exc_info=error)
