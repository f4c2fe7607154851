"""What one can do to a knowledge base, and to what lies in it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from application.command import Command, Work
from domain.errors import Conflict, Invalid
from domain.files import File
from domain.knowledge import Directory, Grant, Knowledge, Role
from domain.knowledge_sources import KnowledgeSource, source_id_of
from domain.users import User

FILES_EACH_MAX = 200


async def open_knowledge(work: Work, knowledge_id: UUID, role: Role) -> Knowledge:
    """The knowledge base of somebody who may do what a role may."""
    knowledge = await work.get(Knowledge, knowledge_id)
    knowledge.admit(work.actor.id, role)
    return knowledge


async def changing(work: Work, knowledge_id: UUID, role: Role = Role.WRITE) -> Knowledge:
    """The same, and it is not in the trash."""
    knowledge = await open_knowledge(work, knowledge_id, role)
    knowledge.must_be_open()
    return knowledge


@dataclass(frozen=True, slots=True)
class CreateKnowledge(Command[None]):
    """Make a knowledge base. The caller chooses its id, so wishing twice makes one."""

    knowledge_id: UUID
    name: str
    description: str = ""

    async def execute(self, work: Work) -> None:
        if known := await work.known(Knowledge, self.knowledge_id):
            known.admit(work.actor.id)
            if known.owner != work.actor.id:
                raise Conflict("Another knowledge base has this id.")
            return
        work.add(
            Knowledge.create(
                self.knowledge_id,
                owner=work.actor.id,
                name=self.name,
                description=self.description,
            )
        )


@dataclass(frozen=True, slots=True)
class DescribeKnowledge(Command[None]):
    """Change the name or the description of a knowledge base; what is None stays."""

    knowledge_id: UUID
    name: str | None = None
    description: str | None = None

    async def execute(self, work: Work) -> None:
        knowledge = await changing(work, self.knowledge_id)
        knowledge.describe(
            name=knowledge.name if self.name is None else self.name,
            description=knowledge.description if self.description is None else self.description,
        )


@dataclass(frozen=True, slots=True)
class ShareKnowledge(Command[None]):
    """Say who else may use a knowledge base; whoever is not named may not from now on."""

    knowledge_id: UUID
    access: tuple[Grant, ...]

    async def execute(self, work: Work) -> None:
        knowledge = await changing(work, self.knowledge_id, Role.OWNER)
        before = set(knowledge.access)
        knowledge.share(self.access)
        for user_id in set(knowledge.access) - before - {None}:
            if user_id and await work.find(User, user_id) is None:
                raise Invalid(f"access: there is no person {user_id}.")


@dataclass(frozen=True, slots=True)
class ChooseCutting(Command[None]):
    """Have the files of a knowledge base cut in a way of their own; None: as everywhere."""

    knowledge_id: UUID
    cutting: dict[str, Any] | None

    async def execute(self, work: Work) -> None:
        knowledge = await changing(work, self.knowledge_id, Role.OWNER)
        knowledge.choose_cutting(self.cutting)


@dataclass(frozen=True, slots=True)
class ReindexKnowledge(Command[None]):
    """Have the files of a knowledge base read and indexed anew."""

    knowledge_id: UUID

    async def execute(self, work: Work) -> None:
        (await changing(work, self.knowledge_id)).reindex()


@dataclass(frozen=True, slots=True)
class MakeDirectory(Command[Directory]):
    """Make a directory in a knowledge base. The caller chooses its id."""

    knowledge_id: UUID
    directory_id: UUID
    name: str
    parent_id: UUID | None = None

    async def execute(self, work: Work) -> Directory:
        knowledge = await changing(work, self.knowledge_id)
        knowledge.make_directory(self.directory_id, name=self.name, parent_id=self.parent_id)
        return knowledge.directory(self.directory_id)


@dataclass(frozen=True, slots=True)
class ChangeDirectory(Command[Directory]):
    """Rename a directory, or move it with all that is in it; what is None stays."""

    knowledge_id: UUID
    directory_id: UUID
    name: str | None = None
    parent_id: UUID | None = None
    to_top: bool = False

    async def execute(self, work: Work) -> Directory:
        knowledge = await changing(work, self.knowledge_id)
        known = knowledge.directory(self.directory_id)
        knowledge.change_directory(
            self.directory_id,
            name=known.name if self.name is None else self.name,
            parent_id=None if self.to_top else self.parent_id or known.parent_id,
        )
        return knowledge.directory(self.directory_id)


@dataclass(frozen=True, slots=True)
class RemoveDirectory(Command[None]):
    """Remove a directory and what is in it from a knowledge base; the files themselves stay."""

    knowledge_id: UUID
    directory_id: UUID

    async def execute(self, work: Work) -> None:
        knowledge = await changing(work, self.knowledge_id)
        knowledge.remove_directory(self.directory_id)


@dataclass(frozen=True, slots=True)
class AddFiles(Command[None]):
    """Put files into a directory of a knowledge base: one's own, or such as are there already."""

    knowledge_id: UUID
    file_ids: tuple[UUID, ...]
    directory_id: UUID | None = None

    async def execute(self, work: Work) -> None:
        if len(self.file_ids) > FILES_EACH_MAX:
            raise Invalid(f"At most {FILES_EACH_MAX} files are added at once.")
        knowledge = await changing(work, self.knowledge_id)
        for file_id in self.file_ids:
            if file_id not in knowledge.files:
                file = await work.get(File, file_id)
                file.admit(work.actor.id)
                file.must_be_open()
                work.require(file_id)
            knowledge.place_file(file_id, directory_id=self.directory_id)


@dataclass(frozen=True, slots=True)
class RemoveFile(Command[None]):
    """Take a file out of a knowledge base; it stays with its owner."""

    knowledge_id: UUID
    file_id: UUID

    async def execute(self, work: Work) -> None:
        (await changing(work, self.knowledge_id)).remove_file(self.file_id)


@dataclass(frozen=True, slots=True)
class TrashKnowledge(Command[None]):
    """Put a knowledge base into the trash; nobody else sees it from now on."""

    knowledge_id: UUID

    async def execute(self, work: Work) -> None:
        (await open_knowledge(work, self.knowledge_id, Role.OWNER)).trash()


@dataclass(frozen=True, slots=True)
class RestoreKnowledge(Command[None]):
    """Take a knowledge base out of the trash."""

    knowledge_id: UUID

    async def execute(self, work: Work) -> None:
        (await open_knowledge(work, self.knowledge_id, Role.OWNER)).restore()


@dataclass(frozen=True, slots=True)
class DeleteKnowledge(Command[None]):
    """Remove a knowledge base in the trash for good; its files stay with their owners.

    What it asked elsewhere is asked no more, and stays there.
    """

    knowledge_id: UUID

    async def execute(self, work: Work) -> None:
        (await open_knowledge(work, self.knowledge_id, Role.OWNER)).delete()
        if source := await work.find(KnowledgeSource, source_id_of(self.knowledge_id)):
            source.remove()
