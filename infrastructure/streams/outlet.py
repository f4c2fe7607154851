"""Carries the pieces of all answers of a process to Redis, on one connection."""

import asyncio
import contextlib
import logging
from typing import Any

import redis.asyncio
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError, ResponseError

from infrastructure.streams.writing import StreamWriter, packed

GATHER_SECONDS = 0.001
GATHER_EACH_SECONDS = 0.00001  # the more answers, the longer each batch may gather
GATHER_SECONDS_MAX = 0.01
PAUSE_SECONDS = 0.1
PAUSE_SECONDS_MAX = 1.0
SMALLER_ID = "smaller than the target stream top item"

logger = logging.getLogger(__name__)


class RedisOutlet:
    """One task that fetches what is due from the writers, and sends it as one pipeline."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client
        self._writers: set[StreamWriter] = set()
        self._dirty: set[StreamWriter] = set()
        self._news = asyncio.Event()
        self._line: AbstractConnection | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> int:
        """How many writers there are."""
        return len(self._writers)

    def dirty(self, writer: StreamWriter) -> None:
        """Come for what this one holds."""
        if writer not in self._dirty:
            self._writers.add(writer)
            self._dirty.add(writer)
            self._news.set()
        elif writer.due == 0.0:
            self._news.set()

    def forget(self, writer: StreamWriter) -> None:
        """This one has ended."""
        self._writers.discard(writer)
        self._dirty.discard(writer)

    async def open(self) -> None:
        """Begin to carry."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop carrying."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._hang_up()

    async def _run(self) -> None:
        pause = PAUSE_SECONDS
        while True:
            await self._wait()
            batch = self._due()
            if not batch:
                continue
            try:
                await self._carry(batch)
            except (RedisError, OSError, TimeoutError) as error:
                logger.warning("streams: Redis is away: %s", error)
                await self._missed()
                await asyncio.sleep(pause)
                pause = min(2 * pause, PAUSE_SECONDS_MAX)
            else:
                pause = PAUSE_SECONDS
                gather = GATHER_SECONDS + len(self._writers) * GATHER_EACH_SECONDS
                await asyncio.sleep(min(gather, GATHER_SECONDS_MAX))

    async def _wait(self) -> None:
        """Wait until something is due."""
        if not self._dirty:
            self._news.clear()
            await self._news.wait()
        now = asyncio.get_running_loop().time()
        due = min((each.due for each in self._dirty), default=now)
        if due > now:
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(due - now):
                    await self._news.wait()

    def _due(self) -> list[tuple[StreamWriter, int, bytes]]:
        """Fetch from every writer that is due: who, how many commands, and the commands."""
        now = asyncio.get_running_loop().time()
        batch = []
        for writer in [each for each in self._dirty if each.due <= now]:
            self._dirty.discard(writer)
            if not writer.fenced and (commands := writer.take(now)):
                batch.append((writer, len(commands), packed(commands)))
        return batch

    async def _carry(self, batch: list[tuple[StreamWriter, int, bytes]]) -> None:
        line = await self._connected()
        await line.send_packed_command(b"".join([each for _, _, each in batch]), check_health=False)
        for writer, count, _ in batch:
            for _ in range(count):
                self._heard(writer, await reply(line))
            writer.landed()

    def _heard(self, writer: StreamWriter, said: Any) -> None:
        if said is None:  # the stream has vanished
            writer.missed()
        elif isinstance(said, ResponseError):
            if SMALLER_ID in str(said):
                writer.fenced = True  # a newer attempt writes
            else:
                logger.warning("streams: Redis refuses: %s", said)
                writer.missed()
                writer.due = asyncio.get_running_loop().time() + PAUSE_SECONDS_MAX
        if writer.lost and writer in self._writers:
            self.dirty(writer)

    async def _missed(self) -> None:
        await self._hang_up()
        for writer in self._writers:
            writer.missed()
            self._dirty.add(writer)

    async def _connected(self) -> AbstractConnection:
        if self._line is None:
            pool = self._client.connection_pool
            line: AbstractConnection = pool.make_connection()  # type: ignore[no-untyped-call]
            await line.connect()  # type: ignore[no-untyped-call]
            self._line = line
        return self._line

    async def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            await line.disconnect(nowait=True)


async def reply(line: AbstractConnection) -> Any:
    """One answer of Redis; a refusal is an answer, too."""
    try:
        return await line.read_response(disable_decoding=True)
    except ResponseError as error:
        return error
