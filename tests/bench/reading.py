"""What long lists and long chats cost."""

import asyncio
import time
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg

from application.chats import StartChat
from application.command import carry_out
from application.messages import Copied, CopyMessages
from application.ports import Envelope
from domain.chats import Chat
from infrastructure.event_log import EventLog
from tests.bench.figures import Row, ms, p50, p95
from tests.bench.streams import Seen
from tests.bench.world import World

CHATS = 10_000
GOAL_LIST = 0.020
SIZES = (10, 100, 1_000, 5_000)
TURNS = 30
GOAL_FLAT = 1.2
GOAL_OPEN = 1.5
GOAL_BYTES = 50_000
GOAL_CPU = 0.015
PART = 500
APPENDED_AT_ONCE = 200


async def lists(world: World) -> list[Row]:
    """The list of somebody with 10,000 chats."""
    position = 0
    async with world.log() as log:
        for start in range(0, CHATS, APPENDED_AT_ONCE):
            made = [begin(log, world, start + n) for n in range(APPENDED_AT_ONCE)]
            position = max([position, *(await asyncio.gather(*made))])
    await until_visible(world, position)
    first = await timed(world, "/api/v1/chats?limit=50", 200)
    page = await world.api.get("/api/v1/chats?limit=100")
    for _ in range(20):
        page = await world.api.get(f"/api/v1/chats?limit=100&cursor={page['next_cursor']}")
    deep = await timed(world, f"/api/v1/chats?limit=50&cursor={page['next_cursor']}", 100)
    return [
        Row(
            f"List of {CHATS:,} chats, first 50, p50 / p95",
            f"{ms(p50(first))} / {ms(p95(first))}",
            "",
            "p95 20 ms",
            p95(first) <= GOAL_LIST,
        ),
        Row(
            f"List of {CHATS:,} chats, 50 from the 2,100th on, p50 / p95",
            f"{ms(p50(deep))} / {ms(p95(deep))}",
            "",
            "p95 20 ms",
            p95(deep) <= GOAL_LIST,
        ),
    ]


async def begin(log: EventLog, world: World, number: int) -> int:
    """One more chat."""
    command = uuid4()
    chat = Chat.start(uuid4(), owner=world.user_id, title=f"Chat number {number}")
    return await log.append([chat], [], Envelope(world.actor, command, command)) or 0


async def until_visible(world: World, position: int, seconds: float = 60.0) -> None:
    """Wait until the read models have it."""
    end = time.monotonic() + seconds
    while True:
        reply = await world.api.call(
            "GET", "/api/v1/chats?limit=1", headers={"read-after": str(position)}
        )
        if reply.status == 200:
            return
        assert time.monotonic() < end, reply.body


async def timed(world: World, path: str, count: int) -> list[float]:
    """How long a page takes, one after the other."""
    samples = []
    for number in range(count + 10):
        began = time.monotonic()
        (await world.api.call("GET", path)).expect(200)
        if number >= 10:
            samples.append(time.monotonic() - began)
    return samples


@dataclass(slots=True)
class Turns:
    """What turns in a chat of one size cost."""

    accepts: list[float]
    bytes: list[float]
    cpu: float = 0.0


async def turns(world: World) -> list[Row]:
    """One more question and answer in chats of different sizes, and opening them."""
    chats = await long_chats(world)
    for key in chats.values():
        await turn(world, key, None)
    costs = {size: Turns([], []) for size in SIZES}
    async with await psycopg.AsyncConnection.connect(
        world.product.database_url, autocommit=True
    ) as db:
        await db.execute("checkpoint")
        idle = await world.idle_cpu()
        for _ in range(3):
            for size in SIZES:
                before, began = world.product.cpu_seconds(), time.monotonic()
                for _ in range(TURNS // 3):
                    start = await lsn(db)
                    costs[size].accepts.append(await turn(world, chats[size], db))
                    costs[size].bytes.append(await lsn(db) - start)
                used = world.product.cpu_seconds() - before
                costs[size].cpu += used - idle * (time.monotonic() - began)
    rows = [row for size in SIZES for row in compared(size, costs[size], costs[SIZES[0]])]
    rest = Row("CPU of an idle product", f"{idle * 1000:.0f} ms a second (taken off the turns)")
    return [*rows, rest, *await opened(world, chats)]


def kilobytes(size: float) -> str:
    return f"{size / 1000:.1f} kB"


def compared(size: int, cost: Turns, base: Turns) -> list[Row]:
    """The cost at one size beside that in the smallest chat."""
    name = f"A turn in a chat of {size:,} messages"
    accept, size_bytes, cpu = p50(cost.accepts), p50(cost.bytes), cost.cpu / TURNS
    figures = (
        ("accepted after p50", accept, p50(base.accepts), ms, "", None),
        (
            "bytes to the disk p50",
            size_bytes,
            p50(base.bytes),
            kilobytes,
            "50 kB",
            size_bytes <= GOAL_BYTES,
        ),
        ("CPU, all processes", cpu, base.cpu / TURNS, ms, "15 ms", cpu <= GOAL_CPU),
    )
    rows = []
    for what, value, limit, show, goal, kept in figures:
        ratio = value / limit if limit else float("nan")
        first = cost is base
        rows.append(
            Row(
                f"{name}: {what}",
                show(value) if first else f"{show(value)} ({ratio:.2f})",
                "" if first else f"10 messages: {show(limit)}",
                goal if first else str(GOAL_FLAT),
                kept if first else ratio <= GOAL_FLAT,
            )
        )
    return rows


async def turn(
    world: World, chat_id: str, db: psycopg.AsyncConnection[tuple[object, ...]] | None
) -> float:
    """Ask, and read the answer to its end; how long until it was accepted."""
    body = {"id": str(uuid4()), "content": "Go on, please.", "models": ["instant"]}
    began = time.monotonic()
    reply = await world.api.call("POST", f"/api/v1/chats/{chat_id}/messages", body)
    accepted = time.monotonic() - began
    answer = reply.expect(202)["answers"][0]["id"]
    seen = Seen()
    await world.api.call("GET", f"/api/v1/answers/{answer}/stream", sink=seen.from_product)
    assert seen.end == "completed", seen
    if db is not None:
        await asyncio.sleep(0.1)  # read models and leases are written too
    return accepted


async def lsn(db: psycopg.AsyncConnection[tuple[object, ...]]) -> float:
    """How many bytes of changes the database has written."""
    cursor = await db.execute("select (pg_current_wal_insert_lsn() - '0/0')::float8")
    row = await cursor.fetchone()
    assert row is not None
    return float(str(row[0]))


async def long_chats(world: World) -> dict[int, str]:
    """One chat of each size."""
    chats: dict[int, str] = {}
    position = 0
    async with world.log() as log:
        for size in SIZES:
            key = uuid4()
            await carry_out(StartChat(key, f"{size} messages"), log=log, actor=world.actor)
            position = max(position, await fill(log, world, key, size))
            chats[size] = str(key)
    await until_visible(world, position)
    return chats


async def fill(log: EventLog, world: World, chat_id: UUID, size: int) -> int:
    """Questions and answers in one branch."""
    ids = [uuid4() for _ in range(size)]
    messages = [
        Copied(
            key,
            ids[n - 1] if n else None,
            "assistant" if n % 2 else "user",
            f"Message {n}. " + "Some words that a person or a model might have said. " * 6,
            "instant" if n % 2 else "",
        )
        for n, key in enumerate(ids)
    ]
    position = 0
    for start in range(0, size, PART):
        command = CopyMessages(chat_id, tuple(messages[start : start + PART]))
        receipt = await carry_out(command, log=log, actor=world.actor)
        position = receipt.position or position
    return position


async def opened(world: World, chats: dict[int, str]) -> list[Row]:
    """The first page of a chat: as it is opened, and with as many messages as the small has."""
    small, large = chats[SIZES[0]], chats[SIZES[-1]]
    rows = []
    for limit in (50, 10):
        base = await timed(world, f"/api/v1/chats/{small}/messages?limit={limit}", 100)
        value = await timed(world, f"/api/v1/chats/{large}/messages?limit={limit}", 100)
        ratio = p50(value) / p50(base)
        rows.append(
            Row(
                f"Opening a chat of {SIZES[-1]:,} messages, pages of {limit}, p50 / p95",
                f"{ms(p50(value))} / {ms(p95(value))} ({ratio:.2f})",
                f"10 messages: {ms(p50(base))} / {ms(p95(base))}",
                str(GOAL_OPEN),
                ratio <= GOAL_OPEN,
            )
        )
    return rows
