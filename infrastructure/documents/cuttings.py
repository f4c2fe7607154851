"""How a file is cut: as its knowledge base wants it, else as the installation does."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from application.documents.choices import parsed
from application.documents.cutting import Cutting
from application.ports import Unavailable
from domain.errors import Invalid
from infrastructure.base_log import BaseLog
from infrastructure.documents.indexes import Index
from infrastructure.jobs import ask_all
from infrastructure.lines import Lines
from infrastructure.reader import Lagging, Reader
from projections.knowledge import knowledge

OWN = """
    select k.cutting from knowledge_entries e join knowledge k on k.id = e.knowledge_id
    where e.file_id = %(file)s and k.cutting is not null
    order by k.created_at, k.id limit 1
"""
GAP_SECONDS = 0.05  # so that new files find a place between
FILES = "select file_id from knowledge_entries where knowledge_id = %(knowledge)s"


@dataclass(frozen=True, slots=True)
class Cuttings:
    """Looks at what knowledge bases have chosen."""

    log: BaseLog
    lines: Lines
    reader: Reader

    async def of(self, file_id: UUID, index: Index) -> Cutting:
        """How a file is cut in a generation."""
        rows = await self._read(OWN, {"file": file_id})
        house = parsed(Cutting, index.settings["cutting"])
        try:
            return parsed(Cutting, rows[0]["cutting"]) if rows else house
        except Invalid:  # it was chosen when other limits held
            return house

    async def recut(self, knowledge_id: UUID) -> None:
        """Have all files of a knowledge base looked at, since it chose another cutting."""
        await self._ask("ingest", knowledge_id)

    async def renew(self, knowledge_id: UUID) -> None:
        """Have all files of a knowledge base read and indexed anew."""
        await self._ask("reread", knowledge_id)

    async def _ask(self, job: str, knowledge_id: UUID) -> None:
        rows = await self._read(FILES, {"knowledge": knowledge_id})
        await ask_all(self.lines, job, [row["file_id"] for row in rows], gap=GAP_SECONDS)

    async def _read(self, sql: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        """Read what is at least as new as the log is now."""
        try:
            async with self.reader.read(knowledge, after=await self.log.head()) as db:
                await db.execute(sql, params)
                return await db.fetchall()
        except (Lagging, TimeoutError) as error:
            raise Unavailable("The knowledge bases cannot be read for the moment.") from error
