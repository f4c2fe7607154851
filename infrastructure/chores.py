"""Small jobs that a worker does beside answering, each at least once."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import LiteralString
from uuid import UUID, uuid4

from application.ports import Stale, Unavailable
from domain.errors import Refusal
from infrastructure.lines import Lines

SWEEP_SECONDS = 2.0
WOKEN_SECONDS = 60.0  # where Rounds look for all
LEASE_SECONDS = 15
BEAT_SECONDS = 5.0
AT_ONCE_MAX = 20
AGAIN_SECONDS = 60
TRIES_MAX = 3
TAKEN_MAX = 25
BUG_COUNTS = 5  # a bug comes back as a rule, so it counts for several deaths

# A lease that ran out means that its worker is dead; the job is taken over.
TAKE: LiteralString = """
with due as (
    select job, key from work.jobs
    where due_at <= now() and job = any (%(jobs)s)
        and (leased_until is null or leased_until <= now())
    order by due_at limit %(count)s for update skip locked
)
update work.jobs j set attempts = attempts + 1, leased_by = %(me)s,
    leased_until = now() + make_interval(secs => %(lease)s)
from due d where (j.job, j.key) = (d.job, d.key)
returning j.job, j.key, j.position, j.attempts, j.postponed
"""
DUE: LiteralString = """
select kind from unnest(%(jobs)s::text[]) kind where exists (
    select from work.jobs
    where job = kind and due_at <= now() and (leased_until is null or leased_until <= now())
)
"""
BEAT: LiteralString = """
update work.jobs set leased_until = now() + make_interval(secs => %(lease)s)
where leased_by = %(me)s
    and (job, key) in (select * from unnest(%(jobs)s::text[], %(keys)s::uuid[]))
returning job, key
"""
# What was wished for meanwhile is due at once; else the job is over, or due again later.
DONE: LiteralString = """
with again as (
    update work.jobs set leased_by = null, leased_until = null, attempts = 0, postponed = 0
    where job = %(job)s and key = %(key)s and leased_by = %(me)s and position <> %(position)s
)
delete from work.jobs
where job = %(job)s and key = %(key)s and leased_by = %(me)s and position = %(position)s
"""
LATER: LiteralString = """
update work.jobs set leased_by = null, leased_until = null, attempts = %(attempts)s,
    postponed = case when position = %(position)s then postponed + 1 else 0 end,
    due_at = case when position = %(position)s
        then now() + make_interval(secs => %(pause)s) else now() end
where job = %(job)s and key = %(key)s and leased_by = %(me)s
"""

Work = Callable[[UUID], Awaitable[None]]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """How a kind of job is done.

    One that is `patient` is put off, for ever, while what it needs is away; others are given up
    after three tries. `give_up` records that a job cannot be done: whoever took it died, again
    and again.
    """

    work: Work
    patient: bool = False
    give_up: Work | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A job that was taken; `position` says what had been wished for until then."""

    job: str
    key: UUID
    position: int
    attempts: int
    postponed: int

    @property
    def pause(self) -> int:
        """How long to wait before it is tried again."""
        return min(1 << min(self.postponed, 10), AGAIN_SECONDS)


@dataclass(slots=True)
class Chores:
    """Does what is due, a few at a time; use several for kinds that must not wait for others."""

    lines: Lines
    chores: Mapping[str, Chore]
    at_once_max: int = AT_ONCE_MAX
    sweep_seconds: float = SWEEP_SECONDS
    _id: UUID = field(default_factory=uuid4)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _running: dict[asyncio.Task[None], Due] = field(default_factory=dict)

    def wake(self) -> None:
        """There may be something to do."""
        self._news.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Do what is due until told to stop; what is not done then is given back."""
        helpers = [
            asyncio.create_task(each) for each in (set_after(stop, self._news), self._beat())
        ]
        try:
            while not stop.is_set():
                self._news.clear()
                taken = 0
                with contextlib.suppress(Unavailable):
                    taken = await self._take()
                if not taken:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(self.sweep_seconds):
                            await self._news.wait()
            await self._give_back()
        finally:
            tasks = [*helpers, *self._running]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _take(self) -> int:
        free = self.at_once_max - len(self._running)
        if free <= 0 or not self.chores:
            return 0
        what = {"jobs": list(self.chores), "count": free, "me": self._id, "lease": LEASE_SECONDS}
        rows = await self.lines.rows(TAKE, what)
        for row in rows:
            due = Due(*row)
            task = asyncio.create_task(self._do(due))
            self._running[task] = due
            task.add_done_callback(self._over)
        return len(rows)

    async def _do(self, due: Due) -> None:
        chore = self.chores[due.job]
        try:
            if due.attempts <= TAKEN_MAX:
                await chore.work(due.key)
            elif chore.give_up:
                logger.error("%s of %s is given up", due.job, due.key)
                await chore.give_up(due.key)
        except (Refusal, Unavailable, Stale) as error:
            logger.info("%s of %s failed: %s", due.job, due.key, error)
            if chore.patient and not isinstance(error, Refusal):
                attempts = 0 if due.attempts <= TAKEN_MAX else TAKEN_MAX
                await self._later(due, due.pause, attempts=attempts)
            elif due.attempts < TRIES_MAX:
                await self._later(due, AGAIN_SECONDS, attempts=due.attempts)
            else:
                await self._finish(DONE, due)
        else:
            await self._finish(DONE, due)

    async def _later(self, due: Due, pause: int, *, attempts: int) -> None:
        await self._finish(LATER, due, pause=pause, attempts=attempts)
        asyncio.get_running_loop().call_later(pause, self._news.set)

    async def _finish(self, sql: LiteralString, due: Due, **more: int) -> None:
        what = {"job": due.job, "key": due.key, "position": due.position, "me": self._id}
        with contextlib.suppress(Unavailable):  # the lease runs out, and it is done again
            await self.lines.run(sql, what | more)

    async def _beat(self) -> None:
        """Keep the leases; what somebody else has taken over is let go."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            running = dict(self._running)
            if not running:
                continue
            jobs = [each.job for each in running.values()]
            keys = [each.key for each in running.values()]
            what = {"me": self._id, "lease": LEASE_SECONDS, "jobs": jobs, "keys": keys}
            with contextlib.suppress(Unavailable):
                kept = {tuple(row) for row in await self.lines.rows(BEAT, what)}
                for task, due in running.items():
                    if (due.job, due.key) not in kept and not task.done():
                        logger.warning("%s of %s was taken over", due.job, due.key)
                        task.cancel()

    async def _give_back(self) -> None:
        """Let others do at once what is not done here."""
        running = dict(self._running)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
        for due in running.values():
            await self._finish(LATER, due, pause=0, attempts=due.attempts - 1)

    def _over(self, task: asyncio.Task[None]) -> None:
        due = self._running.pop(task)
        self._news.set()
        if not task.cancelled() and (error := task.exception()):
            logger.error("a bug in %s of %s", due.job, due.key, exc_info=error)
            recover = asyncio.create_task(self._after_bug(due))
            self._running[recover] = due
            recover.add_done_callback(lambda done: self._running.pop(done, None))

    async def _after_bug(self, due: Due) -> None:
        await self._later(due, due.pause, attempts=due.attempts + BUG_COUNTS - 1)


@dataclass(slots=True)
class Rounds:
    """Looks once for all chores what is due, and wakes only who does such jobs."""

    lines: Lines
    chores: Sequence[Chores]
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        for each in self.chores:
            each.sweep_seconds = WOKEN_SECONDS

    def wake(self) -> None:
        """There may be something to do."""
        self._news.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Look when woken, and every two seconds, until told to stop."""
        stopping = asyncio.create_task(set_after(stop, self._news))
        try:
            while not stop.is_set():
                self._news.clear()
                await self._look()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SWEEP_SECONDS):
                        await self._news.wait()
        finally:
            stopping.cancel()

    async def _look(self) -> None:
        with contextlib.suppress(Unavailable):
            every = [job for each in self.chores for job in each.chores]
            due = {job for (job,) in await self.lines.rows(DUE, {"jobs": every})}
            for each in self.chores:
                if due & each.chores.keys():
                    each.wake()


async def set_after(first: asyncio.Event, second: asyncio.Event) -> None:
    """Set the second event when the first one is."""
    await first.wait()
    second.set()
