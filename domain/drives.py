"""Drives: where a person keeps files elsewhere, linked so that files can be fetched from there."""

from __future__ import annotations

from typing import Literal, Self
from uuid import UUID, uuid5

from domain.aggregate import Aggregate, Created
from domain.errors import Conflict

Kind = Literal["google", "microsoft"]
Reason = Literal["wish", "expired"]

NAMES: dict[Kind, str] = {"google": "Google Drive", "microsoft": "OneDrive"}
ACCOUNT_CHARACTERS_MAX = 300


class Drive(Aggregate):
    """One drive of one person. What opens it is kept elsewhere, sealed."""

    TOPIC = "drive"

    class Event(Aggregate.Event):
        """Anything that happens to a drive."""

    class Linked(Event, Created):
        TOPIC = "drive.linked"
        PERSONAL = ("account",)
        owner: UUID
        kind: Kind
        account: str

    class LinkedAgain(Event):
        TOPIC = "drive.linked_again"
        PERSONAL = ("account",)
        account: str

        def apply(self, drive: Drive) -> None:
            drive.linked = True

    class Unlinked(Event):
        TOPIC = "drive.unlinked"
        reason: Reason

        def apply(self, drive: Drive) -> None:
            drive.linked = False

    def __init__(self, owner: UUID, kind: Kind) -> None:
        self.owner = owner
        self.kind = kind
        self.linked = True

    @property
    def owner_id(self) -> UUID:
        return self.owner

    @property
    def is_closed(self) -> bool:
        return not self.linked

    @classmethod
    def link(cls, *, owner: UUID, kind: Kind, account: str) -> Self:
        """Let files be fetched from there for the first time."""
        return cls._create(
            cls.Linked,
            id=drive_id_of(owner, kind),
            owner=owner,
            kind=kind,
            account=account[:ACCOUNT_CHARACTERS_MAX],
        )

    def link_again(self, account: str) -> None:
        """Let files be fetched from there, perhaps of another account."""
        self.trigger_event(self.LinkedAgain, account=account[:ACCOUNT_CHARACTERS_MAX])

    def unlink(self, reason: Reason) -> None:
        """Fetch nothing from there any more; what was fetched stays."""
        if self.linked:
            self.trigger_event(self.Unlinked, reason=reason)

    def must_be_linked(self) -> None:
        """Refuse what needs the drive."""
        if not self.linked:
            raise not_linked(self.kind)


def drive_id_of(owner: UUID, kind: Kind) -> UUID:
    """The id of the drive of a person: there is one of each kind at most."""
    return uuid5(owner, f"drive {kind}")


def not_linked(kind: Kind) -> Conflict:
    """What is said to whoever has no such drive here."""
    return Conflict(f"{NAMES[kind]} is not linked. Link it first.", code="drive_not_linked")
