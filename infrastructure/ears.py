"""Hears of new events the moment they are recorded, by whichever process."""

import asyncio
import contextlib
from collections.abc import Callable
from uuid import UUID

import psycopg

from infrastructure.news import News
from infrastructure.postgres import Connection, connect

POLL_SECONDS = 0.5
PAUSE_SECONDS = 0.2
GATHER_SECONDS = 0.002
CHANNELS = "listen quire_log; listen quire_keys"


class Ears:
    """One listening connection per process; it looks for itself when it is quiet."""

    def __init__(self, url: str, news: News, keys_changed: Callable[[UUID | None], None]) -> None:
        self._url = url
        self._news = news
        self._keys_changed = keys_changed
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to listen."""
        self._task = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(psycopg.Error):
                async with await connect(self._url, autocommit=True, name="quire ears") as line:
                    await line.execute(CHANNELS)
                    self._keys_changed(None)  # what was told meanwhile is lost
                    await self._look(line)
                    while True:
                        await self._hear(line)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _look(self, line: Connection) -> None:
        """Look how far the log reaches, in case nobody told."""
        row = await (await line.execute("select position from log.head")).fetchone()
        assert row is not None
        self._news.heard(row[0])

    async def _hear(self, line: Connection) -> None:
        """Take what was told since; under load many at a time, and look when it is quiet."""
        told = [each async for each in line.notifies(timeout=POLL_SECONDS, stop_after=1)]
        for each in told:
            if each.channel == "quire_log":
                self._news.heard(int(each.payload))
            else:
                self._keys_changed(UUID(each.payload))
        if told:
            await asyncio.sleep(GATHER_SECONDS)
        else:
            await self._look(line)
