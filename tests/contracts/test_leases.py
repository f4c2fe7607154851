"""Leases on answers: one worker each, dead ones taken over, nobody crowded out."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import psycopg
import pytest

from application.ports import Unavailable
from infrastructure import leases
from infrastructure.leases import Leases
from infrastructure.postgres import connect

ADD = (
    "insert into work.answers (answer_id, chat_id, owner_id, position)"
    " select key, %s, %s, place from unnest(%s::uuid[], %s::bigint[]) as a (key, place)"
)


@dataclass
class Office:
    """A table of answers, and workers."""

    url: str
    opened: list[Leases] = field(default_factory=list)
    position: int = 0

    def worker(self, user_max: int = 100) -> Leases:
        worker = Leases(self.url, uuid4(), user_max=user_max)
        self.opened.append(worker)
        return worker

    async def ask(self, count: int = 1, owner: UUID | None = None) -> list[UUID]:
        ids = [uuid4() for _ in range(count)]
        places = list(range(self.position + 1, self.position + count + 1))
        self.position += count
        await self.run(ADD, uuid4(), owner or uuid4(), ids, places)
        return ids

    async def run(self, sql: str, *params: object) -> list[tuple[object, ...]]:
        async with await connect(self.url, autocommit=True) as line:
            cursor = await line.execute(sql.encode(), params)
            return await cursor.fetchall() if cursor.description else []


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    office = Office(database)
    yield office
    for each in office.opened:
        await each.close()


async def test_each_answer_goes_to_one_worker(office: Office) -> None:
    asked = await office.ask(50)
    workers = [office.worker() for _ in range(5)]
    claimed = await asyncio.gather(*(each.claim(20) for each in workers))
    found = [lease.answer_id for each in claimed for lease in each]
    assert sorted(found) == sorted(asked)
    assert await workers[0].claim(100) == []


async def test_the_first_asked_is_the_first_answered(office: Office) -> None:
    owner = uuid4()
    asked = await office.ask(3, owner)
    worker = office.worker()
    claimed = [(await worker.claim(1))[0].answer_id for _ in range(3)]
    assert claimed == asked


async def test_a_flood_leaves_others_their_turn(office: Office) -> None:
    flood = uuid4()
    await office.ask(100, flood)
    other = await office.ask(1)
    claimed = await office.worker().claim(10)
    assert other[0] in [each.answer_id for each in claimed]


async def test_one_person_has_so_many_at_once(office: Office) -> None:
    owner = uuid4()
    await office.ask(10, owner)
    worker = office.worker(user_max=4)
    claimed = await worker.claim(100)
    assert len(claimed) == 4
    assert await worker.claim(100) == []
    await worker.end([claimed[0]])
    assert len(await worker.claim(100)) == 1


async def test_a_dead_workers_answers_are_taken_over(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "DEAD_SECONDS", 0.2)
    asked = await office.ask()
    dead, other = office.worker(), office.worker()
    lease = (await dead.claim(1))[0]
    assert await other.claim(1) == []
    await asyncio.sleep(0.1)
    assert set(await dead.beat(asked)) == set(asked)
    await asyncio.sleep(0.15)
    assert await other.claim(1) == []
    await asyncio.sleep(0.2)
    taken = await other.claim(1)
    assert [each.answer_id for each in taken] == asked
    assert taken[0].attempts == lease.attempts + 1
    assert await dead.beat(asked) == {}
    await dead.end([lease])
    assert set(await other.beat(asked)) == set(asked)


async def test_what_is_given_back_is_taken_at_once(office: Office) -> None:
    asked = await office.ask(3)
    worker, other = office.worker(), office.worker()
    await worker.claim(3)
    await worker.give_back(asked)
    assert len(await other.claim(3)) == 3


async def test_what_is_asked_anew_meanwhile_stays(office: Office) -> None:
    asked = await office.ask()
    worker = office.worker()
    lease = (await worker.claim(1))[0]
    sql = "update work.answers set state = 'queued', worker = null, position = position + 10"
    await office.run(sql)
    await worker.end([lease])
    assert [each.answer_id for each in await worker.claim(1)] == asked


async def test_a_stop_is_heard_and_needs_no_turn(office: Office) -> None:
    owner = uuid4()
    first, second = await office.ask(2, owner)
    worker = office.worker(user_max=1)
    assert [each.answer_id for each in await worker.claim(5)] == [first]
    await office.run("update work.answers set stopping = true")
    pulse = (await worker.beat([first]))[first]
    assert pulse.stopping
    claimed = await worker.claim(5, [first])
    assert [(each.answer_id, each.stopping) for each in claimed] == [(second, True)]


async def test_a_lost_connection_is_made_anew(office: Office) -> None:
    worker = office.worker()
    await office.ask()
    assert len(await worker.claim(1)) == 1
    await office.run(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'quire leases' and datname = current_database()"
    )
    await office.ask()
    found = []
    for _ in range(3):
        try:
            found = await worker.claim(1)
            break
        except (psycopg.Error, Unavailable):
            continue
    assert len(found) == 1
