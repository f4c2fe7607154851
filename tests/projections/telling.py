"""Read models without a log: aggregates tell their news, and queries look at the tables."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from psycopg.rows import dict_row

from domain.aggregate import Aggregate, topic_of
from infrastructure.base_log import Recorded
from infrastructure.follower import Member, collect, create, store
from infrastructure.postgres import Connection, connect
from infrastructure.tenure import member_of
from projections.core import CORE
from projections.read_model import Db


class Telling:
    """All read models of the lane core in one database."""

    def __init__(self, line: Connection, db: Db) -> None:
        self.line = line
        self.db = db
        self.members: list[Member] = [member_of(each, each.schema) for each in CORE]
        self.position = 0

    async def prepare(self) -> None:
        for each in CORE:
            async with self.line.transaction():
                await create(self.line, each.schema, each.tables)
        path = ", ".join(each.schema for each in CORE)
        await self.line.execute(f"set search_path to {path}")

    async def tell(self, *aggregates: Aggregate) -> int:
        """Have the read models hear the news of aggregates, in this order."""
        events: list[Recorded] = []
        for each in aggregates:
            for event in each.collect_events():
                assert isinstance(event, Aggregate.Event)
                self.position += 1
                events.append(recorded(each, event, self.position))
        await self.hear(events)
        return self.position

    async def hear(self, events: Sequence[Recorded]) -> None:
        batches = [collect(each, events) for each in self.members]
        assert all(each.is_smooth for each in batches)
        await store(self.line, batches, ("select 1", {}))
        assert not any(each.parked for each in self.members)


def recorded(aggregate: Aggregate, event: Aggregate.Event, position: int) -> Recorded:
    return Recorded(
        position=position,
        stream_id=aggregate.id,
        version=event.originator_version,
        type=topic_of(type(event)),
        event=event,
        root_id=aggregate.root_id,
        owner_id=aggregate.owner_id,
        metadata={},
        recorded_at=datetime.now(UTC),
    )


@asynccontextmanager
async def telling(url: str) -> AsyncIterator[Telling]:
    async with await connect(url, autocommit=True) as line, line.cursor(row_factory=dict_row) as db:
        found = Telling(line, db)
        await found.prepare()
        yield found
