"""What every event log does, wherever it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.ports import Envelope, Guard, Stale
from domain.aggregate import Aggregate
from domain.errors import NotFound
from infrastructure.event_store import Query, Row, Store
from infrastructure.groups import Group, group_of
from infrastructure.mapper import Stored, Unreadable, decode
from infrastructure.news import News
from infrastructure.remembered import Remembered, private_copy
from infrastructure.subject_keys import Keys

A = TypeVar("A", bound=Aggregate)

REMEMBERED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event and its place in the log.

    `event` is None for a kind this version of the product does not know (`problem` is empty),
    and for one that cannot be read (`problem` says why).
    """

    position: int
    stream_id: UUID
    version: int
    type: str
    event: Aggregate.Event | None
    root_id: UUID
    owner_id: UUID | None
    metadata: dict[str, Any]
    recorded_at: datetime
    problem: str = ""


class BaseLog:
    """Rebuilds aggregates, remembers them, and appends their news to a store."""

    def __init__(
        self, store: Store, keys: Keys, news: News, *, remembered_max: int = REMEMBERED_MAX
    ) -> None:
        self._store = store
        self._keys = keys
        self._news = news
        self._remembered = Remembered(remembered_max)
        self.unknown: dict[str, int] = {}  # topics met that this version does not know

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing to close."""

    async def get(self, kind: type[A], key: UUID, *, fresh: bool = True) -> A:
        """Give an aggregate of one's own to work on, or raise NotFound.

        A remembered one will do when fresh is False; else only what is newer is read.
        """
        found = self._remembered.get(key)
        if found is None or fresh:
            found = await self._forward(key, found)
        if not isinstance(found, kind):
            raise NotFound(kind.__name__.lower(), key)
        return private_copy(found)

    async def append(
        self, changed: Sequence[Aggregate], guards: Sequence[Guard], envelope: Envelope
    ) -> int | None:
        """Record all pending events in one transaction; return the last position, None for none.

        Raises Stale when somebody was faster or a guard is closed, Unavailable when the engine
        is away. A command recorded before answers with its position and records nothing.
        """
        group = await group_of(changed, guards, envelope, self._keys)
        if not group.streams:
            return None
        outcome = await self._store.append(group)
        if outcome.kind == "stale":
            raise Stale
        self._news.heard(outcome.position or 0)
        self._note(changed, group, duplicate=outcome.kind == "duplicate")
        return outcome.position

    async def read(
        self,
        after: int,
        limit: int = 500,
        types: Sequence[str] | None = None,
        *,
        owner: UUID | None = None,
        root: UUID | None = None,
        until: int | None = None,
    ) -> list[Recorded]:
        """Events after a position, in order. All but after and limit narrow it down."""
        rows = await self._store.read(Query(after, limit, types, owner, root, until))
        ciphers = await self._keys.load(each.owner_id for each in rows if each.owner_id)
        return [
            self._recorded(each, ciphers[each.owner_id] if each.owner_id else None) for each in rows
        ]

    async def history(self, key: UUID) -> list[Aggregate.Event]:
        """All events of one stream that this version knows, in order; none of an unknown one."""
        rows = await self._store.stream(key, 0)
        owner = rows[0].owner_id if rows else None
        cipher = (await self._keys.load([owner]))[owner] if owner else None
        found = [decode(stored_of(each), cipher) for each in rows]
        events = [each for each in found if each is not None]
        if events and len(events) == len(rows):  # whoever asks will work on it next
            state: Aggregate | None = None
            for event in events:
                state = event.mutate(state)
            if state is not None:
                self._remembered.put(state)
        return events

    async def histories(
        self, keys: Sequence[UUID], until: int
    ) -> dict[UUID, list[Aggregate.Event]]:
        """The events of many streams up to a position, as far as they are known and readable."""
        rows = await self._store.several(keys, until)
        ciphers = await self._keys.load({each.owner_id for each in rows if each.owner_id})
        found: dict[UUID, list[Aggregate.Event]] = {}
        for row in rows:
            event = self._recorded(row, ciphers.get(row.owner_id) if row.owner_id else None).event
            if event is not None:
                found.setdefault(row.stream_id, []).append(event)
        return found

    async def head(self) -> int:
        """The position of the last event; 0 at the very beginning."""
        return await self._store.head()

    async def wait(self, after: int, seconds: float) -> int:
        """The head, as soon as it is after a position or when time is up; asks no engine."""
        return await self._news.wait(after, seconds)

    async def erase(self, subject: UUID) -> None:
        """Forget the key of a person for ever: all that is personal in his events is gone."""
        await self._keys.erase(subject)
        self._remembered.forget_of(subject)

    def forget(self, key: UUID) -> None:
        """Remember nothing of a stream: the next look reads all of it."""
        self._remembered.forget(key)

    def keys_changed(self, subject: UUID | None) -> None:
        """Somebody's key was erased elsewhere; None: perhaps anybody's."""
        self._keys.forget(subject)
        if subject is not None:
            self._remembered.forget_of(subject)

    async def _forward(self, key: UUID, known: Aggregate | None) -> Aggregate | None:
        """Bring a remembered aggregate up to date, or rebuild it from its first event."""
        rows = await self._store.stream(key, known.version if known else 0)
        if not rows:
            return known
        owner = rows[0].owner_id
        cipher = (await self._keys.load([owner]))[owner] if owner else None
        state: Aggregate | None = private_copy(known) if known else None
        for each in rows:
            if event := decode(stored_of(each), cipher):
                state = event.mutate(state)
            elif state is not None:
                state.version = each.version  # what we do not know of changes nothing we know
        if state is not None:
            self._remembered.put(state)
        return state

    def _recorded(self, row: Row, cipher: AESGCM | None) -> Recorded:
        try:
            event, problem = decode(stored_of(row), cipher), ""
        except Unreadable as error:
            event, problem = None, str(error)
        if event is None and not problem:
            self.unknown[row.type] = self.unknown.get(row.type, 0) + 1
        return Recorded(
            position=row.position,
            stream_id=row.stream_id,
            version=row.version,
            type=row.type,
            event=event,
            root_id=row.root_id,
            owner_id=row.owner_id,
            metadata=row.metadata,
            recorded_at=row.recorded_at,
            problem=problem,
        )

    def _note(self, changed: Sequence[Aggregate], group: Group, *, duplicate: bool) -> None:
        """Remember what aggregates are now; after a repetition, look again next time."""
        told = {each.id for each in group.streams}
        for each in changed:
            if each.id not in told:
                continue
            each.collect_events()
            if duplicate:
                self._remembered.forget(each.id)
            else:
                self._remembered.put(private_copy(each))


def stored_of(row: Row) -> Stored:
    """The part of a row that the mapper reads."""
    return Stored(row.stream_id, row.version, row.type, row.data, row.metadata.get("v", 1))
