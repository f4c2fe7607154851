"""Which knowledge lies elsewhere. What opens it is kept elsewhere too."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from application.command import Command, Work
from application.knowledge import CreateKnowledge
from application.retrieval.sources import source_of, values_of
from application.users import require_administrator
from domain.errors import Conflict
from domain.knowledge import Knowledge
from domain.knowledge_sources import KnowledgeSource, source_id_of


@dataclass(frozen=True, slots=True)
class ConnectSource(Command[KnowledgeSource]):
    """Make a knowledge base of what others keep. It is shared like any other."""

    knowledge_id: UUID
    name: str
    description: str
    source: Mapping[str, Any]
    has_key: bool = False

    async def execute(self, work: Work) -> KnowledgeSource:
        require_administrator(work)
        values = values_of(source_of(self.source))
        if known := await work.known(KnowledgeSource, source_id_of(self.knowledge_id)):
            if known.removed or known.source != values:
                raise Conflict("Another knowledge source has this id.")
            return known
        if await work.known(Knowledge, self.knowledge_id):
            raise Conflict("Another knowledge base has this id.")
        await CreateKnowledge(self.knowledge_id, self.name, self.description).execute(work)
        source = KnowledgeSource.connect(self.knowledge_id, source=values, has_key=self.has_key)
        work.add(source)
        return source


@dataclass(frozen=True, slots=True)
class ChangeSource(Command[KnowledgeSource]):
    """Ask it elsewhere, or in another way."""

    knowledge_id: UUID
    source: Mapping[str, Any]
    has_key: bool

    async def execute(self, work: Work) -> KnowledgeSource:
        require_administrator(work)
        source = await work.get(KnowledgeSource, source_id_of(self.knowledge_id))
        source.change(source=values_of(source_of(self.source)), has_key=self.has_key)
        return source


@dataclass(frozen=True, slots=True)
class RemoveSource(Command[None]):
    """Ask it no more, and take its knowledge base away."""

    knowledge_id: UUID

    async def execute(self, work: Work) -> None:
        require_administrator(work)
        source = await work.get(KnowledgeSource, source_id_of(self.knowledge_id))
        source.must_exist()
        source.remove()
        knowledge = await work.get(Knowledge, self.knowledge_id)
        if not knowledge.deleted:
            knowledge.trash()
            knowledge.delete()
