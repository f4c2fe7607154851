"""Chats as models get to read them."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from psycopg_pool import PoolTimeout

from application.answering.context import Manner, Said
from application.ports import Log, Unavailable
from domain.chats import Chat
from infrastructure.reader import Lagging, Reader
from projections.branches import BRANCH, ContextRow, context
from projections.messages import messages
from projections.read_model import Db

PAGE = 20
COUNTED_MAX = 1_000  # so that the longest chat costs no more


class Conversations:
    """The settings of a chat from the log, its words from the read model."""

    def __init__(self, log: Log, reader: Reader) -> None:
        self._log = log
        self._reader = reader

    async def manner(self, chat_id: UUID) -> Manner:
        """How the models of a chat are asked."""
        system, params, _ = (await self._log.get(Chat, chat_id)).settings
        return Manner(system, params)

    async def upwards(
        self, chat_id: UUID, start_id: UUID, after: int
    ) -> AsyncGenerator[Sequence[Said], None]:
        """A branch from a message upwards, newest first, in pages; as new as a position."""
        place: UUID | None = start_id
        while place is not None:
            rows, above = await self._page(chat_id, place, after)
            if place == start_id and (not rows or rows[0].id != start_id):
                return  # the question is gone
            yield [Said(each.role, each.content) for each in rows]
            place = above

    async def count_above(self, chat_id: UUID, start_id: UUID) -> int:
        """How many messages a branch has, from a message upwards."""
        async with self._read(0) as db:
            await db.execute(
                f"{BRANCH} select count(*) as count from branch",  # noqa: S608 (a constant)
                {"chat": chat_id, "start": start_id, "limit": COUNTED_MAX},
            )
            row = await db.fetchone()
        return row["count"] if row else 0

    async def _page(
        self, chat_id: UUID, start_id: UUID, after: int
    ) -> tuple[list[ContextRow], UUID | None]:
        async with self._read(after) as db:
            return await context(db, chat_id, start_id, limit=PAGE)

    @asynccontextmanager
    async def _read(self, after: int) -> AsyncIterator[Db]:
        try:
            async with self._reader.read(messages, after=after) as db:
                yield db
        except (Lagging, TimeoutError, PoolTimeout) as error:
            raise Unavailable("The messages cannot be read for the moment.") from error
