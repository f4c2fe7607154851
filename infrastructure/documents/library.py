"""What is attached to questions, and which files somebody may read."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from psycopg_pool import PoolTimeout

from application.ports import Unavailable
from application.retrieval.ports import Attached, FileState
from infrastructure.reader import Lagging, Reader
from projections import scopes
from projections.attachments import SEARCH, attachments, distinct, on_branch
from projections.read_model import Db

OWN_FILES_MAX = 10_000


class ReadLibrary:
    """The `Library` port on the read models."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def attached(self, chat_id: UUID, question_id: UUID) -> Attached:
        """All that holds for a question of this chat."""
        async with self._read() as db:
            rows = await on_branch(db, chat_id, question_id)
        known = distinct([each for each in rows if each.kind != SEARCH])
        ids = {
            kind: [each.target_id for each in known if each.kind == kind and each.target_id]
            for kind in ("file", "knowledge")
        }
        return Attached(
            file_ids=ids["file"],
            knowledge_ids=ids["knowledge"],
            urls=[each.url for each in known if each.url],
            whole_ids=frozenset(each.target_id for each in known if each.whole and each.target_id),
            web_search=any(each.kind == SEARCH and each.message_id == question_id for each in rows),
        )

    async def readable(self, user_id: UUID, attached: Attached) -> Sequence[FileState]:
        """The files of what is attached that this person may read now."""
        files, knowledge = attached.file_ids, attached.knowledge_ids
        if not (files or knowledge):
            return []
        async with self._read() as db:
            rows = await scopes.usable(db, user_id, files, knowledge, attached.whole_ids)
        return [state_of(row) for row in rows]

    async def own(self, user_id: UUID) -> Sequence[FileState]:
        """The files of this person that can be searched."""
        async with self._read() as db:
            rows = await scopes.own(db, user_id, limit=OWN_FILES_MAX)
        return [state_of(row) for row in rows]

    @asynccontextmanager
    async def _read(self) -> AsyncIterator[Db]:
        try:
            async with self._reader.read(attachments) as db:
                yield db
        except (Lagging, TimeoutError, PoolTimeout) as error:
            raise Unavailable("The files cannot be read for the moment.") from error


def state_of(row: scopes.ScopeRow) -> FileState:
    """A file as retrieval knows it."""
    return FileState(row.id, row.name, row.state, row.chosen, row.whole)
