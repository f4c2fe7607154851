"""The tables of the log: what is read from them, and the call that appends to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, Protocol
from uuid import UUID

from infrastructure.flusher import Flusher
from infrastructure.groups import Group, Outcome
from infrastructure.lines import Lines

COLUMNS: LiteralString = (
    "select e.position, e.stream_id, e.version, e.type, e.data::text, e.metadata, e.root_id,"
    " e.owner_id, e.recorded_at"
)
READ: LiteralString = COLUMNS + " from log.events e where e.position > %(after)s"


@dataclass(frozen=True, slots=True)
class Row:
    """An event as it lies in the log."""

    position: int
    stream_id: UUID
    version: int
    type: str
    data: str
    metadata: dict[str, Any]
    root_id: UUID
    owner_id: UUID | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Query:
    """Which events one wants: after a place, in order; what is None does not matter."""

    after: int = 0
    limit: int = 500
    types: Sequence[str] | None = None
    owner: UUID | None = None
    root: UUID | None = None
    until: int | None = None


class Store(Protocol):
    """Where the log is kept."""

    async def append(self, group: Group) -> Outcome:
        """Append a group as a whole, or nothing of it."""

    async def stream(self, key: UUID, after: int) -> list[Row]:
        """The events of one stream after a version; none of an erased one."""

    async def several(self, keys: Sequence[UUID], until: int) -> list[Row]:
        """The events of many streams up to a position, in the order of the log."""

    async def read(self, query: Query) -> list[Row]:
        """Events in the order of the log."""

    async def head(self) -> int:
        """The position of the last event."""


class EventStore:
    """The log in PostgreSQL."""

    def __init__(self, lines: Lines, flusher: Flusher) -> None:
        self._lines = lines
        self._flusher = flusher

    async def append(self, group: Group) -> Outcome:
        return await self._flusher.append(group)

    async def stream(self, key: UUID, after: int) -> list[Row]:
        rows = await self._lines.rows(
            COLUMNS + " from log.streams s join log.events e on e.stream_id = s.stream_id"
            " and e.position between s.created_pos and s.updated_pos and e.version > %(after)s"
            " where s.stream_id = %(key)s and s.state <> 'erased' order by e.version",
            {"key": key, "after": after},
        )
        return [Row(*row) for row in rows]

    async def several(self, keys: Sequence[UUID], until: int) -> list[Row]:
        rows = await self._lines.rows(
            COLUMNS + " from log.streams s join log.events e on e.stream_id = s.stream_id"
            " and e.position between s.created_pos and least(s.updated_pos, %(until)s)"
            " where s.stream_id = any(%(keys)s) and s.state <> 'erased' order by e.position",
            {"keys": list(keys), "until": until},
        )
        return [Row(*row) for row in rows]

    async def read(self, query: Query) -> list[Row]:
        sql = READ
        for value, condition in (
            (query.until, " and e.position <= %(until)s"),
            (query.types, " and e.type = any(%(types)s)"),
            (query.owner, " and e.owner_id = %(owner)s"),
            (query.root, " and e.root_id = %(root)s"),
        ):
            if value is not None:  # what is not asked for must not keep an index from being used
                sql += condition
        params = {
            "after": query.after,
            "until": query.until,
            "types": list(query.types or ()),
            "owner": query.owner,
            "root": query.root,
            "limit": query.limit,
        }
        rows = await self._lines.rows(sql + " order by e.position limit %(limit)s", params)
        return [Row(*row) for row in rows]

    async def head(self) -> int:
        row = await self._lines.row("select position from log.head", {})
        assert row is not None
        position: int = row[0]
        return position
