"""Group commit: what many ask for at once goes to the log in one round trip.

One flusher per process. While a batch is on its way, the next one gathers; so the more is asked
for, the larger the batches, and nobody waits for a timer.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg

from application.ports import Unavailable
from infrastructure.arrays import parameters
from infrastructure.groups import Group, Outcome
from infrastructure.postgres import Connection, connect

GROUPS_MAX = 500
BYTES_MAX = 4_000_000
SHARED_MIN = 8
APPEND_SECONDS_MAX = 10.0
FLUSH_SECONDS_MAX = 5.0
PAUSE_SECONDS = 0.05
PAUSE_SECONDS_MAX = 0.5
LOST = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.ReadOnlySqlTransaction,
    TimeoutError,
)
# The tables are small when the plan is made and large when it is used.
SETTINGS = (
    "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set jit = off;"
    " set enable_hashjoin = off; set enable_mergejoin = off; set synchronous_commit = on"
)
APPEND = (
    "select number, outcome, at_position from log.append(%s, %s, %s, %s, %s, %s, %s, %s, %s,"
    " %s, %s, %s, %s, %s, %s, %s, %s)"
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A group, and who waits for it."""

    group: Group
    future: asyncio.Future[Outcome]


def give_up(future: asyncio.Future[Outcome]) -> None:
    """Tell who waits that it has taken too long."""
    if not future.done():
        future.set_exception(Unavailable("The event log is away for the moment."))


class Batch:
    """Groups that go together: none of them touches what another one writes."""

    def __init__(self, room: int) -> None:
        self.groups: list[Waiting] = []
        self._room = room
        self._bytes = BYTES_MAX
        self._written: set[UUID] = set()
        self._read: set[UUID] = set()

    def takes(self, waiting: Waiting) -> bool:
        """Take a group unless it has to wait for the next batch, and all that disturb it too."""
        writes, reads = waiting.group.writes, waiting.group.reads
        alone = self._written.isdisjoint(writes) and self._written.isdisjoint(reads)
        fits = alone and self._read.isdisjoint(writes) and len(self.groups) < self._room
        size = waiting.group.size
        if fits and (self._bytes >= size or not self.groups):
            self.groups.append(waiting)
            self._bytes -= size
        else:
            fits = False
        self._written |= writes
        self._read |= reads
        return fits


class Line:
    """One connection that appends, opened when it is needed and again when it was lost."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._line: Connection | None = None
        self.task: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way here."""
        return self.task is None or self.task.done()

    async def send(self, groups: Sequence[Group]) -> list[Outcome]:
        """Append groups in one round trip."""
        async with asyncio.timeout(FLUSH_SECONDS_MAX):
            if self._line is None:
                self._line = await connect(self._url, autocommit=True, name="quire append")
                await self._line.execute(SETTINGS)
            cursor = await self._line.execute(APPEND, parameters(groups), prepare=True)
            rows = await cursor.fetchall()
        return [Outcome(kind, position) for _, kind, position in sorted(rows)]

    async def hang_up(self) -> None:
        """Close the connection; the next to send opens another."""
        line, self._line = self._line, None
        if line is not None:
            with contextlib.suppress(psycopg.Error):
                await line.close()


class Flusher:
    """Collects groups and appends them batch by batch.

    Two lines take turns: while the database works on the batch of one, the next batch is
    written down for the other. The database keeps them in order.
    """

    def __init__(self, url: str) -> None:
        self._waiting: list[Waiting] = []
        self._lines = [Line(url), Line(url)]

    async def append(self, group: Group) -> Outcome:
        """Append a group; raises Unavailable when the engine stays away."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        self._waiting.append(Waiting(group, future))
        self._wake()
        limit = loop.call_later(APPEND_SECONDS_MAX, give_up, future)
        try:
            return await future
        finally:
            limit.cancel()

    async def close(self) -> None:
        """Finish what was asked for and hang up."""
        for line in self._lines:
            if line.task is not None:
                await line.task
            await line.hang_up()

    def _wake(self) -> None:
        """Put an idle line to work."""
        for line in self._lines:
            if line.is_idle:
                line.task = asyncio.create_task(self._flush(line))
                return

    async def _flush(self, line: Line) -> None:
        """Append until nobody waits."""
        while batch := self._next_batch():
            await self._append_batch(line, batch)
            await asyncio.sleep(0)  # let those who were answered ask for more

    def _next_batch(self) -> list[Waiting]:
        """The first groups in the queue that do not disturb each other.

        Of many, an idle line is left its share.
        """
        self._waiting = [each for each in self._waiting if not each.future.done()]
        room = len(self._waiting)
        if room >= SHARED_MIN and any(line.is_idle for line in self._lines):
            room = (room + 1) // 2
            self._wake()
        batch = Batch(min(room, GROUPS_MAX))
        self._waiting = [each for each in self._waiting if not batch.takes(each)]
        return batch.groups

    async def _append_batch(self, line: Line, batch: list[Waiting]) -> None:
        """Append a batch, again and again while the line is lost and somebody still waits.

        Nothing is doubled by that: the log knows the commands it has recorded.
        """
        pause = PAUSE_SECONDS
        while batch := [each for each in batch if not each.future.done()]:
            try:
                outcomes = await line.send([each.group for each in batch])
            except LOST:
                await line.hang_up()
                await asyncio.sleep(pause)
                pause = min(2 * pause, PAUSE_SECONDS_MAX)
            except psycopg.Error as error:
                await self._one_by_one(line, batch, error)
                return
            else:
                for each, outcome in zip(batch, outcomes, strict=True):
                    if not each.future.done():
                        each.future.set_result(outcome)
                return

    async def _one_by_one(self, line: Line, batch: list[Waiting], error: psycopg.Error) -> None:
        """Find the one group that cannot be stored, so that the others can."""
        if len(batch) > 1:
            for each in batch:
                await self._append_batch(line, [each])
        elif not batch[0].future.done():
            batch[0].future.set_exception(error)
