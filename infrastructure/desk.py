"""The desk of a worker: takes answers that wait, writes them as tasks, and keeps its leases."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from application.answering.asking import Tools
from application.answering.attempt import Attempt, Order, Reason
from application.ports import Unavailable
from infrastructure.leases import DEAD_SECONDS, Lease, Leases

SWEEP_SECONDS = 2.0
BEAT_SECONDS = 1.0
TICK_SECONDS = 0.25
TIDY_SECONDS = 0.05
FINISH_SECONDS = 10.0
CHECKPOINTS_PER_SECOND = 200
CHECKPOINT_SECONDS_MAX = 5.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """A lease, and the attempt that goes with it."""

    lease: Lease
    attempt: Attempt
    task: asyncio.Task[bool]


class AnswerDesk:
    """Runs until told to stop; then lets go of what it cannot finish."""

    def __init__(self, leases: Leases, tools: Tools, *, process_max: int) -> None:
        self._leases = leases
        self._tools = tools
        self._process_max = process_max
        self._held: dict[UUID, Held] = {}
        self._news = asyncio.Event()
        self._look = asyncio.Event()
        self._ended: list[Lease] = []
        self._tidying: asyncio.Task[None] | None = None
        self._claiming: asyncio.Task[list[Lease]] | None = None

    @property
    def running(self) -> int:
        """How many answers are being written here."""
        return len(self._held)

    def wake(self) -> None:
        """There may be new work."""
        self._news.set()

    def look(self) -> None:
        """Somebody may want an answer to stop."""
        self._look.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Answer whatever is asked, until told to stop."""
        taking = asyncio.create_task(self._take())
        keeping = [asyncio.create_task(self._beat()), asyncio.create_task(self._tick())]
        try:
            await stop.wait()
            await cancelled([taking])
            if self._claiming is not None:
                await asyncio.wait([self._claiming])  # what is claimed is not forgotten
            await self._finish()
        finally:
            held = [each.task for each in self._held.values()]
            await cancelled([taking, self._claiming, self._tidying, *keeping, *held])

    async def _take(self) -> None:
        """Claim what waits, whenever there may be something."""
        while True:
            self._news.clear()
            free = self._process_max - len(self._held)
            leases: list[Lease] = []
            if free > 0:
                self._claiming = asyncio.create_task(self._claim(free))
                leases = await asyncio.shield(self._claiming)
            if len(leases) < free or not free:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SWEEP_SECONDS):
                        await self._news.wait()

    async def _claim(self, free: int) -> list[Lease]:
        try:
            leases = await self._leases.claim(free, self._held)
        except Unavailable:
            return []
        for lease in leases:
            order = Order(lease.answer_id, lease.position, lease.attempts, lease.stopping)
            attempt = Attempt(self._tools, order)
            task = asyncio.create_task(attempt.run())
            self._held[lease.answer_id] = Held(lease, attempt, task)
            task.add_done_callback(partial(self._done, lease.answer_id))
        return leases

    def _done(self, answer_id: UUID, _: asyncio.Task[bool]) -> None:
        """An attempt is over. When its lease is not ended, it is taken over by itself."""
        held = self._held.pop(answer_id)
        if held.task.cancelled():
            return
        if error := held.task.exception():
            logger.error("answer %s: a bug in its attempt", answer_id, exc_info=error)
        elif held.task.result():
            self._ended.append(held.lease)
        if not self._tidying:
            self._tidying = asyncio.create_task(self._tidy())

    async def _tidy(self) -> None:
        """End leases, many at once; then whoever is over his limit may have his next answer."""
        await asyncio.sleep(TIDY_SECONDS)
        self._tidying = None
        ended, self._ended = self._ended, []
        with contextlib.suppress(Unavailable):  # whoever finds a row sees that it has ended
            await self._leases.end(ended)
        self._news.set()

    async def _beat(self) -> None:
        """Keep the leases; hear who is to stop, and what is no longer ours."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._look.wait()
            self._look.clear()
            if not self._held:
                continue
            mine = {key: held.lease.position for key, held in self._held.items()}
            try:
                pulses = await self._leases.beat(list(mine))
            except Unavailable:
                continue
            for key, position in mine.items():
                if (held := self._held.get(key)) is None:
                    continue
                pulse = pulses.get(key)
                if pulse is None or pulse.position != position:
                    held.attempt.interrupt(Reason.LOST)
                elif pulse.stopping:
                    held.attempt.interrupt(Reason.STOP)

    async def _tick(self) -> None:
        """Have everybody save; the more answers there are, the rarer each one."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            seconds = min(
                max(1.0, len(self._held) / CHECKPOINTS_PER_SECOND), CHECKPOINT_SECONDS_MAX
            )
            for held in list(self._held.values()):
                held.attempt.tick(seconds)

    async def _finish(self) -> None:
        """Give what is being written a moment, and let others go on with the rest."""
        tasks = [each.task for each in self._held.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=FINISH_SECONDS)
        rest = dict(self._held)
        for held in rest.values():
            held.attempt.interrupt(Reason.SHUTDOWN)
        if rest:
            await asyncio.wait([each.task for each in rest.values()], timeout=DEAD_SECONDS)
            with contextlib.suppress(Unavailable):
                await self._leases.give_back(list(rest))
        if self._tidying is not None:
            await asyncio.wait([self._tidying], timeout=DEAD_SECONDS)


async def cancelled(tasks: Sequence[asyncio.Task[Any] | None]) -> None:
    """Cancel tasks and wait for their end."""
    left = [each for each in tasks if each is not None and not each.done()]
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left)
