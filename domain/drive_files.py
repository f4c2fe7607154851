"""Files of drives that somebody chose: fetched by a worker, then files like any other."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from domain.aggregate import Aggregate, Created
from domain.drives import Kind
from domain.errors import Invalid, NotFound
from domain.files import MESSAGE_CHARACTERS_MAX, NAME_CHARACTERS_MAX

ITEM_CHARACTERS_MAX = 500


class DriveFile(Aggregate):
    """A wish to have a file that lies in a drive, and what became of it."""

    TOPIC = "drive_file"

    class Event(Aggregate.Event):
        """Anything that happens to such a wish."""

    class Chosen(Event, Created):
        TOPIC = "drive_file.chosen"
        PERSONAL = ("item", "name")
        owner: UUID
        kind: Kind
        item: str
        name: str
        knowledge_id: UUID | None
        directory_id: UUID | None

    class Arrived(Event):
        TOPIC = "drive_file.arrived"
        file_id: UUID

        def apply(self, file: DriveFile) -> None:
            file.ended = True

    class Failed(Event):
        TOPIC = "drive_file.failed"
        PERSONAL = ("message",)
        reason: str
        message: str

        def apply(self, file: DriveFile) -> None:
            file.ended = True

    def __init__(
        self,
        owner: UUID,
        kind: Kind,
        item: str,
        name: str,
        knowledge_id: UUID | None,
        directory_id: UUID | None,
    ) -> None:
        self.owner = owner
        self.kind = kind
        self.item = item
        self.name = name
        self.knowledge_id = knowledge_id
        self.directory_id = directory_id
        self.ended = False

    @property
    def owner_id(self) -> UUID:
        return self.owner

    @property
    def is_closed(self) -> bool:
        return self.ended

    @classmethod
    def choose(
        cls,
        key: UUID,
        *,
        owner: UUID,
        kind: Kind,
        item: tuple[str, str],
        place: tuple[UUID | None, UUID | None] = (None, None),
    ) -> Self:
        """Have a file fetched: its id there and its name, and which knowledge base it is for."""
        item_id, name = item
        if not item_id or len(item_id) > ITEM_CHARACTERS_MAX:
            raise Invalid(f"item: has 1 to {ITEM_CHARACTERS_MAX} characters.")
        return cls._create(
            cls.Chosen,
            id=key,
            owner=owner,
            kind=kind,
            item=item_id,
            name=name[:NAME_CHARACTERS_MAX],
            knowledge_id=place[0],
            directory_id=place[1],
        )

    def admit(self, by: UUID) -> None:
        """Let in whose wish it is; to others it does not exist."""
        if by != self.owner:
            raise NotFound("drive file", self.id)

    def arrive(self, file_id: UUID) -> None:
        """Record which file it became."""
        if not self.ended:
            self.trigger_event(self.Arrived, file_id=file_id)

    def fail(self, reason: str, message: str) -> None:
        """Record why it cannot be had."""
        if not self.ended:
            self.trigger_event(self.Failed, reason=reason, message=message[:MESSAGE_CHARACTERS_MAX])
