"""Sinks through deaths, rivals and bad luck: in order, nothing lost, repeats recognised."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infrastructure.pushing import gathering
from infrastructure.pushing import pushing as module
from infrastructure.pushing.pushing import Pushing, pause_after
from interfaces.jobs.sinks import pushing
from tests.http.test_sinks import Outside, outside
from tests.plain_http import Asked, Reply
from tests.sink_servers import Trouble

__all__ = ["outside"]
ROOT = Path(__file__).parent.parent.parent
EXPIRE = "update work.sinks set leased_until = now() - interval '1 second'"


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "EVENTS_MAX", 4)


async def rated(outside: Outside, count: int) -> list[int]:
    positions = []
    for n in range(count):
        await outside.rate(1 if n % 2 else -1, comment=f"Opinion {n}")
        positions.append(await outside.world.services.log.head())
    return positions


def repeats_are_the_same(outside: Outside) -> None:
    """The same name is the same message, and the same id the same item."""
    named = dict(outside.hook.taken)
    known = {each["id"]: each for each in outside.hook.items}
    assert all(named[name] == items for name, items in outside.hook.taken)
    assert all(known[each["id"]] == each for each in outside.hook.items)


async def test_whoever_takes_over_sends_the_same_message_again(outside: Outside) -> None:
    await outside.add(outside.hook)
    positions = await rated(outside, 6)
    await outside.world.settle()
    reached = asyncio.Event()

    def dies(_: Asked) -> None:
        reached.set()

    outside.hook.trouble = dies
    (task,) = await outside.worker.round()
    await reached.wait()
    task.cancel()
    await asyncio.wait([task])
    await rated(outside, 1)
    other = pushing(outside.world.services)
    await outside.tell(other)
    before = len(outside.hook.taken)
    await outside.world.services.lines.run(EXPIRE, {})
    await outside.tell(other)
    assert before == 1
    assert [name for name, _ in outside.hook.taken[:2]] == [outside.hook.taken[0][0]] * 2
    assert outside.hook.positions[:6] == positions
    assert len(outside.hook.positions) == 7
    repeats_are_the_same(outside)


async def test_rivals_tell_nothing_twice(outside: Outside) -> None:
    sink = await outside.add(outside.hook)
    rivals = [outside.worker, *(pushing(outside.world.services) for _ in range(3))]
    positions = await rated(outside, 30)
    await outside.world.settle()
    async with asyncio.timeout(30):
        while (await outside.state(sink))["lag"]:
            begun = [await each.round() for each in rivals]
            for tasks in begun:
                await asyncio.gather(*tasks)
    assert outside.hook.positions == positions
    assert len(outside.hook.items) == 30


async def test_one_who_lost_a_sink_moves_nothing(outside: Outside) -> None:
    sink = await outside.add(outside.hook)
    await rated(outside, 2)
    await outside.world.settle()
    rival = pushing(outside.world.services)
    stolen = asyncio.Event()

    def steal(_: Asked) -> Reply | None:
        stolen.set()
        return None

    outside.hook.trouble = steal
    (task,) = await outside.worker.round()
    await outside.world.services.lines.run(
        "update work.sinks set leased_by = %(rival)s", {"rival": rival.cursors.me}
    )
    await task
    state = await outside.state(sink)
    assert (state["delivered"], state["state"]) == (0, "catching_up")


@pytest.mark.parametrize("seed", [1, 2])
async def test_bad_luck_loses_nothing_and_keeps_the_order(
    outside: Outside, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice = random.Random(seed)
    monkeypatch.setattr(module, "pause_after", lambda _: 0.0)
    sink = await outside.add(outside.hook)
    workers = [outside.worker, pushing(outside.world.services)]
    outside.hook.trouble = bad_luck(outside, dice)
    positions = []
    for _ in range(12):
        positions += await rated(outside, dice.randrange(1, 6))
        await outside.world.settle()
        await told_or_dead(outside, dice.choice(workers), dice)
    outside.hook.trouble = lambda _: None
    outside.hook.lost = False
    async with asyncio.timeout(20):
        while (await outside.state(sink))["lag"]:
            await outside.due()
            await outside.tell()
            await outside.world.services.lines.run(EXPIRE, {})
    assert outside.hook.positions == positions
    repeats_are_the_same(outside)


def bad_luck(outside: Outside, dice: random.Random) -> Trouble:
    def luck(_: Asked) -> Reply | None:
        outside.hook.lost = dice.random() < 0.5  # taken, and then something else is answered
        status = dice.choice([0, 0, 0, 500, 503, 429, 400, 404])
        return Reply(status, {}, b"bad luck") if status else None

    return luck


async def told_or_dead(outside: Outside, worker: Pushing, dice: random.Random) -> None:
    """A round of a worker, who may die in it at any moment."""
    tasks = await worker.round()
    if dice.random() < 0.3:
        await asyncio.sleep(dice.random() * 0.02)
        for each in tasks:
            each.cancel()
    if tasks:
        await asyncio.wait(tasks)
    await outside.world.services.lines.run(EXPIRE, {})


async def until_lines(outside: Outside, count: int) -> None:
    async with asyncio.timeout(60):
        while len(outside.hook.positions) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.fixture
async def workers() -> AsyncIterator[list[subprocess.Popen[bytes]]]:
    """Worker processes, ended at the end."""
    running: list[subprocess.Popen[bytes]] = []
    yield running
    for each in running:
        each.kill()
        each.wait()


def worker_of(outside: Outside) -> subprocess.Popen[bytes]:
    settings = outside.world.services.settings
    env = {
        **os.environ,
        "QUIRE_DATA": str(settings.data),
        "QUIRE_DATABASE_URL": settings.database_url,
        "QUIRE_REDIS_URL": settings.redis_url,
        "QUIRE_OLLAMA_BASE_URL": "off",
        "QUIRE_SINK_HOSTS": f"127.0.0.1:{outside.hook.port}",
    }
    command = [sys.executable, "-m", "interfaces.cli.main", "worker"]
    return subprocess.Popen(command, cwd=ROOT, env=env)


async def test_a_worker_killed_in_the_middle_is_followed_by_another(
    outside: Outside, workers: list[subprocess.Popen[bytes]]
) -> None:
    sink = await outside.add(outside.hook)
    positions = await rated(outside, 10)
    await outside.world.settle()

    def kill(_: Asked) -> None:
        if not outside.hook.taken:
            os.kill(workers[0].pid, signal.SIGKILL)

    outside.hook.trouble = kill
    workers.append(await asyncio.to_thread(worker_of, outside))
    await asyncio.to_thread(workers[0].wait)
    assert (await outside.state(sink))["delivered"] == 0
    positions += await rated(outside, 2)
    await outside.world.services.lines.run(EXPIRE, {})
    workers.append(await asyncio.to_thread(worker_of, outside))
    await until_lines(outside, 12)
    assert outside.hook.positions == positions
    assert outside.hook.taken[0] == outside.hook.taken[1]
    repeats_are_the_same(outside)


def test_pauses_grow_and_differ() -> None:
    assert all(2**n / 2 <= pause_after(n) <= 2**n for n in range(11))
    assert 1_800 <= pause_after(50) <= 3_600
    assert len({pause_after(5) for _ in range(20)}) > 1
