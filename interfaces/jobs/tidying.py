"""What a worker does once a day: forget what nobody needs any more."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

from application.files import ExpireFile
from application.ports import SYSTEM, Stale, Unavailable
from domain.errors import Refusal
from infrastructure.reader import Lagging
from interfaces.services import Services
from projections import files

DAY_SECONDS = 24 * 60 * 60
TRASH_DAYS = 30
UPLOAD_DAYS = 1
PAGE = 100

logger = logging.getLogger(__name__)


async def tidy_daily(services: Services, stop: asyncio.Event) -> None:
    """Tidy now, and every day until told to stop."""
    while not stop.is_set():
        await tidy(services)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DAY_SECONDS):
                await stop.wait()


async def tidy(services: Services) -> None:
    """Forget old command ids, empty the trash, give up uploads; what fails is for tomorrow."""
    yesterday = datetime.now(UTC) - timedelta(days=UPLOAD_DAYS)
    await carefully(services.log.prune())
    await carefully(empty_trash(services))
    await carefully(services.files.uploads.expire(yesterday))
    await carefully(services.files.holdings.sweep(yesterday))
    await carefully(services.files.scratch.sweep(UPLOAD_DAYS * DAY_SECONDS))


async def empty_trash(services: Services) -> None:
    """Delete files that were put into the trash a month ago."""
    before = datetime.now(UTC) - timedelta(days=TRASH_DAYS)
    after = 0
    while True:
        async with services.reader.read(files.files, after=after) as db:
            found = await files.expired(db, before, limit=PAGE)
        for file_id in found:
            with contextlib.suppress(Refusal):  # it was taken out in this moment
                await services.execute(ExpireFile(file_id), SYSTEM)
        if len(found) < PAGE:
            return
        after = await services.log.head()


async def carefully(work: Awaitable[object]) -> None:
    """Do one thing; when it cannot be done now, the others still are."""
    try:
        await work
    except (Unavailable, Lagging, Stale, TimeoutError) as error:
        logger.warning("tidying was put off: %s", error)
