"""One command's events, ready to be appended: all of them or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from pydantic_core import to_json

from application.ports import Envelope, Guard, Stale
from domain.aggregate import Aggregate, topic_of
from infrastructure.mapper import Stored, encode
from infrastructure.subject_keys import Keys


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of a group: where it stood when this was decided, and what is new."""

    id: UUID
    category: str
    root_id: UUID
    owner_id: UUID | None
    before: int
    after: int
    state: Literal["open", "closed"]
    events: tuple[Stored, ...]
    metadata: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """What one command appends."""

    command_id: UUID
    streams: tuple[Stream, ...]
    guards: tuple[Guard, ...]

    @property
    def writes(self) -> set[UUID]:
        """The streams and the command that nobody else in a batch may touch."""
        return {self.command_id, *(each.id for each in self.streams)}

    @property
    def reads(self) -> set[UUID]:
        """The streams that nobody else in a batch may change."""
        return {key for key, _ in self.guards}

    @property
    def size(self) -> int:
        """About how many bytes this is."""
        return sum(len(event.data) + 500 for each in self.streams for event in each.events)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a group."""

    kind: Literal["ok", "stale", "duplicate"]
    position: int | None


async def group_of(
    changed: Sequence[Aggregate], guards: Sequence[Guard], envelope: Envelope, keys: Keys
) -> Group:
    """Write everything down that aggregates have to tell."""
    told = [each for each in changed if each.pending_events]
    around = metadata_of(envelope)
    streams = tuple([await stream_of(each, around, keys) for each in told])
    return Group(envelope.command_id, streams, outer_guards(told, guards))


async def stream_of(aggregate: Aggregate, around: str, keys: Keys) -> Stream:
    """Write down what one aggregate has to tell, with the key of its owner."""
    news = [each for each in aggregate.pending_events if isinstance(each, Aggregate.Event)]
    owner = aggregate.owner_id
    private = owner is not None and any(type(each).PERSONAL for each in news)
    cipher = await keys.obtain(owner) if owner and private else None
    events = tuple(encode(each, cipher, blind=private) for each in news)
    subject = f',"subject":"{owner}"' if cipher else ""
    return Stream(
        id=aggregate.id,
        category=topic_of(type(aggregate)),
        root_id=aggregate.root_id,
        owner_id=owner,
        before=news[0].originator_version - 1,
        after=aggregate.version,
        state="closed" if aggregate.is_closed else "open",
        events=events,
        metadata=tuple(f'{around},"v":{each.schema}{subject}}}' for each in events),
    )


def outer_guards(told: Sequence[Aggregate], guards: Sequence[Guard]) -> tuple[Guard, ...]:
    """The guards the log has to check; those on streams of this very group are checked here."""
    own = {each.id: each for each in told}
    for key, root in guards:
        found = own.get(key)
        if found and (found.is_closed or root not in (None, found.root_id)):
            raise Stale
    return tuple(guard for guard in guards if guard[0] not in own)


def metadata_of(envelope: Envelope) -> str:
    """Who, why and in which request, as JSON that still lacks its end."""
    actor = envelope.actor
    facts = {
        "actor": {
            "id": actor.id,
            "kind": actor.kind,
            "session": actor.session_id,
            "auth": actor.auth,
        },
        "command": envelope.command_id,
        "correlation": envelope.correlation_id,
        "causation": envelope.causation_id,
        "request": actor.request_id,
    }
    return to_json(facts).decode().replace("\\u0000", "")[:-1]
