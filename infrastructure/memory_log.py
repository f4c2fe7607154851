"""The event log in memory, for tests of what has nothing to do with databases."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from pydantic_core import from_json

from infrastructure.base_log import BaseLog
from infrastructure.event_store import Query, Row
from infrastructure.groups import Group, Outcome, Stream
from infrastructure.news import News
from infrastructure.subject_keys import MemoryKeys


class MemoryStore:
    """Keeps what the other store keeps, and refuses what it refuses."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.streams: dict[UUID, Stream] = {}
        self.commands: dict[UUID, int] = {}

    async def append(self, group: Group) -> Outcome:
        if (known := self.commands.get(group.command_id)) is not None:
            return Outcome("duplicate", known)
        fresh = all(self._version(each.id) == each.before for each in group.streams)
        if not fresh or not all(self._may(key, root) for key, root in group.guards):
            return Outcome("stale", None)
        for stream in group.streams:
            self._record(stream)
        self.commands[group.command_id] = len(self.rows)
        return Outcome("ok", len(self.rows))

    async def stream(self, key: UUID, after: int) -> list[Row]:
        return [each for each in self.rows if each.stream_id == key and each.version > after]

    async def several(self, keys: Sequence[UUID], until: int) -> list[Row]:
        wanted = set(keys)
        return [each for each in self.rows[: max(until, 0)] if each.stream_id in wanted]

    async def read(self, query: Query) -> list[Row]:
        until = len(self.rows) if query.until is None else query.until
        found = [
            each
            for each in self.rows[max(query.after, 0) : max(until, 0)]
            if (query.types is None or each.type in query.types)
            and (query.owner is None or each.owner_id == query.owner)
            and (query.root is None or each.root_id == query.root)
        ]
        return found[: query.limit]

    async def head(self) -> int:
        return len(self.rows)

    def _version(self, key: UUID) -> int:
        found = self.streams.get(key)
        return found.after if found else 0

    def _may(self, key: UUID, root: UUID | None) -> bool:
        found = self.streams.get(key)
        return (
            found is not None and found.state == "open" and (root is None or root == found.root_id)
        )

    def _record(self, stream: Stream) -> None:
        self.streams[stream.id] = stream
        for event, metadata in zip(stream.events, stream.metadata, strict=True):
            self.rows.append(
                Row(
                    position=len(self.rows) + 1,
                    stream_id=stream.id,
                    version=event.version,
                    type=event.type,
                    data=event.data,
                    metadata=from_json(metadata),
                    root_id=stream.root_id,
                    owner_id=stream.owner_id,
                    recorded_at=datetime.now(UTC),
                )
            )


class MemoryLog(BaseLog):
    """`MemoryLog()` is an empty log; `MemoryLog(log)` what another process has of the same."""

    def __init__(self, shared: "MemoryLog | None" = None) -> None:
        self.store: MemoryStore = shared.store if shared else MemoryStore()
        self.keys: MemoryKeys = shared.keys if shared else MemoryKeys()
        super().__init__(self.store, self.keys, News())
