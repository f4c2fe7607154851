"""Knowledge bases: whose they are, who may use them, and which file lies where in them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self, TypeVar
from uuid import UUID

from domain.aggregate import Aggregate, Created
from domain.cuttings import checked_cutting
from domain.errors import Conflict, Forbidden, Invalid, LimitReached, NotFound
from domain.files import is_seen

NAME_CHARACTERS_MAX = 255
DESCRIPTION_CHARACTERS_MAX = 5_000
DIRECTORIES_MAX = 10_000
DEPTH_MAX = 32
FILES_MAX = 100_000
GRANTS_MAX = 200

K = TypeVar("K")
V = TypeVar("V")


class Role(StrEnum):
    """What somebody may do with a knowledge base."""

    READ = "read"
    WRITE = "write"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Grant:
    """Who may use a knowledge base, and how far; nobody by name means everybody."""

    user_id: UUID | None
    role: Role


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory: what it is called, and which one it lies in."""

    name: str
    parent_id: UUID | None


class Table(dict[K, V]):
    """A dictionary of what never changes: a copy of it needs no copies of what is in it."""

    def __deepcopy__(self, _: object) -> Table[K, V]:
        return Table(self)


class Knowledge(Aggregate):
    """Files in a tree of directories, to ask of."""

    TOPIC = "knowledge"

    class Event(Aggregate.Event):
        """Anything that happens to a knowledge base."""

    class Created(Event, Created):
        TOPIC = "knowledge.created"
        PERSONAL = ("name", "description")
        owner: UUID
        name: str
        description: str

    class Described(Event):
        TOPIC = "knowledge.described"
        PERSONAL = ("name", "description")
        name: str
        description: str

        def apply(self, knowledge: Knowledge) -> None:
            knowledge.name = self.name
            knowledge.description = self.description

    class Shared(Event):
        TOPIC = "knowledge.shared"
        access: list[Grant]

        def apply(self, knowledge: Knowledge) -> None:
            knowledge.access = Table((each.user_id, each.role) for each in self.access)

    class CuttingChosen(Event):
        TOPIC = "knowledge.cutting_chosen"
        cutting: dict[str, Any] | None

        def apply(self, knowledge: Knowledge) -> None:
            knowledge.cutting = self.cutting

    class ReindexRequested(Event):
        TOPIC = "knowledge.reindex_requested"

    class DirectoryMade(Event):
        TOPIC = "knowledge.directory_made"
        PERSONAL = ("name",)
        directory_id: UUID
        parent_id: UUID | None
        name: str

        def apply(self, knowledge: Knowledge) -> None:
            knowledge.directories[self.directory_id] = Directory(self.name, self.parent_id)

    class DirectoryRenamed(Event):
        TOPIC = "knowledge.directory_renamed"
        PERSONAL = ("name",)
        directory_id: UUID
        name: str

        def apply(self, knowledge: Knowledge) -> None:
            parent_id = knowledge.directories[self.directory_id].parent_id
            knowledge.directories[self.directory_id] = Directory(self.name, parent_id)

    class DirectoryMoved(Event):
        TOPIC = "knowledge.directory_moved"
        directory_id: UUID
        parent_id: UUID | None

        def apply(self, knowledge: Knowledge) -> None:
            name = knowledge.directories[self.directory_id].name
            knowledge.directories[self.directory_id] = Directory(name, self.parent_id)

    class DirectoryRemoved(Event):
        TOPIC = "knowledge.directory_removed"
        directory_id: UUID

        def apply(self, knowledge: Knowledge) -> None:
            gone = {each for level in knowledge.levels(self.directory_id) for each in level}
            for each in gone:
                del knowledge.directories[each]
            for file_id in [key for key, place in knowledge.files.items() if place in gone]:
                del knowledge.files[file_id]

    class FileAdded(Event):
        TOPIC = "knowledge.file_added"
        file_id: UUID
        directory_id: UUID | None

        def apply(self, knowledge: Knowledge) -> None:
            knowledge.files[self.file_id] = self.directory_id

    class FileMoved(Event):
        TOPIC = "knowledge.file_moved"
        file_id: UUID
        directory_id: UUID | None

        def apply(self, knowledge: Knowledge) -> None:
            knowledge.files[self.file_id] = self.directory_id

    class FileRemoved(Event):
        TOPIC = "knowledge.file_removed"
        file_id: UUID

        def apply(self, knowledge: Knowledge) -> None:
            del knowledge.files[self.file_id]

    class Trashed(Event):
        TOPIC = "knowledge.trashed"

        def apply(self, knowledge: Knowledge) -> None:
            knowledge.trashed = True

    class Restored(Event):
        TOPIC = "knowledge.restored"

        def apply(self, knowledge: Knowledge) -> None:
            knowledge.trashed = False

    class Deleted(Event):
        TOPIC = "knowledge.deleted"

        def apply(self, knowledge: Knowledge) -> None:
            knowledge.deleted = True

    def __init__(self, owner: UUID, name: str, description: str) -> None:
        self.owner = owner
        self.name = name
        self.description = description
        self.access: Table[UUID | None, Role] = Table()
        self.cutting: dict[str, Any] | None = None
        self.directories: Table[UUID, Directory] = Table()
        self.files: Table[UUID, UUID | None] = Table()
        self.trashed = False
        self.deleted = False

    @property
    def owner_id(self) -> UUID:
        return self.owner

    @property
    def is_closed(self) -> bool:
        return self.trashed or self.deleted

    @classmethod
    def create(cls, knowledge_id: UUID, *, owner: UUID, name: str, description: str = "") -> Self:
        """Make an empty knowledge base."""
        return cls._create(
            cls.Created,
            id=knowledge_id,
            owner=owner,
            name=checked_name(name),
            description=checked_description(description),
        )

    def describe(self, *, name: str, description: str) -> None:
        """Call it something, and say what it is for."""
        said = (checked_name(name), checked_description(description))
        if said != (self.name, self.description):
            self.trigger_event(self.Described, name=said[0], description=said[1])

    def share(self, access: Sequence[Grant]) -> None:
        """Say who may use it, and how far; whoever is not named may not."""
        wanted = {each.user_id: each for each in access if each.user_id != self.owner}
        if len(access) > GRANTS_MAX:
            raise Invalid(f"access has at most {GRANTS_MAX} entries.")
        if len({each.user_id for each in access}) < len(access):
            raise Invalid("access names somebody twice.")
        if any(each.role == Role.OWNER for each in access):
            raise Invalid("access: a role is read or write.")
        if {key: each.role for key, each in wanted.items()} != self.access:
            self.trigger_event(self.Shared, access=list(wanted.values()))

    def choose_cutting(self, cutting: dict[str, Any] | None) -> None:
        """Have its files cut in a way of their own, or None: as everywhere."""
        cutting = None if cutting is None else checked_cutting(cutting)
        if cutting != self.cutting:
            self.trigger_event(self.CuttingChosen, cutting=cutting)

    def reindex(self) -> None:
        """Have its files read and indexed anew."""
        self.trigger_event(self.ReindexRequested)

    def make_directory(self, directory_id: UUID, *, name: str, parent_id: UUID | None) -> None:
        """Make a directory; wishing twice makes one."""
        wanted = Directory(checked_directory_name(name), parent_id)
        known = self.directories.get(directory_id)
        if known == wanted:
            return
        if known is not None:
            raise Conflict("Another directory has this id.")
        if len(self.directories) >= DIRECTORIES_MAX:
            raise LimitReached(f"A knowledge base has at most {DIRECTORIES_MAX} directories.")
        self._must_fit(wanted, height=1)
        self.trigger_event(
            self.DirectoryMade, directory_id=directory_id, parent_id=parent_id, name=wanted.name
        )

    def change_directory(self, directory_id: UUID, *, name: str, parent_id: UUID | None) -> None:
        """Rename a directory, or move it with all that is in it."""
        known = self.directory(directory_id)
        wanted = Directory(checked_directory_name(name), parent_id)
        if wanted == known:
            return
        if parent_id != known.parent_id and directory_id in self._path(parent_id):
            raise Conflict("A directory cannot be moved into itself.")
        self._must_fit(wanted, height=len(list(self.levels(directory_id))))
        if wanted.name != known.name:
            self.trigger_event(self.DirectoryRenamed, directory_id=directory_id, name=wanted.name)
        if parent_id != known.parent_id:
            self.trigger_event(self.DirectoryMoved, directory_id=directory_id, parent_id=parent_id)

    def remove_directory(self, directory_id: UUID) -> None:
        """Remove a directory and what is in it from here; the files themselves stay."""
        self.directory(directory_id)
        self.trigger_event(self.DirectoryRemoved, directory_id=directory_id)

    def place_file(self, file_id: UUID, *, directory_id: UUID | None) -> None:
        """Add a file, or move one that is here to another directory."""
        if directory_id is not None:
            self.directory(directory_id)
        if file_id not in self.files:
            if len(self.files) >= FILES_MAX:
                raise LimitReached(f"A knowledge base has at most {FILES_MAX} files.")
            self.trigger_event(self.FileAdded, file_id=file_id, directory_id=directory_id)
        elif self.files[file_id] != directory_id:
            self.trigger_event(self.FileMoved, file_id=file_id, directory_id=directory_id)

    def remove_file(self, file_id: UUID) -> None:
        """Take a file out; it stays with its owner."""
        if file_id not in self.files:
            raise NotFound("file", file_id)
        self.trigger_event(self.FileRemoved, file_id=file_id)

    def trash(self) -> None:
        """Put it into the trash, whence it can come back."""
        if not self.trashed:
            self.trigger_event(self.Trashed)

    def restore(self) -> None:
        """Take it out of the trash."""
        if self.trashed:
            self.trigger_event(self.Restored)

    def delete(self) -> None:
        """Remove it for good; only what is in the trash can go. Its files stay."""
        if not self.trashed:
            raise Conflict("Only a knowledge base in the trash can be deleted for good.")
        if not self.deleted:
            self.trigger_event(self.Deleted)

    def role_of(self, user_id: UUID) -> Role | None:
        """What somebody may do; None: to him it does not exist."""
        if self.deleted:
            return None
        if user_id == self.owner:
            return Role.OWNER
        found = {self.access.get(user_id), self.access.get(None)} - {None}
        if self.trashed or not found:
            return None
        return Role.WRITE if Role.WRITE in found else Role.READ

    def admit(self, by: UUID, role: Role = Role.READ) -> None:
        """Let in who may do what a role may; to strangers it does not exist."""
        found = self.role_of(by)
        if found is None:
            raise NotFound("knowledge", self.id)
        if role == Role.OWNER and found != Role.OWNER:
            raise Forbidden("Only the owner of this knowledge base may do this.")
        if role == Role.WRITE and found == Role.READ:
            raise Forbidden("You may only read this knowledge base.")

    def must_be_open(self) -> None:
        """Refuse changes in the trash."""
        if self.trashed:
            raise Conflict("This knowledge base is in the trash. Restore it first.")

    def levels(self, directory_id: UUID) -> Iterator[list[UUID]]:
        """A directory, then those in it, then those in them, and so on."""
        below: dict[UUID | None, list[UUID]] = {}
        for key, each in self.directories.items():
            below.setdefault(each.parent_id, []).append(key)
        level = [directory_id]
        while level:
            yield level
            level = [each for key in level for each in below.get(key, ())]

    def directory(self, directory_id: UUID) -> Directory:
        """A directory that is here, or NotFound."""
        if directory_id not in self.directories:
            raise NotFound("directory", directory_id)
        return self.directories[directory_id]

    def _path(self, directory_id: UUID | None) -> list[UUID]:
        """A directory and those it lies in; of None: nothing."""
        path = []
        while directory_id is not None:
            path.append(directory_id)
            directory_id = self.directory(directory_id).parent_id
        return path

    def _must_fit(self, directory: Directory, *, height: int) -> None:
        """Refuse a second directory of a name in one place, and trees that never end."""
        depth = len(self._path(directory.parent_id))
        if directory in self.directories.values():
            raise Conflict("There is a directory of this name already.")
        if depth + height > DEPTH_MAX:
            raise Invalid(f"Directories lie at most {DEPTH_MAX} deep.")


def checked_name(name: str) -> str:
    """The name of a knowledge base as it is kept: one line."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name or len(name) > NAME_CHARACTERS_MAX:
        raise Invalid(f"A name has 1 to {NAME_CHARACTERS_MAX} characters.")
    return name


def checked_description(description: str) -> str:
    """What is said of a knowledge base, as it is kept."""
    description = description.strip()
    if len(description) > DESCRIPTION_CHARACTERS_MAX:
        raise Invalid(f"A description has at most {DESCRIPTION_CHARACTERS_MAX} characters.")
    return description


def checked_directory_name(name: str) -> str:
    """The name of a directory as it is kept: what can be one part of a path."""
    if any(not is_seen(each) or unicodedata.category(each) == "Cc" for each in name):
        raise Invalid("The name of a directory has only characters that can be seen.")
    name = checked_name(name)
    if name in (".", "..") or "/" in name or "\\" in name:
        raise Invalid("The name of a directory is not `.` or `..` and has no slashes.")
    return name
