"""What `quire leaderboard` and `quire export` work with: the log, and all votes in it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from time import monotonic

from application.documents.ports import Embedder
from infrastructure.embeddings.cache import CachedEmbedder
from infrastructure.embeddings.local import LocalEmbedder
from infrastructure.evaluation.boards import Boards
from infrastructure.evaluation.topics import Topics
from infrastructure.event_log import EventLog
from infrastructure.lanes import Lane
from infrastructure.lines import Lines
from infrastructure.postgres import pool
from infrastructure.reader import Reader
from projections.evaluation import EVALUATION

CONNECTIONS_MAX = 3
LOOK_SECONDS = 0.05
MOVE_SECONDS_MAX = 600.0


@dataclass(frozen=True, slots=True)
class House:
    """The log, its read models, and what makes tables of them."""

    log: EventLog
    reader: Reader
    boards: Boards
    lines: Lines
    embedder: Embedder


@asynccontextmanager
async def opened(url: str, key: bytes) -> AsyncIterator[House]:
    """The house, once all votes of the log are read; they are read here if nobody else does."""
    async with (
        pool(url, size_max=CONNECTIONS_MAX, name="quire evaluation") as connections,
        EventLog(url, key, connections=connections) as log,
        Reader(connections) as reader,
    ):
        lines = Lines(connections)
        await caught_up(url, log, lines)
        async with aclosing(LocalEmbedder()) as model:
            embedder = CachedEmbedder(model, lines)
            topics = Topics(lines, partial(given, embedder))
            yield House(log, reader, Boards(reader, log, topics), lines, embedder)


async def given(embedder: Embedder) -> Embedder:
    """What embeds here."""
    return embedder


async def caught_up(url: str, log: EventLog, lines: Lines) -> None:
    """Move the lane until it has seen all there is."""
    head, stop = await log.head(), asyncio.Event()
    lane = Lane("evaluation", log, url, models=EVALUATION)
    moving = asyncio.create_task(lane.run(stop))
    until = monotonic() + MOVE_SECONDS_MAX
    try:
        while not moving.done() and monotonic() < until:
            row = await lines.row("select position from log.lanes where name = 'evaluation'", {})
            live = await lines.row(
                "select count(*) from log.read_models where state = 'live' and lane = 'evaluation'",
                {},
            )
            if row and row[0] >= head and live and live[0] >= len(EVALUATION):
                return
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        stop.set()
        await moving
