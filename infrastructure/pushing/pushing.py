"""Follows the log for every sink, from where it stopped, whoever stopped it."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

from application.command import carry_out
from application.ports import SYSTEM, Stale, Unavailable
from application.sinks import PauseSink
from domain.errors import Refusal
from infrastructure.base_log import BaseLog
from infrastructure.credentials import Credentials
from infrastructure.guarded import GuardedClient
from infrastructure.lines import Lines
from infrastructure.pushing.cursors import Cursors, Turn
from infrastructure.pushing.gathering import Gathering
from infrastructure.pushing.sending import Place, Undelivered, kept_of, send
from infrastructure.reader import Lagging, Reader
from infrastructure.settings import CannotStart
from projections import sinks as projection
from projections.sinks import SinkRow

ROUND_SECONDS = 2.0
IDLE_SECONDS = 10.0  # while there are no sinks
GATHER_SECONDS = 0.5
PAUSE_SECONDS_MAX = 3_600.0
FAILING_SECONDS_MAX = 24 * 3_600.0
FAILURES_MIN = 10
DOUBLINGS_MAX = 12

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Pushing:
    """Tells sinks; any number of workers may run it, and each sink is told by one of them."""

    log: BaseLog
    reader: Reader
    credentials: Credentials
    client: GuardedClient
    gathering: Gathering
    cursors: Cursors
    failing_seconds_max: float = FAILING_SECONDS_MAX
    _running: dict[UUID, asyncio.Task[None]] = field(default_factory=dict)
    _followed: Sequence[tuple[UUID, int]] = ()

    async def run(self, stop: asyncio.Event) -> None:
        """Tell whoever is to be told, until told to stop."""
        head, stopping = 0, asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                with contextlib.suppress(Unavailable, Lagging, TimeoutError):
                    await self.round()
                seconds = ROUND_SECONDS if self._followed else IDLE_SECONDS
                news = asyncio.create_task(self.log.wait(head, seconds))
                await asyncio.wait((news, stopping), return_when=asyncio.FIRST_COMPLETED)
                if news.done():
                    head = news.result()
                news.cancel()
                await asyncio.wait((stopping,), timeout=GATHER_SECONDS)
        finally:
            stopping.cancel()
            await self._give_back()

    async def round(self) -> Sequence[asyncio.Task[None]]:
        """Begin with every sink for whom it is time."""
        async with self.reader.read(projection.sinks) as db:
            rows = await projection.all_sinks(db)
        marks = [(each.id, each.mark) for each in rows]
        if rows and marks != self._followed:
            await self.cursors.follow(rows)
        self._followed = marks
        free = {each.id: each for each in rows if not each.paused and each.id not in self._running}
        if not free:
            return ()
        turns = await self.cursors.take(free, await self.log.head())
        return [self._begin(free[turn.sink_id], turn) for turn in turns]

    def _begin(self, sink: SinkRow, turn: Turn) -> asyncio.Task[None]:
        task = asyncio.create_task(self._tell(sink, turn))
        self._running[sink.id] = task
        task.add_done_callback(lambda done: self._over(sink.id, done))
        return task

    def _over(self, sink_id: UUID, task: asyncio.Task[None]) -> None:
        del self._running[sink_id]
        if not task.cancelled() and (error := task.exception()):
            logger.error("a bug in telling sink %s", sink_id, exc_info=error)

    async def _tell(self, sink: SinkRow, turn: Turn) -> None:
        with contextlib.suppress(Unavailable):  # the lease runs out, and it is done again
            try:
                await self._catch_up(sink, turn)
            except Undelivered as failure:
                await self._fail(turn, failure)
            except CannotStart as error:  # it was sealed with another key
                await self._fail(turn, Undelivered(str(error)))
            await self.cursors.free([sink.id])

    async def _catch_up(self, sink: SinkRow, turn: Turn) -> None:
        """Send one message after the other until there is nothing more, or it is not ours."""
        place = Place(sink.id, sink.kind, sink.url)
        kept = await kept_of(self.credentials, sink.id)
        is_last = False
        while not is_last:
            batch = await self.gathering.batch(turn.position, votes=sink.votes, until=turn.until)
            complaint = ""
            if batch.items:
                if not await self.cursors.begin(turn, batch.until):
                    return
                complaint = await send(self.client, place, kept, batch.items)
            if not await self.cursors.move(turn, batch.until, len(batch.items), complaint):
                return
            turn = replace(turn, position=batch.until, until=None, failures=0)
            is_last = batch.is_last

    async def _fail(self, turn: Turn, failure: Undelivered) -> None:
        """Try again later, each time later; one that fails for a day is paused, visibly."""
        pause = max(failure.pause, pause_after(turn.failures))
        failures, seconds = await self.cursors.fail(turn, str(failure), pause)
        logger.info("sink %s: %s", turn.sink_id, failure)
        is_hopeless = failures >= FAILURES_MIN and seconds >= self.failing_seconds_max
        if failures and (failure.is_final or is_hopeless):
            with contextlib.suppress(Refusal, Stale):
                await carry_out(PauseSink(turn.sink_id, str(failure)), log=self.log, actor=SYSTEM)

    async def _give_back(self) -> None:
        tasks = dict(self._running)
        for task in tasks.values():
            task.cancel()
        if tasks:
            await asyncio.wait(tasks.values())
            with contextlib.suppress(Unavailable):
                await self.cursors.free(tasks)


def pause_after(failures: int) -> float:
    """Seconds to wait: twice as long each time, an hour at most, and never all at once."""
    longest = min(2.0 ** min(failures, DOUBLINGS_MAX), PAUSE_SECONDS_MAX)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 (nobody gains by guessing it)


def cursors_of(lines: Lines) -> Cursors:
    """The cursors in the name of a new worker."""
    return Cursors(lines, uuid4())
