"""Knowledge sources: what others keep, to be asked as a knowledge base."""

from __future__ import annotations

from typing import Any, Self
from uuid import UUID, uuid5

from domain.aggregate import Aggregate, Created
from domain.errors import Conflict, NotFound

Description = dict[str, Any]


class KnowledgeSource(Aggregate):
    """Where the passages of an external knowledge base are. What opens it is kept elsewhere."""

    TOPIC = "knowledge_source"

    class Event(Aggregate.Event):
        """Anything that happens to a knowledge source."""

    class Connected(Event, Created):
        TOPIC = "knowledge_source.connected"
        knowledge_id: UUID
        source: Description
        has_key: bool

    class Changed(Event):
        TOPIC = "knowledge_source.changed"
        source: Description
        has_key: bool

        def apply(self, source: KnowledgeSource) -> None:
            source.source = self.source
            source.has_key = self.has_key

    class Removed(Event):
        TOPIC = "knowledge_source.removed"

        def apply(self, source: KnowledgeSource) -> None:
            source.removed = True

    def __init__(self, knowledge_id: UUID, source: Description, has_key: bool) -> None:  # noqa: FBT001
        self.knowledge_id = knowledge_id
        self.source = source
        self.has_key = has_key
        self.removed = False

    @property
    def is_closed(self) -> bool:
        return self.removed

    @classmethod
    def connect(cls, knowledge_id: UUID, *, source: Description, has_key: bool) -> Self:
        """Have a knowledge base ask elsewhere."""
        return cls._create(
            cls.Connected,
            id=source_id_of(knowledge_id),
            knowledge_id=knowledge_id,
            source=source,
            has_key=has_key,
        )

    def change(self, *, source: Description, has_key: bool) -> None:
        """Ask elsewhere or in another way; what kind of source it is stays."""
        self.must_exist()
        if source.get("kind") != self.source.get("kind"):
            raise Conflict("The kind of a source stays. Connect another one.")
        if (source, has_key) != (self.source, self.has_key):
            self.trigger_event(self.Changed, source=source, has_key=has_key)

    def remove(self) -> None:
        """Ask it no more; what it holds stays as it is."""
        if not self.removed:
            self.trigger_event(self.Removed)

    def must_exist(self) -> None:
        """Refuse what would touch a removed source."""
        if self.removed:
            raise NotFound("knowledge source", self.knowledge_id)


def source_id_of(knowledge_id: UUID) -> UUID:
    """The id of the source of a knowledge base: there is one at most."""
    return uuid5(knowledge_id, "source")
