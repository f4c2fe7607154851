"""What changes for whom, as soon as the read models of the lane `core` show it."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from typing import Any, LiteralString, Self
from uuid import UUID

import psycopg
from pydantic_core import to_json

from application.ports import Unavailable
from infrastructure.audiences import Audiences, Row
from infrastructure.lines import Lines
from infrastructure.pairs import Pairs
from infrastructure.postgres import connect
from infrastructure.reader import Reader

QUIET_SECONDS = 1.0
PAUSE_SECONDS = 0.5
PAGE = 500
WAITING_MAX = 500

# Checkpoints are no news: whoever follows an answer has its text already.
NEWS: LiteralString = """
select position, type, stream_id, root_id, owner_id,
       case when type = 'answer.ended' then data ->> 'status' end
from log.events
where position > %(after)s and position <= %(until)s and type <> 'answer.checkpointed'
  and owner_id = any (%(owners)s)
order by position limit %(limit)s
"""
# The tail of the log is short, so what is shared is looked for in all of it.
TAIL: LiteralString = NEWS.replace(
    "owner_id = any (%(owners)s)",
    "(owner_id = any (%(owners)s) or type like 'knowledge.%%' or type like 'file.%%')",
)
REACHED: LiteralString = "select position from log.lanes where name = 'core'"

Change = tuple[int, bytes]

logger = logging.getLogger(__name__)


class Watch:
    """One person's changes in one browser. Who is too slow reads the log again later."""

    def __init__(self, changes: "Changes", owner: UUID, after: int) -> None:
        self._changes = changes
        self._owner = owner
        self.position = after
        self._waiting: deque[Change] = deque()
        self._behind = after < changes.position
        self._news = asyncio.Event()

    def offer(self, change: Change) -> None:
        """Hold a change, but not without limit."""
        if not self._behind:
            self._waiting.append(change)
            if len(self._waiting) > WAITING_MAX:
                self._behind = True
                self._waiting.clear()
        self._news.set()

    async def next(self, seconds: float) -> list[bytes]:
        """What is new, ready to be sent; nothing when time is up."""
        if not (self._behind or self._waiting):
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._news.wait()
        if self._behind:
            return await self._again()
        found = [each for each in self._waiting if each[0] > self.position]
        self._waiting.clear()
        if found:
            self.position = found[-1][0]
        return [frame for _, frame in found]

    def leave(self) -> None:
        """Nobody watches any more."""
        self._changes.leave(self._owner, self)

    async def _again(self) -> list[bytes]:
        until = self._changes.position
        try:
            found, reached = await self._changes.missed(self._owner, self.position, until)
        except Unavailable:
            await asyncio.sleep(PAUSE_SECONDS)
            return []
        self.position = max(reached, self.position)
        self._behind = self._changes.position > self.position
        return [change_of(each)[1] for each in found]


class Changes:
    """`async with Changes(url, lines) as changes`: one tail of the log for all who watch here."""

    def __init__(self, url: str, lines: Lines, reader: Reader) -> None:
        self._url = url
        self._lines = lines
        self._audiences = Audiences(reader)
        self._pairs = Pairs(reader)
        self._watches: dict[UUID, set[Watch]] = {}
        self._task: asyncio.Task[None] | None = None
        self._reached = 0
        self._ready = asyncio.Event()
        self.position = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def join(self, owner: UUID, after: int | None) -> Watch:
        """Watch what is one's own: after a position, or from now on."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        await self._ready.wait()
        watch = Watch(self, owner, self.position if after is None else after)
        self._watches.setdefault(owner, set()).add(watch)
        return watch

    def leave(self, owner: UUID, watch: Watch) -> None:
        """One less."""
        watches = self._watches.get(owner, set())
        watches.discard(watch)
        if not watches:
            self._watches.pop(owner, None)

    async def missed(self, owner: UUID, after: int, until: int) -> tuple[list[Row], int]:
        """A page of one's own changes and of those shared with one, and how far it goes."""
        own = await self._page(NEWS, after, until, [owner])
        reached = own[-1][0] if len(own) == PAGE else until
        shared = await self._audiences.missed(owner, after, reached)
        return await self._pairs.released(sorted([*own, *shared])), reached

    async def _page(
        self, sql: LiteralString, after: int, until: int, owners: Sequence[UUID]
    ) -> list[Row]:
        what: Mapping[str, Any] = {"after": after, "until": until, "owners": list(owners)}
        return await self._lines.rows(sql, {**what, "limit": PAGE})

    async def _run(self) -> None:
        while True:
            try:
                async with await connect(self._url, autocommit=True, name="quire feed") as line:
                    await line.execute("listen quire_core")
                    while True:
                        row = await (await line.execute(REACHED)).fetchone()
                        await self._advance(int(row[0]) if row else 0)
                        async for each in line.notifies(timeout=QUIET_SECONDS):
                            await self._advance(int(each.payload))
            except (psycopg.Error, Unavailable) as error:
                logger.warning("feed: the log is away: %s", error)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _advance(self, reached: int) -> None:
        """Tell what is new up to there. At the very first, only take note of it."""
        if not self._ready.is_set():
            self.position = reached
            self._ready.set()
        while self.position < reached:
            found = await self._news(reached)
            others = await self._audiences.of(found, self._watches)
            for row in await self._pairs.released(found):
                self._tell(row, others.get(row[0], ()))
            self.position = found[-1][0] if len(found) == PAGE else reached

    def _tell(self, row: Row, others: Collection[UUID]) -> None:
        change = change_of(row)
        for who in (row[4], *others):
            for watch in self._watches.get(who, ()):
                watch.offer(change)

    async def _news(self, reached: int) -> list[Row]:
        if not self._watches:
            return []
        return await self._page(TAIL, self.position, reached, list(self._watches))


def change_of(row: Row) -> Change:
    """One change as it is sent; who wants to know more asks the read models."""
    position, kind, stream_id, root_id, _, status = row
    noun = kind.partition(".")[0]
    data: dict[str, Any] = {
        "position": position,
        "type": f"answer.{status}" if status else kind,
    }
    if noun in ("chat", "message", "answer"):
        data["chat_id"] = root_id
    if noun in ("message", "answer"):
        data["message_id"] = stream_id
    if noun not in ("chat", "message", "answer"):
        data["id"] = stream_id
    return position, b"id: %d\nevent: change\ndata: %b\n\n" % (position, to_json(data))
