"""What followers promise about order, doubles and failures."""

import asyncio
import random
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from domain.chats import Chat
from domain.reactions import Reactions
from infrastructure.checkpoints import lags
from infrastructure.lanes import Policy
from projections.read_model import ReadModel, Writes
from tests.contracts.following import ANA, Bench, bench, titles

TITLES = "select title from titles_v1.titles order by n"


@pytest.fixture
async def place(database: str) -> AsyncIterator[Bench]:
    async with bench(database, titles()) as found:
        yield found


def refuse_poison(title: str) -> None:
    if title == "poison":
        raise ValueError(title)


async def test_each_event_counts_once_and_in_order(place: Bench) -> None:
    for title in "abc":
        await place.start_chat(title)
    place.lane(titles())
    await place.settle()
    await place.start_chat("d")
    await place.settle()
    assert await place.column(TITLES) == ["a", "b", "c", "d"]


async def test_killed_at_any_moment_it_neither_loses_nor_doubles(place: Bench) -> None:
    chance = random.Random(1)
    expected = []
    for round_ in range(15):
        running = place.lane(titles())
        for number in range(20):
            expected.append(f"{round_}.{number}")
            await place.start_chat(expected[-1])
        await asyncio.sleep(chance.random() * 0.05)
        await place.kill(running)
    place.lane(titles())
    await place.settle()
    assert await place.column(TITLES) == expected


async def test_a_poisoned_root_is_parked_and_the_others_go_on(place: Bench) -> None:
    bad = Chat.start(uuid4(), owner=ANA, title="poison")
    running = place.lane(titles(check=refuse_poison))
    await place.start_chat("a")
    await place.append(bad)
    await place.start_chat("b")
    bad.rename("later")
    await place.append(bad)
    await place.settle()
    assert await place.column(TITLES) == ["a", "b"]
    rows = await place.lines.rows("select root_id, error from log.parked order by position", {})
    assert rows == [(bad.id, "ValueError: poison"), (bad.id, None)]
    assert [each.parked for each in await lags(place.lines)] == [1]
    await place.end(running)
    place.lane(titles())  # the handler was mended
    await place.until("select count(*) = 0 from log.parked")
    bad.rename("last")
    await place.append(bad)
    await place.settle()
    assert await place.column(TITLES) == ["a", "b", "poison", "later", "last"]


async def test_what_the_database_refuses_is_found_among_many(place: Bench) -> None:
    expected = []
    for number in range(40):
        bad = number in (7, 8, 30)
        chat = Chat.start(uuid4(), owner=ANA, title="refused" if bad else str(number))
        chat.rename(f"{number} again")
        await place.append(chat)
        if not bad:
            expected += [str(number), f"{number} again"]
    place.lane(titles())
    await place.settle()
    assert await place.column(TITLES) == expected
    errors = await place.column("select error from log.parked where error is not null")
    assert len(errors) == 3
    assert all("CheckViolation" in each for each in errors)
    assert len(await place.column("select 1 from log.parked where error is null")) == 3


async def test_one_read_model_does_not_pay_for_another(place: Bench) -> None:
    other = ReadModel("others", version=1, tables="create table others (title text)")

    @other.on(Chat.Started)
    def on_started(event: Chat.Started, db: Writes) -> None:
        refuse_poison(event.title)
        db.execute("insert into others values (%(title)s)", {"title": event.title})

    await place.start_chat("poison")
    await place.start_chat("b")
    place.lane(titles(), other)
    await place.settle()
    assert await place.column(TITLES) == ["poison", "b"]
    assert await place.column("select title from others_v1.others") == ["b"]


async def test_a_damaged_event_is_parked_and_an_unknown_one_is_passed(place: Bench) -> None:
    await place.start_chat("a")
    first, second = [await place.start_chat(each) for each in ("damaged", "unknown")]
    await place.lines.run(
        "update log.events set data = '{}' where position = %(position)s", {"position": first}
    )
    await place.lines.run(
        "update log.events set type = 'chat.dreamt' where position = %(position)s",
        {"position": second},
    )
    place.lane(titles())
    await place.settle()
    assert await place.column(TITLES) == ["a"]
    assert await place.column("select position from log.parked") == [first]


class Jobs(Writes):
    """Collects like a policy's context does, and tells when the batch is safe."""

    def __init__(self, place: Bench, woken: list[list[str]]) -> None:
        super().__init__()
        self.place = place
        self.woken = woken

    async def after_commit(self) -> None:
        self.woken.append(await self.place.column("select title from public.jobs order by title"))


async def test_policies_leave_rows_and_wake_afterwards(place: Bench) -> None:
    await place.lines.run("create table public.jobs (title text unique)", {})
    policy: Reactions[Jobs] = Reactions("naming")

    @policy.on(Chat.Started)
    def on_started(event: Chat.Started, jobs: Jobs) -> None:
        jobs.execute("insert into public.jobs values (%(title)s)", {"title": event.title})

    woken: list[list[str]] = []
    await place.start_chat("a")
    running = place.lane(name="effects", policies=[Policy(policy, lambda: Jobs(place, woken))])
    await place.settle("effects")
    await place.end(running)
    await place.start_chat("b")
    place.lane(name="effects", policies=[Policy(policy, lambda: Jobs(place, woken))])
    await place.settle("effects")
    await place.until("select count(*) = 2 from public.jobs")
    await asyncio.sleep(0.1)
    assert woken == [["a"], ["a", "b"]]


async def test_a_policy_keeps_up_with_what_does_not_concern_it(place: Bench) -> None:
    policy: Reactions[Jobs] = Reactions("seeing")
    policy.on(Chat.Seen)(lambda *_: None)
    place.lane(name="effects", policies=[Policy(policy, Writes)])
    for _ in range(3):
        await place.start_chat()
    await place.settle("effects")
