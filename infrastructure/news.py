"""How far the log reaches, and a place to wait until it reaches further."""

import asyncio
import contextlib


class News:
    """Whoever waits here costs the database nothing."""

    def __init__(self) -> None:
        self._head = 0
        self._further = asyncio.Event()

    def heard(self, position: int) -> None:
        """Take note that the log reaches to there, and wake who waits."""
        if position > self._head:
            self._head = position
            further, self._further = self._further, asyncio.Event()
            further.set()

    async def wait(self, after: int, seconds: float) -> int:
        """Return the head as soon as it is after a position, or as it is when time is up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._head <= after:
                    await self._further.wait()
        return self._head
