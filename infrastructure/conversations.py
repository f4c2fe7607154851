"""Chats as models get to read them."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from psycopg_pool import PoolTimeout

from application.answering.context import Manner, Opening, Said
from application.ports import Unavailable
from infrastructure.reader import Lagging, Reader
from projections import chats
from projections.branches import ContextRow, context, count_above
from projections.messages import messages
from projections.read_model import Db

PAGE = 20
FURTHER_PAGE = 100  # who has many short messages would else be asked for again and again
COUNTED_MAX = 1_000  # so that the longest chat costs no more


class Conversations:
    """Reads what the read models have of a chat."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def opening(self, chat_id: UUID, question_id: UUID, after: int) -> Opening | None:
        """A question and what was said before, as new as a position; None when it is gone."""
        async with self._read(after) as db:
            chat = await chats.find(db, chat_id)
            rows, above = await context(db, chat_id, question_id, limit=PAGE)
        if chat is None or not rows or rows[0].id != question_id:
            return None
        manner = Manner(chat.system, chat.params)
        return Opening(manner, said(rows), above, attached=rows[0].attached)

    async def upwards(
        self, chat_id: UUID, start_id: UUID | None
    ) -> AsyncGenerator[Sequence[Said], None]:
        """A branch from a message upwards, newest first, in pages."""
        while start_id is not None:
            async with self._read(0) as db:
                rows, start_id = await context(db, chat_id, start_id, limit=FURTHER_PAGE)
            yield said(rows)

    async def count_above(self, chat_id: UUID, start_id: UUID) -> int:
        """How many messages a branch has, from a message upwards."""
        async with self._read(0) as db:
            return await count_above(db, chat_id, start_id, limit=COUNTED_MAX)

    @asynccontextmanager
    async def _read(self, after: int) -> AsyncIterator[Db]:
        try:
            async with self._reader.read(messages, after=after) as db:
                yield db
        except (Lagging, TimeoutError, PoolTimeout) as error:
            raise Unavailable("The messages cannot be read for the moment.") from error


def said(rows: Sequence[ContextRow]) -> list[Said]:
    """Messages as prompts need them."""
    return [Said(each.role, each.content) for each in rows]
