"""The event log in PostgreSQL: one order of everything, group commit, cached aggregates."""

from contextlib import AsyncExitStack
from typing import Self

from infrastructure.base_log import REMEMBERED_MAX, BaseLog, Recorded
from infrastructure.ears import Ears
from infrastructure.event_store import EventStore
from infrastructure.flusher import Flusher
from infrastructure.lines import Lines
from infrastructure.news import News
from infrastructure.postgres import Pool, pool
from infrastructure.subject_keys import SubjectKeys

__all__ = ["EventLog", "Recorded"]

COMMANDS_DAYS = 7
READERS_MAX = 4


class EventLog(BaseLog):
    """`async with EventLog(url, master_key) as log`: one per process and event loop."""

    def __init__(
        self,
        url: str,
        master_key: bytes,
        *,
        connections: Pool | None = None,
        remembered_max: int = REMEMBERED_MAX,
    ) -> None:
        lent = connections or pool(url, size_max=READERS_MAX, name="quire log")
        self._own = None if connections else lent
        self._lines = Lines(lent)
        news = News()
        self._ears = Ears(url, news, self.keys_changed)
        self._flusher = Flusher(url)
        self._stack = AsyncExitStack()
        super().__init__(
            EventStore(self._lines, self._flusher),
            SubjectKeys(self._lines, master_key),
            news,
            remembered_max=remembered_max,
        )

    async def __aenter__(self) -> Self:
        if self._own is not None:
            await self._stack.enter_async_context(self._own)
        self._stack.push_async_callback(self._flusher.close)
        await self._ears.open()
        self._stack.push_async_callback(self._ears.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Finish what was asked for and hang up."""
        await self._stack.aclose()

    async def prune(self, days: int = COMMANDS_DAYS) -> int:
        """Forget which commands were carried out long ago; return how many."""
        return await self._lines.run(
            "delete from log.commands where at < now() - make_interval(days => %(days)s)",
            {"days": days},
        )
