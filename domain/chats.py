"""Chats: whose they are, what they are called and how their models are asked.

The messages of a chat are streams of their own (`domain/messages.py`, `domain/answers.py`), so
that a chat costs the same at its tenth and its ten thousandth message, and two people who write
at once do not disturb each other.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from domain.aggregate import Aggregate, Created
from domain.errors import Conflict, Invalid, NotFound

TITLE_CHARACTERS_MAX = 300
SYSTEM_CHARACTERS_MAX = 100_000


class TitleSource(StrEnum):
    """Who found the title of a chat; a person's word is never overruled."""

    DERIVED = "derived"
    AUTOMATIC = "automatic"
    PERSON = "person"


class Chat(Aggregate):
    """One conversation of one person."""

    TOPIC = "chat"

    class Event(Aggregate.Event):
        """Anything that happens to a chat."""

    class Started(Event, Created):
        TOPIC = "chat.started"
        PERSONAL = ("title",)
        owner: UUID
        title: str

    class Renamed(Event):
        TOPIC = "chat.renamed"
        PERSONAL = ("title",)
        title: str
        source: TitleSource

        def apply(self, chat: Chat) -> None:
            chat.title = self.title
            chat.title_source = self.source

    class Configured(Event):
        TOPIC = "chat.configured"
        PERSONAL = ("system",)
        system: str
        params: dict[str, Any]
        models: list[str]

        def apply(self, chat: Chat) -> None:
            chat.settings = (self.system, self.params, self.models)

    class LeafChosen(Event):
        TOPIC = "chat.leaf_chosen"
        leaf_id: UUID

        def apply(self, chat: Chat) -> None:
            chat.leaf_id = self.leaf_id

    class Seen(Event):
        TOPIC = "chat.seen"

    class Trashed(Event):
        TOPIC = "chat.trashed"

        def apply(self, chat: Chat) -> None:
            chat.trashed = True

    class Restored(Event):
        TOPIC = "chat.restored"

        def apply(self, chat: Chat) -> None:
            chat.trashed = False

    class Deleted(Event):
        TOPIC = "chat.deleted"

        def apply(self, chat: Chat) -> None:
            chat.deleted = True

    def __init__(self, owner: UUID, title: str) -> None:
        self.owner = owner
        self.title = title
        self.title_source = TitleSource.PERSON if title else TitleSource.DERIVED
        self.settings: tuple[str, dict[str, Any], list[str]] = ("", {}, [])
        self.leaf_id: UUID | None = None
        self.trashed = False
        self.deleted = False

    @property
    def owner_id(self) -> UUID:
        return self.owner

    @property
    def is_closed(self) -> bool:
        return self.trashed or self.deleted

    @classmethod
    def start(cls, chat_id: UUID, *, owner: UUID, title: str = "") -> Self:
        """Open a conversation; without a title it goes by its first question."""
        return cls._create(cls.Started, id=chat_id, owner=owner, title=checked_title(title))

    def rename(self, title: str, *, source: TitleSource = TitleSource.PERSON) -> None:
        """Call it something; a title that a person chose stays."""
        title = checked_title(title)
        if source != TitleSource.PERSON and self.title_source == TitleSource.PERSON:
            return
        if (title, source) != (self.title, self.title_source):
            self.trigger_event(self.Renamed, title=title, source=source)

    def configure(self, system: str, params: dict[str, Any], models: list[str]) -> None:
        """Say how its models are asked: instructions, parameters, and which models."""
        if len(system) > SYSTEM_CHARACTERS_MAX:
            raise Invalid(f"system has at most {SYSTEM_CHARACTERS_MAX} characters.")
        if (system, params, models) != self.settings:
            self.trigger_event(self.Configured, system=system, params=params, models=models)

    def choose_leaf(self, leaf_id: UUID) -> None:
        """Show the branch that ends there. New words move the leaf too, so this may recur."""
        self.trigger_event(self.LeafChosen, leaf_id=leaf_id)

    def see(self) -> None:
        """Record that its owner has seen all there is."""
        self.trigger_event(self.Seen)

    def trash(self) -> None:
        """Put it into the trash, whence it can come back."""
        if not self.trashed:
            self.trigger_event(self.Trashed)

    def restore(self) -> None:
        """Take it out of the trash."""
        if self.trashed:
            self.trigger_event(self.Restored)

    def delete(self) -> None:
        """Remove it for good; only what is in the trash can go."""
        if not self.trashed:
            raise Conflict("Only a chat in the trash can be deleted for good.")
        if not self.deleted:
            self.trigger_event(self.Deleted)

    def admit(self, by: UUID) -> None:
        """Let its owner in; to others it does not exist."""
        if by != self.owner or self.deleted:
            raise NotFound("chat", self.id)

    def must_be_open(self) -> None:
        """Refuse new words in the trash."""
        if self.trashed:
            raise Conflict("This chat is in the trash. Restore it first.")


def checked_title(title: str) -> str:
    """A title as it is kept: one line."""
    title = " ".join(title.split())
    if len(title) > TITLE_CHARACTERS_MAX:
        raise Invalid(f"A title has at most {TITLE_CHARACTERS_MAX} characters.")
    return title
