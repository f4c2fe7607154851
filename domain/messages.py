"""Messages: what people write in a chat."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from domain.aggregate import Aggregate, Created
from domain.errors import Invalid, NotFound

TEXT_CHARACTERS_MAX = 1_000_000


class Message(Aggregate):
    """A question, in the tree of its chat below the message it follows."""

    TOPIC = "message"

    class Event(Aggregate.Event):
        """Anything that happens to a message."""

    class Posted(Event, Created):
        TOPIC = "message.posted"
        PERSONAL = ("text",)
        chat_id: UUID
        owner: UUID
        parent_id: UUID | None
        text: str

    class Edited(Event):
        TOPIC = "message.edited"
        PERSONAL = ("text",)
        text: str

    class Deleted(Event):
        TOPIC = "message.deleted"

        def apply(self, message: Message) -> None:
            message.deleted = True

    def __init__(self, chat_id: UUID, owner: UUID, parent_id: UUID | None) -> None:
        self.chat_id = chat_id
        self.owner = owner
        self.parent_id = parent_id
        self.deleted = False

    @property
    def owner_id(self) -> UUID:
        return self.owner

    @property
    def root_id(self) -> UUID:
        return self.chat_id

    @property
    def is_closed(self) -> bool:
        return self.deleted

    @classmethod
    def post(
        cls, message_id: UUID, *, chat_id: UUID, owner: UUID, parent_id: UUID | None, text: str
    ) -> Self:
        """Say something after the message `parent_id`, or first when that is None."""
        return cls._create(
            cls.Posted,
            id=message_id,
            chat_id=chat_id,
            owner=owner,
            parent_id=parent_id,
            text=checked_text(text),
        )

    def edit(self, text: str) -> None:
        """Say it in other words, in place; the log keeps the old ones."""
        self.must_exist()
        self.trigger_event(self.Edited, text=checked_text(text))

    def delete(self) -> None:
        """Take it and its direct answers away; what followed them moves up."""
        if not self.deleted:
            self.trigger_event(self.Deleted)

    def must_exist(self) -> None:
        """Refuse what would touch a deleted message."""
        if self.deleted:
            raise NotFound("message", self.id)


def checked_text(text: str) -> str:
    """A text as it is kept. NUL characters cannot be stored and are dropped."""
    text = text.replace("\x00", "")
    if not text.strip():
        raise Invalid("content must not be empty.")
    if len(text) > TEXT_CHARACTERS_MAX:
        raise Invalid(f"content has at most {TEXT_CHARACTERS_MAX} characters.")
    return text
