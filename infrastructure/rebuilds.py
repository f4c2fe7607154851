"""Fills a read model beside the living ones: a new version of it, or the same told anew."""

import asyncio
from collections.abc import Callable

from infrastructure.base_log import BaseLog
from infrastructure.follower import Member, collect, store
from infrastructure.postgres import Connection, connect

BATCH = 1_000
NEAR = 100
# The tables are small when plans are made and large when they are used.
SETTINGS = (
    "set synchronous_commit = off; set jit = off; set plan_cache_mode = force_generic_plan;"
    " set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off;"
    " set tcp_keepalives_idle = 2; set tcp_keepalives_interval = 1; set tcp_keepalives_count = 2"
)
ADVANCE = "select log.advance_filling(%(schema)s, %(seen)s, %(reached)s)"


class Filling:
    """A read model on its way to where its lane is."""

    def __init__(self, log: BaseLog, member: Member, position: int) -> None:
        self._log = log
        self.member = member
        self.position = position

    async def run(self, url: str, goal: Callable[[], int]) -> None:
        """Come near the lane, on a connection of one's own, while the lane goes on."""
        async with await connect(url, autocommit=True, name="quire rebuild") as line:
            await line.execute(SETTINGS)
            while goal() - self.position > NEAR:
                await self.step(line, goal())
                await asyncio.sleep(0)

    async def finish(self, line: Connection, goal: int) -> None:
        """Come exactly to where the lane is, while it waits."""
        while self.position < goal:
            await self.step(line, goal)

    async def step(self, line: Connection, goal: int) -> None:
        """Handle the next batch; its rows and the position move together."""
        topics = sorted(self.member.topics)
        events = await self._log.read(self.position, BATCH, topics, until=goal)
        reached = events[-1].position if len(events) == BATCH else goal
        batch = collect(self.member, events)
        move = (ADVANCE, {"schema": self.member.schema, "seen": self.position, "reached": reached})
        await store(line, [batch], move)
        self.position = reached
