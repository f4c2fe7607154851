"""The job that records who votes oddly."""

import asyncio
import contextlib
from collections.abc import Mapping
from uuid import UUID

from application.ports import Unavailable
from infrastructure.chores import Chore
from infrastructure.evaluation.flagging import Flagging
from infrastructure.jobs import ask
from interfaces.services import Services

JOB = "flag_voters"
EVERYBODY = UUID("f24f7c52-3a4b-5c6d-8e1f-0b7a9c3d5e21")
MINUTE_SECONDS = 60


def flagging(services: Services) -> Mapping[str, Chore]:
    """What reckons much, now and then."""
    job = Flagging(services.log, services.lines, services.reader)
    return {JOB: Chore(job.run, patient=True)}


async def watch_voters(services: Services, stop: asyncio.Event) -> None:
    """Ask for a look at the voters once a minute; however many workers ask, it is one job."""
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MINUTE_SECONDS):
                await stop.wait()
                return
        with contextlib.suppress(Unavailable):
            await ask(services.lines, JOB, EVERYBODY)
