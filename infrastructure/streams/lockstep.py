"""Two answers at the pace of the slower one, so that speed does not tell who writes."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from time import monotonic

from pydantic_core import from_json, to_json

from infrastructure.streams.entries import Entry

STALLED_SECONDS = 20.0
HEARTBEAT_SECONDS = 1.0

Bundles = AsyncGenerator[list[Entry], None]


class Rival:
    """The other side: how many characters it has, and whether more are to come."""

    def __init__(self, stalled_seconds: float = STALLED_SECONDS) -> None:
        self._stalled_seconds = stalled_seconds
        self._characters = 0
        self._ended = False
        self._moved_at = monotonic()
        self._news = asyncio.Event()
        self.moves = 0

    async def watch(self, bundles: Bundles) -> None:
        """Follow it to its end."""
        try:
            async with aclosing(bundles) as some:
                async for bundle in some:
                    for entry in bundle:
                        self._hear(entry)
        finally:
            self._ended = True
            self._tell()

    def _hear(self, entry: Entry) -> None:
        if entry.kind == "done":
            self._ended = True
        elif entry.text_to == self._characters:
            return
        self._characters = entry.text_to
        self._moved_at = monotonic()
        self._tell()

    def _tell(self) -> None:
        self.moves += 1
        self._news.set()

    @property
    def has_ended(self) -> bool:
        """Whether nothing more is to come of it."""
        return self._ended

    def may_see(self, characters: int) -> int:
        """How many of so many characters may be shown now."""
        left = self._moved_at + self._stalled_seconds - monotonic()
        return characters if self._ended or left <= 0 else min(characters, self._characters)

    async def move(self, moves: int) -> None:
        """Wait until it has moved since then, but not for long."""
        if self.moves > moves:
            return
        self._news.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                await self._news.wait()


async def in_step(own: Bundles, other: Bundles, rival: Rival | None = None) -> Bundles:
    """The pieces of one side, held back until the other side has as many characters.

    It ends, or does not move for twenty seconds: then no words are held back for it. The end
    itself is held back until the other side has ended.
    """
    rival = rival or Rival()
    watching = asyncio.create_task(rival.watch(other))
    try:
        async with aclosing(own) as bundles:
            async for bundle in bundles:
                async for part in released(bundle, rival):
                    yield part
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def released(bundle: list[Entry], rival: Rival) -> Bundles:
    """A bundle in parts, each as soon as it may be shown; now and then an empty one."""
    if not bundle:
        yield bundle
    for entry in bundle:
        rest: Entry | None = entry
        while rest is not None:
            moves = rival.moves
            head: Entry | None = None
            if rest.kind != "done" or rival.has_ended:
                head, rest = parted(rest, rival.may_see(rest.text_to))
            if head is not None:
                yield [head]
            if rest is not None:
                yield []
                await rival.move(moves)


def parted(entry: Entry, characters: int) -> tuple[Entry | None, Entry | None]:
    """What of a piece lies before a number of characters, and what behind it."""
    if entry.text_to <= characters:
        return entry, None
    if entry.kind != "delta":
        return None, entry
    text = from_json(entry.data)["text"]
    count = len(text) - (entry.text_to - characters)
    if count <= 0:
        return None, entry
    head, tail = (
        cut(entry, text[:count], characters),
        replace(entry, data=to_json({"text": text[count:]}), text_from=characters, _frame=b""),
    )
    return head, tail


def cut(entry: Entry, text: str, characters: int) -> Entry:
    """The beginning of a piece; who comes back with its id gets the rest of the piece."""
    number = max(entry.number - 1, 0)
    data = to_json({"text": text})
    return replace(entry, number=number, data=data, text_to=characters, _frame=b"")
