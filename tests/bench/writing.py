"""What the log takes, and how far the read models are behind it."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import psycopg

from application.chats import RenameChat, StartChat
from application.command import carry_out
from application.ports import Envelope
from domain.chats import Chat
from infrastructure.event_log import EventLog
from tests.bench.figures import Row, ms, p50, p95, p99
from tests.bench.world import World

WRITERS = 16
TASKS = 256
SECONDS = 6.0
GOAL_SHARE = 0.7
LAG_RATE = 200
LAG_SECONDS = 15.0
GOAL_LAG = 0.100
PLAIN = """
    create schema if not exists bench;
    create table if not exists bench.plain (
        position bigint generated always as identity primary key, stream_id uuid not null,
        version integer not null, type text not null, data json not null,
        metadata jsonb not null, recorded_at timestamptz not null default now()
    )
"""
INSERT = (
    "insert into bench.plain (stream_id, version, type, data, metadata) values (%s,%s,%s,%s,%s)"
)


async def append(world: World) -> list[Row]:
    """Events appended through the log, and rows inserted one by one without it.

    The projector rests meanwhile: it has a row of its own, and plain rows have no followers.
    """
    with resting(world.product.pids("projector")):
        plain = await plain_inserts(world, WRITERS)
        async with world.log() as log:
            same = await appended(log, world, WRITERS)
            many = await appended(log, world, TASKS)
        again = await plain_inserts(world, WRITERS)
    limit = max(plain, again)
    await drop_plain(world)
    text = f"{limit:,.0f}/s with {WRITERS} connections ({plain:,.0f}, {again:,.0f})"
    return [
        Row(
            f"Events appended, {WRITERS} writers",
            f"{same:,.0f}/s ({same / limit:.2f})",
            text,
            "0.7",
            same / limit >= GOAL_SHARE,
        ),
        Row(
            f"Events appended, {TASKS} writers",
            f"{many:,.0f}/s ({many / limit:.2f})",
            text,
            "0.7",
            many / limit >= GOAL_SHARE,
        ),
    ]


@contextmanager
def resting(pids: list[int]) -> Iterator[None]:
    """Have processes of ours stand still."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def drop_plain(world: World) -> None:
    async with await psycopg.AsyncConnection.connect(
        world.product.database_url, autocommit=True
    ) as db:
        await db.execute("drop schema if exists bench cascade")


async def plain_inserts(world: World, writers: int) -> float:
    """Rows a second, each in its own transaction."""
    url = world.product.database_url
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as db:
        await db.execute(PLAIN)
    lines = [await psycopg.AsyncConnection.connect(url, autocommit=True) for _ in range(writers)]

    def one(number: int) -> Callable[[], Awaitable[object]]:
        key, text = uuid4(), '{"title": "A title of some length, as they are."}'
        values = [key, 1, "chat.renamed", text, text]
        return lambda: lines[number].execute(INSERT, values, prepare=True)

    rate = await repeated([one(number) for number in range(writers)])
    for line in lines:
        await line.close()
    return rate


async def appended(log: EventLog, world: World, writers: int) -> float:
    """Events a second, each its own command on its own chat."""
    actor = world.actor

    def one() -> Callable[[], Awaitable[object]]:
        async def start() -> None:
            command = uuid4()
            chat = Chat.start(uuid4(), owner=actor.id, title="A title of some length.")
            await log.append([chat], [], Envelope(actor, command, command))

        return start

    return await repeated([one() for _ in range(writers)])


async def repeated(actions: list[Callable[[], Awaitable[object]]]) -> float:
    """How often a second all of these are done, each again and again."""
    end = time.monotonic() + SECONDS
    done = 0

    async def work(action: Callable[[], Awaitable[object]]) -> None:
        nonlocal done
        while time.monotonic() < end:
            await action()
            done += 1

    began = time.monotonic()
    await asyncio.gather(*(work(each) for each in actions))
    return done / (time.monotonic() - began)


async def lag(world: World) -> list[Row]:
    """How long after its append an event can be seen in the read models."""
    told: list[tuple[int, float]] = []
    seen: list[tuple[int, float]] = []
    async with world.log() as log:
        listener = asyncio.create_task(listen(world, seen))
        await asyncio.sleep(0.5)
        chats = [uuid4() for _ in range(50)]
        for key in chats:
            await carry_out(StartChat(key, "Lag"), log=log, actor=world.actor)
        await steady(log, world, chats, told)
        await asyncio.sleep(3)
        listener.cancel()
        await asyncio.wait([listener])
    lags = delays(told, seen)
    value = f"{ms(p50(lags))} / {ms(p95(lags))} / {ms(p99(lags))} of {len(lags):,}"
    kept = bool(lags) and len(lags) >= 0.99 * len(told) and p95(lags) <= GOAL_LAG
    rate = f"{len(told) / LAG_SECONDS:.0f} events/s"
    return [Row(f"Read models behind, {rate}, p50 / p95 / p99", value, "", "p95 100 ms", kept)]


async def steady(
    log: EventLog, world: World, chats: list[UUID], told: list[tuple[int, float]]
) -> None:
    """Rename chats at a steady rate, and note when each was recorded."""

    async def rename(number: int) -> None:
        command = RenameChat(chats[number % len(chats)], f"Lag {number}")
        receipt = await carry_out(command, log=log, actor=world.actor)
        if receipt.position is not None:
            told.append((receipt.position, time.monotonic()))

    began = time.monotonic()
    tasks = []
    for number in range(int(LAG_RATE * LAG_SECONDS)):
        await asyncio.sleep(max(0.0, began + number / LAG_RATE - time.monotonic()))
        tasks.append(asyncio.create_task(rename(number)))
    await asyncio.gather(*tasks)


async def listen(world: World, seen: list[tuple[int, float]]) -> None:
    """Note when the read models say how far they are."""
    async with await psycopg.AsyncConnection.connect(
        world.product.database_url, autocommit=True
    ) as db:
        await db.execute("listen quire_core")
        async for each in db.notifies():
            seen.append((int(each.payload), time.monotonic()))  # noqa: PERF401 (as it comes)


def delays(told: list[tuple[int, float]], seen: list[tuple[int, float]]) -> list[float]:
    """From each append to the first word that the read models have it."""
    lags: list[float] = []
    place = 0
    seen = sorted(seen)
    for position, at in sorted(told):
        while place < len(seen) and seen[place][0] < position:
            place += 1
        if place == len(seen):
            break
        lags.append(max(0.0, seen[place][1] - at))
    return lags
