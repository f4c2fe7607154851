"""Answer streams in Redis: any web process can serve what any worker writes."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Self
from uuid import UUID

import redis.asyncio
from redis.exceptions import RedisError

from application.answering.draft import Draft, History
from application.ports import Chunk, Unavailable, Written
from domain.answers import Status
from domain.errors import NotFound
from infrastructure.lines import Lines
from infrastructure.streams.entries import Entry, Place, Saved
from infrastructure.streams.following import Following
from infrastructure.streams.hub import PAGE, Hub, HubSubscription, Number
from infrastructure.streams.outlet import RedisOutlet
from infrastructure.streams.waiting import Waiting
from infrastructure.streams.writing import StreamWriter, key_of

SOCKET_SECONDS = 15  # longer than the longest blocking read
CONNECT_SECONDS = 5
CONNECTIONS_MAX = 64


def client_of(url: str) -> redis.asyncio.Redis:
    """A client whose connections wait longer than the longest blocking read."""
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS_MAX,
        socket_timeout=SOCKET_SECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
    )
    return redis.asyncio.Redis.from_pool(pool)


class RedisAnswerStreams:
    """`async with RedisAnswerStreams(url, log) as streams`: one per process and event loop."""

    def __init__(self, url: str, history: History, lines: Lines | None = None) -> None:
        self._client = client_of(url)
        self._history = history
        self._waiting = Waiting(lines) if lines else None
        self._hub = Hub(self._client)
        self._outlet = RedisOutlet(self._client)
        self._stack = AsyncExitStack()
        self.is_closing = False

    async def __aenter__(self) -> Self:
        self._stack.push_async_callback(self._client.aclose)
        await self._hub.open()
        self._stack.push_async_callback(self._hub.close)
        await self._outlet.open()
        self._stack.push_async_callback(self._outlet.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let the connections go."""
        await self._stack.aclose()

    def go_down(self) -> None:
        """Tell every reader to come back, because this process is about to end."""
        self.is_closing = True
        self._hub.wake()

    def writer(
        self, answer_id: UUID, attempt: int, model: str, so_far: Written | None = None
    ) -> StreamWriter:
        """Begin an attempt, going on after a text if one is given."""
        return StreamWriter(self._outlet, answer_id, attempt, model, so_far)

    async def written(self, answer_id: UUID) -> Written | None:
        """What readers may have seen, if the stream still has all of it."""
        entries: list[Entry] = []
        last = (0, 0)
        try:
            while page := await self._hub.page(key_of(answer_id), last):
                entries += page
                last = (page[-1].attempt, page[-1].number)
                if len(page) < PAGE:
                    break
        except (RedisError, OSError):
            return None
        return whole(entries)

    async def join(self, answer_id: UUID, last: Number) -> HubSubscription:
        """Follow an answer from a place on."""
        return await self._hub.join(answer_id, last)

    def follow(self, answer_id: UUID, place: Place) -> AsyncGenerator[list[Entry], None]:
        """What a reader lacks, in bundles that are ready to be sent; now and then an empty one."""
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

    async def state(self, answer_id: UUID) -> str:
        """`queued` or `running`; empty when that is not known."""
        if self._waiting is None:
            return ""
        try:
            return await self._waiting.state(answer_id)
        except Unavailable:
            return ""

    async def saved(self, answer_id: UUID) -> Saved | None:
        """What the log has of an answer; None while the log is away."""
        try:
            return saved_of(Draft.of(answer_id, await self._history.history(answer_id)))
        except (NotFound, Unavailable):
            return None


def saved_of(draft: Draft) -> Saved:
    """What readers need of a draft."""
    return Saved(
        attempt=draft.text_attempt,
        base=draft.base,
        model=draft.model,
        text=draft.text,
        reasoning=draft.reasoning,
        done=draft.done(),
        queued=draft.status == Status.QUEUED,
    )


def whole(entries: list[Entry]) -> Written | None:
    """All text of a stream, or None when a part is missing."""
    text = reasoning = ""
    base = 0
    for entry in entries:
        if entry.base > base:
            base, text, reasoning = entry.base, "", ""
        if entry.kind == "delta":
            if entry.text_from > len(text):
                return None
            text = text[: entry.text_from] + str(entry.chunk().data["text"])
        elif entry.kind == "reasoning":
            if entry.reasoning_from > len(reasoning):
                return None
            reasoning = reasoning[: entry.reasoning_from] + str(entry.chunk().data["text"])
    return Written(text, reasoning, base) if entries else None
