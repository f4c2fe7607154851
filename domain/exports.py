"""Exports: judgements that left the house, how many, and up to which position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from domain.aggregate import Aggregate, Created
from domain.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file of an export; `size` in bytes."""

    path: str
    format: str
    rows: int
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export came to. `manifest_sha256` is that of its manifest as it was written."""

    manifest_sha256: str
    from_position: int
    to_position: int
    rows: int
    files: list[ExportedFile]


class Export(Aggregate):
    """A choice of judgements, written to files by a worker."""

    TOPIC = "export"

    class Event(Aggregate.Event):
        """Anything that happens to an export."""

    class Requested(Event, Created):
        TOPIC = "export.requested"
        owner: UUID
        order: dict[str, Any]

    class Recorded(Event, Created):
        """Files were written elsewhere, from the command line."""

        TOPIC = "export.recorded"
        owner: UUID
        order: dict[str, Any]
        exported: Exported

        def apply(self, export: Export) -> None:
            export.state = "done"

    class Finished(Event):
        TOPIC = "export.finished"
        exported: Exported

        def apply(self, export: Export) -> None:
            export.state = "done"
            export.exported = self.exported

    class Failed(Event):
        TOPIC = "export.failed"
        reason: str

        def apply(self, export: Export) -> None:
            export.state = "failed"

    class Deleted(Event):
        TOPIC = "export.deleted"

        def apply(self, export: Export) -> None:
            export.state = "deleted"

    def __init__(self, owner: UUID, order: dict[str, Any]) -> None:
        self.owner = owner
        self.order = order
        self.state = "running"
        self.exported: Exported | None = None

    @property
    def owner_id(self) -> UUID:
        return self.owner

    @classmethod
    def request(cls, export_id: UUID, *, owner: UUID, order: dict[str, Any]) -> Self:
        """Have judgements written to files."""
        return cls._create(cls.Requested, id=export_id, owner=owner, order=order)

    @classmethod
    def record(
        cls, export_id: UUID, *, owner: UUID, order: dict[str, Any], exported: Exported
    ) -> Self:
        """Remember that files were written to a folder."""
        return cls._create(cls.Recorded, id=export_id, owner=owner, order=order, exported=exported)

    def finish(self, exported: Exported) -> None:
        """It is written; the second end is no news."""
        if self.state == "running":
            self.trigger_event(self.Finished, exported=exported)

    def fail(self, reason: str) -> None:
        """It cannot be written."""
        if self.state == "running":
            self.trigger_event(self.Failed, reason=reason)

    def delete(self) -> None:
        """Remove its files; one that is being written ends."""
        if self.state == "deleted":
            raise NotFound("export", self.id)
        self.trigger_event(self.Deleted)

    def must_run(self) -> None:
        """Refuse to write what has ended."""
        if self.state != "running":
            raise Conflict("This export has ended.")
