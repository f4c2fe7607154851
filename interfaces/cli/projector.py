"""`quire projector`: move read models and policies along the log, in one process."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Sequence

import uvloop

from infrastructure.effects import Waker, policies
from infrastructure.event_log import EventLog
from infrastructure.lanes import Lane
from infrastructure.secrets import master_key
from infrastructure.settings import Settings
from projections.core import CORE
from projections.evaluation import EVALUATION

# Tables of models may be a moment late; answers may not.
GATHER_SECONDS = 0.1


def run(settings: Settings) -> int:
    """Follow the log until told to stop; what is half done then is not done."""
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings))
    return 0


async def serve(settings: Settings) -> None:
    """Move all lanes until a signal comes."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    with contextlib.closing(Waker(settings.redis_url)) as waker:
        async with EventLog(settings.database_url, master_key(settings)) as log:
            await move(lanes(settings.database_url, log, waker), stop)


def lanes(url: str, log: EventLog, waker: Waker) -> Sequence[Lane]:
    """All lanes of the product, and who is in them."""
    return [
        Lane("core", log, url, models=CORE),
        Lane("evaluation", log, url, models=EVALUATION, gather_seconds=GATHER_SECONDS),
        Lane("effects", log, url, policies=policies(waker)),
    ]


async def move(found: Sequence[Lane], stop: asyncio.Event) -> None:
    """Run lanes side by side; a bug in one of them ends the process, to be started anew."""
    running = [asyncio.create_task(each.run(stop)) for each in found]
    try:
        await asyncio.gather(*running)
    finally:
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)
