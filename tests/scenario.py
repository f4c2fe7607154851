"""Given, when, then - for aggregates.

chat = given(Chat, STARTED)                       # given: facts
chat.trash()                                      # when:  plain Python
assert news(chat) == [fact(Chat.Trashed)]         # then:  facts
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

from application.ports import Actor, Envelope, Log
from domain.aggregate import Aggregate, Created, topic_of
from domain.reactions import Reactions

A = TypeVar("A", bound=Aggregate)
C = TypeVar("C")

ENVELOPE = {"originator_id", "originator_version", "originator_topic", "timestamp"}
KEY = UUID(int=1)


@dataclass(frozen=True)
class Fact:
    """An event without its envelope, so that tests can name and compare it."""

    kind: type[Aggregate.Event]
    details: dict[str, Any]


def fact(kind: type[Aggregate.Event], /, **details: Any) -> Fact:
    """Name a fact."""
    return Fact(kind, details)


def event_of(kind: type[Aggregate], each: Fact, *, key: UUID = KEY, version: int = 1) -> Any:
    """The event a fact is about."""
    envelope: dict[str, Any] = {
        "originator_id": key,
        "originator_version": version,
        "timestamp": datetime.now(UTC),
    }
    if issubclass(each.kind, Created):
        envelope["originator_topic"] = topic_of(kind)
    return each.kind(**envelope, **each.details)


def given(kind: type[A], *facts: Fact, key: UUID = KEY) -> A:
    """Rebuild an aggregate from facts."""
    aggregate: A | None = None
    for version, each in enumerate(facts, start=1):
        aggregate = event_of(kind, each, key=key, version=version).mutate(aggregate)
    assert aggregate is not None
    return aggregate


def news(aggregate: Aggregate) -> Sequence[Fact]:
    """What has happened since, as facts."""
    return [
        Fact(type(event), {k: v for k, v in vars(event).items() if k not in ENVELOPE})
        for event in aggregate.pending_events
        if isinstance(event, Aggregate.Event)
    ]


def retold(aggregate: A) -> A:
    """The same aggregate, rebuilt from its news alone."""
    copy: A | None = None
    for event in aggregate.pending_events:
        copy = event.mutate(copy)
    assert copy is not None
    return copy


def memory(aggregate: Aggregate) -> dict[str, object]:
    """All an aggregate knows, apart from its news."""
    return {name: value for name, value in vars(aggregate).items() if name != "_pending_events"}


def tell(reactions: Reactions[C], aggregate: Aggregate, context: C) -> None:
    """Let reactions hear the news of an aggregate."""
    for event in aggregate.pending_events:
        if topic_of(type(event)) in reactions.topics:
            reactions.handle(event, context)


def envelope(command_id: UUID | None = None, *, by: UUID = KEY) -> Envelope:
    """What is around the events of one command."""
    return Envelope(Actor(by), command_id or uuid4(), uuid4())


async def record(log: Log, *aggregates: Aggregate) -> int | None:
    """Append aggregates as one command does."""
    return await log.append(aggregates, (), envelope())
