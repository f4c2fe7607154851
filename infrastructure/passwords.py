"""Passwords: hashed with argon2id, in few threads, so that guessing is slow and serving is not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from application.ports import Unavailable

T = TypeVar("T")

THREADS = 2
TURNS = 2
WAIT_SECONDS_MAX = 8.0
NOBODY = "a password nobody has"


class Passwords:
    """Hashes and checks passwords with bounded memory: 19 MiB for each of two threads."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._threads = ThreadPoolExecutor(THREADS, "argon2")
        self._turns = asyncio.Semaphore(TURNS)
        self._nobody = ""

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Check few passwords at once, so that failures are counted before the next try."""
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                await self._turns.acquire()
        except TimeoutError:
            raise Unavailable("Too many people sign in at once. Please try again.") from None
        try:
            yield
        finally:
            self._turns.release()

    async def hash(self, password: str) -> str:
        """What to keep of a password."""
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, password: str, kept: str | None) -> bool:
        """Whether it is the password; for somebody unknown the same work, and no."""
        if not self._nobody:
            self._nobody = await self.hash(NOBODY)
        against = kept or self._nobody
        return await self._run(lambda: self._matches(against, password)) and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether it was hashed in a way that is too weak by now."""
        return self._hasher.check_needs_rehash(kept)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except TimeoutError:
            raise Unavailable("Too many people sign in at once. Please try again.") from None
