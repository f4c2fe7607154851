"""Server-sent events: bytes that are built once, sent as they come, with a heartbeat."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from time import monotonic
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from pydantic_core import to_json
from starlette.types import Receive, Scope, Send

from infrastructure.streams.entries import Entry, Place
from interfaces.services import Services

MEDIA_TYPE = "text/event-stream"
HEARTBEAT = b": still here\n\n"
HEARTBEAT_SECONDS = 15.0
ADMITTED_SECONDS = 1.0  # a sign-out ends open streams within two seconds
WAITING_BUNDLES_MAX = 16
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Frames = AsyncGenerator[bytes, None]
StillMay = Callable[[], Awaitable[bool]]


class EventStream(Response):
    """A response without end. Its frames come from a generator; empty ones ask for a heartbeat.

    A reader who is too slow holds up his own generator and nobody else. One task of ours waits
    for him to hang up; nothing is started for each frame.
    """

    media_type = MEDIA_TYPE

    def __init__(self, frames: Frames, may_still: StillMay | None = None) -> None:
        super().__init__(None, headers=HEADERS, media_type=MEDIA_TYPE)
        del self.headers["content-length"]
        self._frames = frames
        self._may_still = may_still

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the frames end or the reader is gone."""
        del scope
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(gone(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not sending.done():
                sending.cancel()
            await asyncio.wait((sending, leaving))
        if not sending.cancelled():
            sending.result()
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send) -> None:
        sent = checked = monotonic()
        async with aclosing(self._frames) as frames:
            async for frame in frames:
                now = monotonic()
                if self._may_still is not None and now - checked > ADMITTED_SECONDS:
                    checked = now
                    if not await self._may_still():
                        return
                if frame or now - sent >= HEARTBEAT_SECONDS - 1:
                    body = frame or HEARTBEAT
                    await send({"type": "http.response.body", "body": body, "more_body": True})
                    sent = now


async def gone(receive: Receive) -> None:
    """Wait until the reader hangs up."""
    while (await receive())["type"] != "http.disconnect":
        pass


def event(kind: str, data: Mapping[str, Any], event_id: str = "") -> bytes:
    """One event as it is sent."""
    head = f"id: {event_id}\n" if event_id else ""
    return b"%bevent: %b\ndata: %b\n\n" % (head.encode(), kind.encode(), to_json(data))


async def frames_of(bundles: AsyncGenerator[list[Entry], None]) -> Frames:
    """The pieces of one answer."""
    async with aclosing(bundles) as some:
        async for bundle in some:
            yield b"".join([entry.frame for entry in bundle])


def named(answer_id: UUID, entry: Entry) -> bytes:
    """A piece among those of other answers."""
    head = f'id: {entry.id}\nevent: {entry.kind}\ndata: {{"answer_id":"{answer_id}"'
    rest = entry.data[1:]
    comma = b"" if rest == b"}" else b","
    return b"%b%b%b\n\n" % (head.encode(), comma, rest)


async def merged(sources: Sequence[Frames], end: asyncio.Event | None = None) -> Frames:
    """Frames of several generators as they come; ends with the last, or at an event."""
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING_BUNDLES_MAX)
    tasks = [asyncio.create_task(pump(each, queue)) for each in sources]
    left = len(sources)
    if end is not None:
        tasks.append(asyncio.create_task(wait_for(end, queue)))
    try:
        while left and not (end is not None and end.is_set()):
            frame = await queue.get()
            if frame is None:
                left -= 1
            else:
                yield frame
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def pump(source: Frames, queue: asyncio.Queue[bytes | None]) -> None:
    """Put frames into a queue, and None behind the last, also when the source failed."""
    try:
        async with aclosing(source) as frames:
            async for frame in frames:
                await queue.put(frame)
    finally:
        await queue.put(None)


async def wait_for(end: asyncio.Event, queue: asyncio.Queue[bytes | None]) -> None:
    """Wake whoever takes from a queue when an event comes."""
    await end.wait()
    await queue.put(b"")


async def stream_answers(
    services: Services, accepted: Mapping[str, Any], answer_ids: Sequence[UUID], request: Request
) -> Response:
    """All answers to a question that was just asked, each piece with its `answer_id`."""
    del request

    async def one(answer_id: UUID) -> Frames:
        async with aclosing(services.streams.follow(answer_id, Place())) as bundles:
            async for bundle in bundles:
                yield b"".join([named(answer_id, entry) for entry in bundle])

    async def every() -> Frames:
        yield event("accepted", accepted)
        sources = [one(each) for each in answer_ids]
        async with aclosing(sources[0] if len(sources) == 1 else merged(sources)) as frames:
            async for frame in frames:
                yield frame

    return EventStream(every())
