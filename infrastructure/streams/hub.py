"""Follows all answers that somebody reads in this process, on one connection."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Protocol
from uuid import UUID

import hiredis
import redis.asyncio
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from application.ports import ChunkKind
from infrastructure.streams.entries import Entry
from infrastructure.streams.writing import key_of

BLOCK_MS = 5_000
COUNT = 200
PAGE = 500
WAITING_MAX = 256
POKE_SECONDS = 0.001
PAUSE_SECONDS = 0.1
PAUSE_SECONDS_MAX = 1.0
FEW = 20
ROUND_EACH_SECONDS = 0.00001  # the more answers are followed, the rarer a round
ROUND_SECONDS_MAX = 0.01

Number = tuple[int, int]
KINDS: dict[bytes, ChunkKind] = {
    b"start": "start",
    b"delta": "delta",
    b"reasoning": "reasoning",
    b"status": "status",
    b"restarted": "restarted",
    b"done": "done",
}

logger = logging.getLogger(__name__)


class Subscription(Protocol):
    """One reader's share of one answer."""

    @property
    def is_live(self) -> bool:
        """Whether news can come at all for the moment."""

    async def next(self, seconds: float) -> list[Entry]:
        """What is new; nothing when time is up or somebody woke us."""

    def leave(self) -> None:
        """Nobody reads any more."""


@dataclass(eq=False, slots=True)
class Followed:
    """One answer that is followed, and who follows it."""

    key: bytes
    last: Number
    readers: set["HubSubscription"] = field(default_factory=set)


class HubSubscription:
    """Holds a few pieces for one reader. If he is too slow, he reads the stream again later."""

    def __init__(self, hub: "Hub", followed: Followed, last: Number) -> None:
        self._hub = hub
        self._followed = followed
        self._last = last
        self._waiting: deque[Entry] = deque()
        self._behind = followed.last > last
        self._news = asyncio.Event()

    @property
    def is_live(self) -> bool:
        """Whether the hub has its connection."""
        return self._hub.is_live

    @property
    def _is_even(self) -> bool:
        """Whether nothing is to be read again."""
        return not self._behind

    def offer(self, entries: Sequence[Entry]) -> None:
        """Hold pieces for the reader, but not without limit."""
        if not self._behind:
            self._waiting.extend(entries)
            if len(self._waiting) > WAITING_MAX:
                self._behind = True
                self._waiting.clear()
        self._news.set()

    def lose(self) -> None:
        """What is held may not be all."""
        self._behind = True
        self._news.set()

    def wake(self) -> None:
        """Have the reader look around."""
        self._news.set()

    async def next(self, seconds: float) -> list[Entry]:
        """What is new; nothing when time is up or somebody woke us."""
        if self._behind:
            entries = await self._again()
            if entries or not self._is_even:
                return entries
        if not self._waiting:
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._news.wait()
        if not self._is_even:
            return await self._again()
        entries = list(self._waiting)
        self._waiting.clear()
        if entries:
            self._last = (entries[-1].attempt, entries[-1].number)
        return entries

    def leave(self) -> None:
        """Nobody reads any more."""
        self._hub.leave(self._followed, self)

    async def _again(self) -> list[Entry]:
        """Read from the stream what was not held."""
        try:
            entries = await self._hub.page(self._followed.key, self._last)
        except (RedisError, OSError):
            await asyncio.sleep(PAUSE_SECONDS)
            return []
        if entries:
            self._last = (entries[-1].attempt, entries[-1].number)
        if len(entries) < PAGE:
            self._behind = self._followed.last > self._last
        return entries


class Hub:
    """One blocking read for all answers that are followed in this process."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client
        self._followed: dict[bytes, Followed] = {}
        self._wanted = 0  # rises when another answer is to be followed
        self._asked = 0
        self._line_id: int | None = None
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._poking: asyncio.Task[None] | None = None

    @property
    def is_live(self) -> bool:
        """Whether news can come for the moment."""
        return self._line_id is not None

    async def open(self) -> None:
        """Begin to follow."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop following."""
        for task in (self._task, self._poking):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def join(self, answer_id: UUID, last: Number) -> HubSubscription:
        """Follow an answer from a place on."""
        key = key_of(answer_id)
        followed = self._followed.get(key)
        if followed is None:
            followed = self._followed[key] = Followed(key, last)
            self._wanted += 1
            self._news.set()
            if self._poking is None or self._poking.done():
                self._poking = asyncio.create_task(self._poke())
        subscription = HubSubscription(self, followed, last)
        followed.readers.add(subscription)
        return subscription

    def leave(self, followed: Followed, reader: HubSubscription) -> None:
        """One reader less."""
        followed.readers.discard(reader)
        if not followed.readers and self._followed.get(followed.key) is followed:
            del self._followed[followed.key]

    def wake(self) -> None:
        """Have every reader look around."""
        for followed in self._followed.values():
            for reader in followed.readers:
                reader.wake()

    async def page(self, key: bytes, last: Number) -> list[Entry]:
        """A page of a stream after a place."""
        found = await self._client.execute_command(  # type: ignore[no-untyped-call]
            "XRANGE", key, f"({last[0]}-{last[1]}", "+", "COUNT", PAGE
        )
        return [entry_of(number, list(chain(*fields.items()))) for number, fields in found]

    async def _run(self) -> None:
        pause = PAUSE_SECONDS
        while True:
            line: AbstractConnection = self._client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
            try:
                await line.connect()  # type: ignore[no-untyped-call]
                await line.send_command("CLIENT", "ID")
                self._line_id = int(await line.read_response())
                self._lose()
                pause = PAUSE_SECONDS
                await self._follow(line)
            except (RedisError, OSError, TimeoutError) as error:
                logger.warning("streams: Redis is away: %s", error)
            finally:
                self._line_id = None
                self._lose()
                await line.disconnect(nowait=True)
            await asyncio.sleep(pause)
            pause = min(2 * pause, PAUSE_SECONDS_MAX)

    async def _follow(self, line: AbstractConnection) -> None:
        while True:
            self._news.clear()
            self._asked = self._wanted
            if not self._followed:
                await self._news.wait()
                continue
            await self._round(line)
            if (count := len(self._followed)) > FEW:
                await asyncio.sleep(min(count * ROUND_EACH_SECONDS, ROUND_SECONDS_MAX))

    async def _round(self, line: AbstractConnection) -> None:
        """Ask for what is new in all streams, and hand it out."""
        wanted = list(self._followed.values())
        command: Any = (
            *(b"XREAD", b"COUNT", b"%d" % COUNT, b"BLOCK", b"%d" % BLOCK_MS, b"STREAMS"),
            *[each.key for each in wanted],
            *[b"%d-%d" % each.last for each in wanted],
        )
        await line.send_packed_command(hiredis.pack_command(command), check_health=False)
        found = await line.read_response(disable_decoding=True)
        for key, items in found.items() if isinstance(found, dict) else found or ():
            followed = self._followed.get(key)
            if followed is None:
                continue
            entries = [entry_of(number, fields) for number, fields in items]
            followed.last = (entries[-1].attempt, entries[-1].number)
            for reader in followed.readers:
                reader.offer(entries)

    async def _poke(self) -> None:
        """Interrupt the blocking read, until it knows what is wanted."""
        while self._asked < self._wanted and self._line_id is not None:
            with contextlib.suppress(RedisError, OSError):
                await self._client.execute_command(  # type: ignore[no-untyped-call]
                    "CLIENT", "UNBLOCK", self._line_id
                )
            await asyncio.sleep(POKE_SECONDS)

    def _lose(self) -> None:
        for followed in self._followed.values():
            for reader in followed.readers:
                reader.lose()


def entry_of(number: bytes, fields: Any) -> Entry:
    """A piece from what Redis says."""
    attempt, _, count = number.partition(b"-")
    _, kind, _, offsets, _, data = fields
    base, text_from, reasoning_from, text_to, reasoning_to = map(int, offsets.split(b"."))
    return Entry(
        int(attempt),
        int(count),
        base,
        KINDS[kind],
        data,
        text_from,
        reasoning_from,
        text_to,
        reasoning_to,
    )
