"""Answer streams in this process: for tests, and for a server that is alone."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID

from application.answering.draft import Draft, History
from application.ports import Chunk, Written
from domain.errors import NotFound
from infrastructure.streams.entries import Entry, Place, Saved
from infrastructure.streams.following import Following
from infrastructure.streams.hub import Number, entry_of
from infrastructure.streams.redis import saved_of, whole
from infrastructure.streams.writing import StreamWriter


class MemorySubscription:
    """A reader of a list that grows."""

    is_live = True

    def __init__(self, entries: list[Entry], news: asyncio.Condition, last: Number) -> None:
        self._entries = entries
        self._news = news
        self._last = last

    async def next(self, seconds: float) -> list[Entry]:
        """What is new; nothing when time is up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(self._found)
        found = self._found()
        if found:
            self._last = (found[-1].attempt, found[-1].number)
        return found

    def leave(self) -> None:
        """Nobody reads any more."""

    def _found(self) -> list[Entry]:
        return [each for each in self._entries if (each.attempt, each.number) > self._last]


class MemoryAnswerStreams:
    """Keeps every piece; the same rules as in Redis."""

    is_closing = False

    def __init__(self, history: History) -> None:
        self._history = history
        self._entries: dict[UUID, list[Entry]] = defaultdict(list)
        self._news = asyncio.Condition()
        self._writers: dict[StreamWriter, UUID] = {}
        self._telling: set[asyncio.Task[None]] = set()

    def writer(
        self, answer_id: UUID, attempt: int, model: str, so_far: Written | None = None
    ) -> StreamWriter:
        """Begin an attempt, going on after a text if one is given."""
        writer = StreamWriter(self, answer_id, attempt, model, so_far)
        self._writers[writer] = answer_id
        return writer

    @property
    def busy(self) -> int:
        """How many writers there are."""
        return len(self._writers)

    def dirty(self, writer: StreamWriter) -> None:
        """Take what it holds at once."""
        entries = self._entries[self._writers[writer]]
        for command in writer.take(0.0):
            if command[0] == b"XADD":
                number, *fields = [each for each in command[2:] if each != b"NOMKSTREAM"]
                entries.append(entry_of(number, fields))
        writer.landed()
        task = asyncio.ensure_future(self._tell())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    def forget(self, writer: StreamWriter) -> None:
        """This one has ended."""
        self._writers.pop(writer, None)

    def clear(self) -> None:
        """Lose everything, as Redis may."""
        for entries in self._entries.values():
            entries.clear()
        for writer in self._writers:
            writer.missed()

    async def written(self, answer_id: UUID) -> Written | None:
        """What readers may have seen."""
        return whole(self._entries[answer_id])

    async def join(self, answer_id: UUID, last: Number) -> MemorySubscription:
        """Follow an answer from a place on."""
        return MemorySubscription(self._entries[answer_id], self._news, last)

    def follow(self, answer_id: UUID, place: Place) -> AsyncGenerator[list[Entry], None]:
        """What a reader lacks, in bundles."""
        return Following(answer_id, place, self, self.saved).pieces()

    async def ended(self, answer_id: UUID, place: Place) -> list[Entry]:
        """What a reader lacks of an answer that has ended."""
        return await Following(answer_id, place, self, self.saved).ended()

    async def read(self, answer_id: UUID, after: str = "") -> AsyncGenerator[Chunk, None]:
        """Yield the pieces after a place, waiting for more until done."""
        async with aclosing(self.follow(answer_id, Place.parse(after))) as bundles:
            async for bundle in bundles:
                for entry in bundle:
                    yield entry.chunk()

    async def state(self, _: UUID) -> str:
        """Not known here."""
        return ""

    async def saved(self, answer_id: UUID) -> Saved | None:
        """What the log has of an answer."""
        try:
            return saved_of(Draft.of(answer_id, await self._history.history(answer_id)))
        except NotFound:
            return None

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()
