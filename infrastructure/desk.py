"""The desk of a worker: takes answers that wait, writes them as tasks, and keeps its leases."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from functools import partial
from time import monotonic
from uuid import UUID

from application.answering.asking import Tools
from application.answering.attempt import Attempt, Order, Reason
from application.ports import Unavailable
from infrastructure.leases import DEAD_SECONDS, Lease, Leases

SWEEP_SECONDS = 2.0
BEAT_SECONDS = 1.0
TICK_SECONDS = 0.25
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
        self._ending: set[asyncio.Task[None]] = set()
        self._beaten = monotonic()

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
        keeping = [asyncio.create_task(self._beat()), asyncio.create_task(self._tick())]
        try:
            taking = asyncio.create_task(self._take())
            await stop.wait()
            taking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await taking
            await self._finish()
        finally:
            for task in keeping:
                task.cancel()
            await asyncio.wait(keeping)

    async def _take(self) -> None:
        """Claim what waits, whenever there may be something."""
        while True:
            self._news.clear()
            free = self._process_max - len(self._held)
            leases: list[Lease] = []
            if free > 0:
                with contextlib.suppress(Unavailable):
                    leases = await asyncio.shield(self._claim(free))
            if not leases:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SWEEP_SECONDS):
                        await self._news.wait()

    async def _claim(self, free: int) -> list[Lease]:
        leases = await self._leases.claim(free, self._held)
        for lease in leases:
            order = Order(lease.answer_id, lease.position, lease.attempts, lease.stopping)
            attempt = Attempt(self._tools, order)
            task = asyncio.create_task(attempt.run())
            self._held[lease.answer_id] = Held(lease, attempt, task)
            task.add_done_callback(partial(self._done, lease.answer_id))
        return leases

    def _done(self, answer_id: UUID, _: asyncio.Task[bool]) -> None:
        """An attempt is over: let the lease go. Without it, a dead one is taken over by itself."""
        held = self._held.pop(answer_id)
        self._news.set()
        if held.task.cancelled():
            return
        if error := held.task.exception():
            logger.error("answer %s: a bug in its attempt", answer_id, exc_info=error)
        elif held.task.result():
            task = asyncio.create_task(self._end(held.lease))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _end(self, lease: Lease) -> None:
        with contextlib.suppress(Unavailable):  # whoever finds the row sees that it has ended
            await self._leases.end(lease)

    async def _beat(self) -> None:
        """Keep the leases; hear who is to stop, and what is no longer ours."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._look.wait()
            self._look.clear()
            if not self._held:
                self._beaten = monotonic()
                continue
            mine = {key: held.lease.position for key, held in self._held.items()}
            try:
                pulses = await self._leases.beat(list(mine))
            except Unavailable:
                continue
            self._beaten = monotonic()
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
        if self._ending:
            await asyncio.wait(self._ending, timeout=DEAD_SECONDS)
