"""The base of every aggregate, and all the domain knows of the eventsourcing library."""

from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import AggregateCreated, AggregateEvent, BaseAggregate
from eventsourcing.utils import get_topic

Created = AggregateCreated
topic_of = get_topic


class Aggregate(BaseAggregate[UUID]):
    """Decides by raising events; knows nothing of storage, clocks or the web.

    Each event names its own TOPIC. The topic is what the log remembers, so classes and
    modules stay free to move. Ids come from the caller, so a repeated wish is recognised.
    """

    class Event(AggregateEvent):
        """A fact: past tense, immutable, complete enough for its readers.

        PERSONAL names the fields that are encrypted with the key of the stream's owner.
        VERSION rises with the shape; UPCASTS holds, per older version, how to lift its data.
        """

        PERSONAL: ClassVar[tuple[str, ...]] = ()
        VERSION: ClassVar[int] = 1
        UPCASTS: ClassVar[dict[int, Any]] = {}

    @property
    def owner_id(self) -> UUID | None:
        """Whose data this is: his key encrypts it, and his feed tells of it."""
        return None

    @property
    def root_id(self) -> UUID:
        """The stream this one belongs to: a message to its chat; else itself."""
        return self.id

    @property
    def is_closed(self) -> bool:
        """Whether other streams may no longer build on this one."""
        return False
