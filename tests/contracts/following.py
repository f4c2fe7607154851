"""A log with followers, for tests that need both."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from application.ports import SYSTEM, Envelope
from domain.aggregate import Aggregate
from domain.chats import Chat
from infrastructure.event_log import EventLog
from infrastructure.lanes import Lane, Policy
from infrastructure.lines import Lines
from infrastructure.postgres import pool
from infrastructure.reader import Reader
from projections.read_model import ReadModel, Writes

KEY = bytes(range(32))
ANA = UUID(int=10)
SECONDS_MAX = 15.0


@dataclass
class Bench:
    """A log, and lanes that run until the test is over."""

    url: str
    log: EventLog
    lines: Lines
    reader: Reader
    running: list[tuple[asyncio.Task[None], asyncio.Event]] = field(default_factory=list)

    async def append(self, *aggregates: Aggregate) -> int:
        command = uuid4()
        position = await self.log.append(aggregates, (), Envelope(SYSTEM, command, command))
        assert position is not None
        return position

    async def start_chat(self, title: str = "Tea", chat_id: UUID | None = None) -> int:
        return await self.append(Chat.start(chat_id or uuid4(), owner=ANA, title=title))

    def lane(
        self, *models: ReadModel, name: str = "core", policies: Iterable[Policy] = ()
    ) -> tuple[asyncio.Task[None], asyncio.Event]:
        """Run a lane beside the test."""
        stop = asyncio.Event()
        lane = Lane(name, self.log, self.url, models=models, policies=policies)
        found = asyncio.create_task(lane.run(stop)), stop
        self.running.append(found)
        return found

    async def end(self, running: tuple[asyncio.Task[None], asyncio.Event]) -> None:
        running[1].set()
        await running[0]

    async def kill(self, running: tuple[asyncio.Task[None], asyncio.Event]) -> None:
        """End it wherever it is just now."""
        running[0].cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running[0]

    async def settle(self, lane: str = "core") -> None:
        """Wait until a lane is where the log is."""
        await self.until(
            f"select l.position = h.position from log.lanes l, log.head h where l.name = '{lane}'"
        )

    async def until(self, sql: Any) -> None:
        """Wait until a query answers true."""
        async with asyncio.timeout(SECONDS_MAX):
            while True:
                row = await self.lines.row(sql, {})
                if row and row[0]:
                    return
                await asyncio.sleep(0.01)

    async def column(self, sql: Any) -> list[Any]:
        return [row[0] for row in await self.lines.rows(sql, {})]


@asynccontextmanager
async def bench(url: str, *models: ReadModel) -> AsyncIterator[Bench]:
    async with (
        pool(url) as connections,
        EventLog(url, KEY, connections=connections) as log,
        Reader(connections, url, models) as reader,
    ):
        found = Bench(url, log, Lines(connections), reader)
        try:
            yield found
        finally:
            for each in found.running:
                await found.kill(each)


def titles(
    version: int = 1, check: Callable[[str], None] | None = None, sql: str = ""
) -> ReadModel:
    """A read model that would notice doubles and wrong orders."""
    model = ReadModel(
        "titles",
        version=version,
        tables="create table titles (n bigint generated always as identity, chat_id uuid,"
        " title text, check (title <> 'refused'))",
    )

    @model.on(Chat.Started)
    def on_started(event: Chat.Started, db: Writes) -> None:
        if check:
            check(event.title)
        what = {"id": event.originator_id, "title": event.title}
        db.execute(sql or "insert into titles (chat_id, title) values (%(id)s, %(title)s)", what)

    @model.on(Chat.Renamed)
    def on_renamed(event: Chat.Renamed, db: Writes) -> None:
        what = {"id": event.originator_id, "title": event.title}
        db.execute("insert into titles (chat_id, title) values (%(id)s, %(title)s)", what)

    return model
