"""Jobs are done at least once, by one worker at a time, and none is lost or done for ever."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest

from application.ports import Unavailable
from domain.errors import Conflict
from infrastructure import chores
from infrastructure.chores import Chore, Chores, Rounds
from infrastructure.jobs import ask, ask_all
from infrastructure.lines import Lines
from infrastructure.postgres import pool

Row = tuple[int, int, bool]


@pytest.fixture
async def lines(database: str) -> AsyncIterator[Lines]:
    async with pool(database, size_max=4) as connections:
        yield Lines(connections)


@dataclass(slots=True)
class Hands:
    """What is done, and how it goes."""

    begun: list[UUID] = field(default_factory=list)
    ended: list[UUID] = field(default_factory=list)
    given_up: list[UUID] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    error: Exception | None = None

    async def work(self, key: UUID) -> None:
        self.begun.append(key)
        if self.error is not None:
            raise self.error
        await self.gate.wait()
        self.ended.append(key)

    async def give_up(self, key: UUID) -> None:
        self.given_up.append(key)


@asynccontextmanager
async def working(
    lines: Lines, hands: Hands, at_once_max: int = chores.AT_ONCE_MAX
) -> AsyncIterator[asyncio.Task[None]]:
    """Somebody who does the jobs; ended in good order unless killed before."""
    stop = asyncio.Event()
    chore = Chore(hands.work, patient=True, give_up=hands.give_up)
    found = Chores(lines, {"dig": chore}, at_once_max)
    task = asyncio.create_task(found.run(stop))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait([task])


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def rows(lines: Lines) -> list[Row]:
    found = await lines.rows(
        "select attempts, postponed, leased_by is not null from work.jobs order by key", {}
    )
    return [(row[0], row[1], row[2]) for row in found]


async def test_a_wish_that_comes_while_the_job_runs_is_done_afterwards(lines: Lines) -> None:
    key, hands = uuid4(), Hands()
    await ask(lines, "dig", key)
    async with working(lines, hands):
        await until(lambda: hands.begun == [key])
        await ask(lines, "dig", key)
        await asyncio.sleep(0.1)
        assert hands.begun == [key]  # never twice at once
        hands.gate.set()
        await until(lambda: hands.ended == [key, key])
        await asyncio.sleep(0.1)
    assert hands.ended == [key, key]
    assert await rows(lines) == []


async def test_a_dead_workers_job_is_taken_over(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chores, "LEASE_SECONDS", 1)
    monkeypatch.setattr(chores, "BEAT_SECONDS", 0.2)
    key, dead, other = uuid4(), Hands(), Hands()
    await ask(lines, "dig", key)
    async with working(lines, dead) as task:
        await until(lambda: bool(dead.begun))
        async with working(lines, other):
            await asyncio.sleep(1.5)
            assert other.begun == []  # as long as its heart beats
            task.cancel()
            await until(lambda: bool(other.begun))
            other.gate.set()
            await until(lambda: bool(other.ended))
            await asyncio.sleep(0.1)
    assert dead.ended == []
    assert await rows(lines) == []


async def test_who_lost_a_job_lets_go_of_it(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chores, "BEAT_SECONDS", 0.1)
    key, hands = uuid4(), Hands()
    await ask(lines, "dig", key)
    async with working(lines, hands):
        await until(lambda: bool(hands.begun))
        await lines.run("update work.jobs set leased_by = %(id)s", {"id": uuid4()})
        await asyncio.sleep(0.3)
        hands.gate.set()
        await asyncio.sleep(0.1)
    assert hands.ended == []
    assert await rows(lines) == [(1, 0, True)]


async def test_who_stops_gives_back_what_is_not_done(lines: Lines) -> None:
    key, hands = uuid4(), Hands()
    await ask(lines, "dig", key)
    async with working(lines, hands):
        await until(lambda: bool(hands.begun))
    assert hands.ended == []
    assert await rows(lines) == [(0, 1, False)]


async def test_what_needs_something_that_is_away_is_put_off_for_ever(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chores, "AGAIN_SECONDS", 0)
    key, hands = uuid4(), Hands(error=Unavailable("away"))
    await ask(lines, "dig", key)
    async with working(lines, hands):
        await until(lambda: len(hands.begun) > chores.TAKEN_MAX + 5)
        hands.error = None
        hands.gate.set()
        await until(lambda: hands.ended == [key])
    assert hands.given_up == []


async def test_the_pause_grows_up_to_a_minute(lines: Lines) -> None:
    key, hands = uuid4(), Hands(error=Unavailable("away"))
    await ask(lines, "dig", key)
    pause = "select extract(epoch from due_at - now())::float8 from work.jobs"
    for postponed, seconds in ((0, 1), (3, 8), (50, 60)):
        again = "update work.jobs set due_at = now(), postponed = %(postponed)s"
        await lines.run(again, {"postponed": postponed})
        hands.begun.clear()
        async with working(lines, hands):
            await until(lambda: bool(hands.begun))
            await asyncio.sleep(0.1)
            row = await lines.row(pause, {})
            assert row
            assert seconds - 1 < row[0] <= seconds


@pytest.mark.parametrize("attempts", [24, 25])
async def test_a_job_that_ends_its_workers_is_given_up(lines: Lines, attempts: int) -> None:
    key, hands = uuid4(), Hands()
    hands.gate.set()
    await ask(lines, "dig", key)
    await lines.run("update work.jobs set attempts = %(n)s", {"n": attempts})
    async with working(lines, hands):
        await until(lambda: bool(hands.ended or hands.given_up))
    assert bool(hands.given_up) == (attempts == chores.TAKEN_MAX)
    assert await rows(lines) == []


async def test_a_bug_is_given_up_soon(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chores, "AGAIN_SECONDS", 0)
    key, hands = uuid4(), Hands(error=ZeroDivisionError("a bug"))
    await ask(lines, "dig", key)
    async with working(lines, hands):
        await until(lambda: bool(hands.given_up))
    assert len(hands.begun) == chores.TAKEN_MAX // chores.BUG_COUNTS
    assert await rows(lines) == []


async def test_a_refusal_ends_it_after_three_tries(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chores, "AGAIN_SECONDS", 0)
    key, hands = uuid4(), Hands(error=Conflict("no"))
    await ask(lines, "dig", key)
    async with working(lines, hands):
        await until(lambda: len(hands.begun) == chores.TRIES_MAX)
        await asyncio.sleep(0.2)
    assert len(hands.begun) == chores.TRIES_MAX
    assert await rows(lines) == []


async def test_only_so_many_are_done_at_once(lines: Lines) -> None:
    hands = Hands()
    await ask_all(lines, "dig", [uuid4() for _ in range(10)])
    async with working(lines, hands, at_once_max=3):
        await until(lambda: len(hands.begun) == 3)
        await asyncio.sleep(0.2)
        assert len(hands.begun) == 3
        hands.gate.set()
        await until(lambda: len(hands.ended) == 10)


async def test_one_look_finds_what_is_due_for_many(lines: Lines) -> None:
    stop, digger, sower = asyncio.Event(), Hands(), Hands()
    digger.gate.set()
    found = [Chores(lines, {"dig": Chore(digger.work)}), Chores(lines, {"sow": Chore(sower.work)})]
    rounds = Rounds(lines, found)
    runs = [rounds.run(stop), *(each.run(stop) for each in found)]
    tasks = [asyncio.create_task(each) for each in runs]
    await asyncio.sleep(0.2)  # all have looked for themselves, and found nothing
    key = uuid4()
    await ask(lines, "dig", key)
    rounds.wake()
    await until(lambda: digger.ended == [key], 1)
    await ask(lines, "dig", key)  # without a word; the next round finds it
    await until(lambda: digger.ended == [key, key], 5)
    stop.set()
    await asyncio.wait(tasks, timeout=1)
    assert all(each.done() for each in tasks)
    assert sower.begun == []
