"""Imports: judgements made elsewhere that an administrator has taken over, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from domain.aggregate import Aggregate, Created
from domain.errors import Conflict

SHOWN_MAX = 100
OPEN = ("queued", "running")


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that was sent for an import: which part of it, and by which upload."""

    part: str
    name: str
    size: int
    upload_id: UUID


@dataclass(frozen=True, slots=True)
class Unusable:
    """A line that cannot be taken over, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """What became of some lines; `since` is the part and the line where they begin, after it."""

    since: tuple[str, int]
    part: str
    line: int
    imported: int
    skipped: int
    unusable: int
    reasons: dict[str, int]
    shown: list[Unusable]


class Import(Aggregate):
    """Files of judgements that a worker takes over, step by step."""

    TOPIC = "import"

    class Event(Aggregate.Event):
        """Anything that happens to an import."""

    class Asked(Event, Created):
        TOPIC = "import.asked"
        owner: UUID
        kind: str
        space: str
        name: str
        files: list[SentFile]

    class Started(Event):
        TOPIC = "import.started"

        def apply(self, of: Import) -> None:
            of.state = "running"

    class Advanced(Event):
        """Some lines were read. Numbers are those of all so far; `shown` are new ones."""

        TOPIC = "import.advanced"
        part: str
        line: int
        imported: int
        skipped: int
        unusable: int
        reasons: dict[str, int]
        shown: list[Unusable]

        def apply(self, of: Import) -> None:
            of.at = (self.part, self.line)
            of.imported = self.imported
            of.skipped = self.skipped
            of.unusable = self.unusable
            of.reasons = self.reasons
            of.shown += len(self.shown)

    class Finished(Event):
        TOPIC = "import.finished"

        def apply(self, of: Import) -> None:
            of.state = "done"

    class Failed(Event):
        TOPIC = "import.failed"
        reason: str

        def apply(self, of: Import) -> None:
            of.state = "failed"

    class Cancelled(Event):
        TOPIC = "import.cancelled"

        def apply(self, of: Import) -> None:
            of.state = "cancelled"

    def __init__(
        self, owner: UUID, kind: str, space: str, name: str, files: list[SentFile]
    ) -> None:
        self.owner = owner
        self.kind = kind
        self.space = space
        self.name = name
        self.files = files
        self.state = "queued"
        self.at = ("", 0)
        self.imported = self.skipped = self.unusable = self.shown = 0
        self.reasons: dict[str, int] = {}

    @property
    def owner_id(self) -> UUID:
        return self.owner

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in OPEN

    @classmethod
    def ask(
        cls,
        import_id: UUID,
        *,
        owner: UUID,
        kind: str,
        space: str,
        name: str,
        files: list[SentFile],
    ) -> Self:
        """Have files taken over."""
        return cls._create(
            cls.Asked, id=import_id, owner=owner, kind=kind, space=space, name=name, files=files
        )

    def start(self) -> None:
        """A worker has it; a second worker that goes on with it is no news."""
        if self.state == "queued":
            self.trigger_event(self.Started)

    def advance(self, step: Step) -> None:
        """Note what became of some lines, all of which are taken over in the same moment."""
        if not self.is_open:
            raise Conflict("This import has ended.")
        if step.since != self.at:
            raise Conflict("Another worker goes on with this import.")
        reasons = dict(self.reasons)
        for reason, count in step.reasons.items():
            reasons[reason] = reasons.get(reason, 0) + count
        self.trigger_event(
            self.Advanced,
            part=step.part,
            line=step.line,
            imported=self.imported + step.imported,
            skipped=self.skipped + step.skipped,
            unusable=self.unusable + step.unusable,
            reasons=reasons,
            shown=step.shown[: max(SHOWN_MAX - self.shown, 0)],
        )

    def finish(self) -> None:
        """All lines are read."""
        if self.is_open:
            self.trigger_event(self.Finished)

    def fail(self, reason: str) -> None:
        """It cannot be gone on with."""
        if self.is_open:
            self.trigger_event(self.Failed, reason=reason)

    def cancel(self) -> None:
        """Stop it. What was taken over stays; the second wish is no news."""
        if self.state in ("done", "failed"):
            raise Conflict("This import has ended. What it took over stays.")
        if self.state != "cancelled":
            self.trigger_event(self.Cancelled)
