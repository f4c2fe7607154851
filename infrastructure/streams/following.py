"""Gives a reader all of an answer: from the stream, and from the log what the stream lacks."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from time import monotonic
from typing import Protocol
from uuid import UUID

from infrastructure.streams.entries import Entry, Hole, Place, Saved
from infrastructure.streams.hub import Number, Subscription

FIRST_LOOK_SECONDS = 0.3
QUEUED_SECONDS = 0.25
LOOK_SECONDS = 5.0
BLIND_LOOK_SECONDS = 0.5  # while Redis is away
HOLE_SECONDS = 0.05
HOLE_SECONDS_MAX = 1.0

Look = Callable[[UUID], Awaitable[Saved | None]]


class Source(Protocol):
    """Where pieces come from."""

    @property
    def is_closing(self) -> bool:
        """Whether this process is about to end, so that readers have to come back elsewhere."""

    async def state(self, answer_id: UUID) -> str:
        """`queued` or `running`; empty when that is not known."""

    async def join(self, answer_id: UUID, last: Number) -> Subscription:
        """Follow an answer from a place on."""


class Following:
    """One reader of one answer."""

    def __init__(self, answer_id: UUID, place: Place, source: Source, look: Look) -> None:
        self._answer_id = answer_id
        self._place = place
        self._source = source
        self._look = look
        self._queued = False
        self._begun = monotonic()

    async def ended(self) -> list[Entry]:
        """All that is lacking of an answer that has ended."""
        saved = await self._look(self._answer_id)
        return self._place.catch_up(saved) if saved else []

    async def pieces(self) -> AsyncGenerator[list[Entry], None]:
        """What is new, in small bundles, until the end. Now and then nothing at all."""
        place = self._place
        reading = await self._source.join(self._answer_id, (place.attempt, place.number))
        patience = FIRST_LOOK_SECONDS
        try:
            while not place.ended:
                entries = await reading.next(patience if reading.is_live else BLIND_LOOK_SECONDS)
                patience = LOOK_SECONDS
                async for bundle in self._take(entries):
                    yield bundle
                if self._source.is_closing and not place.ended:
                    yield [place.entry("status", {"kind": "reconnect"})]
                    return
                if not entries:
                    yield await self._look_around(is_live=reading.is_live)
        finally:
            reading.leave()

    async def _take(self, entries: list[Entry]) -> AsyncGenerator[list[Entry], None]:
        """Take pieces; where the stream has a hole, wait until the log has what is missing."""
        told: list[Entry] = []
        pause = HOLE_SECONDS
        for entry in entries:
            while not self._place.ended:
                try:
                    self._place.take(entry, told)
                    break
                except Hole:
                    if saved := await self._look(self._answer_id):
                        told += self._place.catch_up(saved)
                    if told:
                        yield told
                        told = []
                    else:
                        await asyncio.sleep(pause)
                        pause = min(2 * pause, HOLE_SECONDS_MAX)
        if told:
            yield told

    async def _look_around(self, *, is_live: bool) -> list[Entry]:
        """Look whether there is more, because nothing came for a while."""
        state = await self._source.state(self._answer_id)
        told: list[Entry] = []
        saved: Saved | None = None
        if state == "" or not is_live:
            saved = await self._look(self._answer_id)
            told = self._place.catch_up(saved) if saved else []
        is_queued = state == "queued" or (saved is not None and saved.queued)
        waited = monotonic() - self._begun
        if is_queued and not self._queued and waited >= QUEUED_SECONDS:
            self._queued = True
            told.append(self._place.entry("status", {"kind": "queued"}))
        return told
