"""What the log in PostgreSQL promises beyond: crashes, other processes, growth."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from application.command import carry_out
from application.files import RecordFailure, RetryFile
from application.ports import SYSTEM, Actor, Stale, Unavailable
from domain.chats import Chat
from domain.files import File, State
from domain.messages import Message
from infrastructure import flusher
from infrastructure.arrays import parameters
from infrastructure.event_log import EventLog
from infrastructure.flusher import APPEND
from infrastructure.groups import group_of
from infrastructure.postgres import Connection, connect
from infrastructure.subject_keys import MemoryKeys
from tests.scenario import envelope, record

ANA = UUID(int=10)
MASTER = bytes(range(32))
END_APPENDERS = (
    "select pg_terminate_backend(pid) from pg_stat_activity"
    " where datname = current_database() and application_name = 'quire append'"
    " and pid <> pg_backend_pid()"
)


@pytest.fixture
async def log(database: str) -> AsyncIterator[EventLog]:
    async with EventLog(database, MASTER) as log:
        yield log


@pytest.fixture
async def other(database: str) -> AsyncIterator[EventLog]:
    async with EventLog(database, MASTER) as log:
        yield log


@pytest.fixture
async def db(database: str) -> AsyncIterator[Connection]:
    async with await connect(database, autocommit=True) as line:
        yield line


def chat_of(title: str = "Tea") -> Chat:
    return Chat.start(uuid4(), owner=ANA, title=title)


def message_in(chat: Chat, text: str = "How hot?") -> Message:
    return Message.post(uuid4(), chat_id=chat.id, owner=chat.owner, parent_id=None, text=text)


async def test_processes_see_each_other(log: EventLog, other: EventLog) -> None:
    chat = chat_of()
    await record(log, chat)
    here = await log.get(Chat, chat.id)
    there = await other.get(Chat, chat.id)
    there.rename("Coffee")
    await record(other, there)
    here.rename("Milk")
    with pytest.raises(Stale):
        await record(log, here)
    assert (await log.get(Chat, chat.id, fresh=False)).title == "Tea"
    assert (await log.get(Chat, chat.id)).title == "Coffee"
    assert (await log.get(Chat, chat.id, fresh=False)).title == "Coffee"


async def test_what_failed_in_one_process_is_tried_again_by_another(
    log: EventLog, other: EventLog
) -> None:
    sha256 = "a" * 64
    file = File.add(
        uuid4(), owner=ANA, name="Tea.wav", media_type="audio/wav", size=3, sha256=sha256
    )
    await record(log, file)  # which remembers it as queued
    failure = RecordFailure(file.id, "reading", sha256, "no_text", "Nobody listens.")
    await carry_out(failure, log=other, actor=SYSTEM)
    receipt = await carry_out(RetryFile(file.id), log=log, actor=Actor(ANA))
    assert receipt.position is not None
    assert (await other.get(File, file.id)).state == State.QUEUED


async def test_processes_wake_each_other(log: EventLog, other: EventLog) -> None:
    assert await other.wait(0, 0.2) == 0
    waiting = asyncio.create_task(other.wait(0, 5))
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await record(log, chat_of())
    assert await waiting == 1
    assert time.monotonic() - began < 0.3


async def test_two_processes_write_one_order(log: EventLog, other: EventLog) -> None:
    logs = [log, other]
    tasks = [record(logs[n % 2], chat_of(), chat_of()) for n in range(200)]
    positions = [each or 0 for each in await asyncio.gather(*tasks)]
    assert sorted(positions) == list(range(2, 401, 2))
    assert [each.position for each in await log.read(0, 1000)] == list(range(1, 401))


async def test_erasing_reaches_every_process(log: EventLog, other: EventLog) -> None:
    await record(log, chat_of("Secret"))
    [before] = await other.read(0)
    await log.erase(ANA)
    for _ in range(200):
        [after] = await other.read(0)
        if not vars(after.event)["title"]:
            break
        await asyncio.sleep(0.01)
    else:
        pytest.fail("the other process still reads it")
    assert vars(before.event)["title"] == "Secret"


async def test_what_is_personal_is_not_in_the_database(log: EventLog, db: Connection) -> None:
    await record(log, message_in(chat_of(), "My secret"))
    row = await (
        await db.execute("select data ->> 'text', data ->> '_', data::text from log.events")
    ).fetchone()
    assert row is not None
    assert row[0] is None
    assert row[1]
    assert "secret" not in row[2]


async def test_killed_connections_lose_and_double_nothing(log: EventLog, db: Connection) -> None:
    chat = chat_of()
    await record(log, chat)
    acknowledged: dict[int, UUID] = {}
    stop = time.monotonic() + 2

    async def write() -> None:
        while time.monotonic() < stop:
            message = message_in(chat)
            position = await log.append([message], [(chat.id, None)], envelope())
            assert position is not None
            assert position not in acknowledged
            acknowledged[position] = message.id

    async def kill() -> None:
        while time.monotonic() < stop:
            await db.execute(END_APPENDERS)
            await asyncio.sleep(random.uniform(0.02, 0.15))

    await asyncio.gather(kill(), *(write() for _ in range(20)))
    recorded = await log.read(1, 100_000)
    assert {each.position: each.stream_id for each in recorded} == acknowledged
    assert sorted(acknowledged) == list(range(2, len(acknowledged) + 2))


async def test_an_answer_lost_on_the_way_is_found_again(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch was committed, but the line broke before we heard of it."""
    execute = psycopg.AsyncConnection.execute
    broken: list[Connection] = []

    async def break_once(line: Connection, sql: str, *args: object, **options: object) -> object:
        answer = await execute(line, sql, *args, **options)  # type: ignore[call-overload]
        if sql == APPEND and not broken:
            broken.append(line)
            await line.close()
            raise psycopg.OperationalError("the line broke")
        return answer

    monkeypatch.setattr(psycopg.AsyncConnection, "execute", break_once)
    chat = chat_of()
    assert await record(log, chat) == 1
    assert broken
    chat.rename("Coffee")
    assert await record(log, chat) == 2
    assert await log.head() == 2


async def test_an_engine_that_stays_away_is_said_to_be(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flusher, "APPEND_SECONDS_MAX", 0.5)
    nowhere = make_conninfo(database, host="/nonexistent")
    writer = flusher.Flusher(nowhere)
    group = await group_of([chat_of()], [], envelope(), MemoryKeys())
    with pytest.raises(Unavailable):
        await writer.append(group)
    async with asyncio.timeout(2):
        await writer.close()


async def test_one_that_cannot_be_stored_does_not_hinder_others(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = chat_of("bad")

    def spoiled(groups: list[object]) -> tuple[str, ...]:
        found = parameters(groups)  # type: ignore[arg-type]
        if str(bad.id) in found[2]:
            return (*found[:-2], found[-2].replace("{", "[", 2), found[-1])
        return found

    monkeypatch.setattr(flusher, "parameters", spoiled)
    good = [record(log, chat_of()) for _ in range(5)]
    results = await asyncio.gather(record(log, bad), *good, return_exceptions=True)
    assert isinstance(results[0], psycopg.DataError)
    assert sorted(each for each in results[1:] if isinstance(each, int)) == [1, 2, 3, 4, 5]


async def test_unknown_kinds_are_counted_and_passed(log: EventLog, db: Connection) -> None:
    chat = chat_of()
    await record(log, chat)
    chat.rename("Coffee")
    await record(log, chat)
    await db.execute("update log.events set type = 'chat.from_the_future' where version = 2")
    await db.execute("update log.streams set version = 2")
    recorded = await log.read(0)
    assert [each.event is None for each in recorded] == [False, True]
    assert log.unknown == {"chat.from_the_future": 1}
    log.forget(chat.id)
    again = await log.get(Chat, chat.id)
    assert (again.title, again.version) == ("Tea", 2)


async def test_a_damaged_event_says_so(log: EventLog, db: Connection) -> None:
    await record(log, chat_of(), chat_of())
    await db.execute("update log.events set data = '{}' where position = 1")
    bad, good = await log.read(0)
    assert bad.event is None
    assert bad.problem.startswith("chat.started ")
    assert good.event is not None
    assert not good.problem


async def test_text_cannot_be_moved_between_events(log: EventLog, db: Connection) -> None:
    await record(log, chat_of("Mine"), chat_of("Yours"))
    await db.execute(
        "update log.events set data = (select data from log.events where position = 1)"
        " where position = 2"
    )
    assert [bool(each.problem) for each in await log.read(0)] == [False, True]


async def test_partitions_are_made_ahead(log: EventLog, db: Connection) -> None:
    await record(log, chat_of())
    await db.execute("update log.head set position = 9000000")
    assert await record(log, chat_of()) == 9000001
    row = await (await db.execute("select made_until from log.head")).fetchone()
    assert row == (20000000,)
    await db.execute("update log.head set position = 9999999")
    chat = chat_of()
    assert await record(log, chat, message_in(chat), message_in(chat)) == 10000002
    positions = [each.position for each in await log.read(9000000)]
    assert positions == [9000001, 10000000, 10000001, 10000002]
    log.forget(chat.id)
    assert (await log.get(Chat, chat.id)).title == "Tea"


async def test_old_commands_are_pruned(log: EventLog, db: Connection) -> None:
    await record(log, chat_of())
    await record(log, chat_of())
    await db.execute(
        "update log.commands set at = now() - interval '8 days' where first_position = 1"
    )
    assert await log.prune() == 1
    assert await log.prune() == 0


async def test_the_cost_does_not_grow_with_history(log: EventLog, db: Connection) -> None:
    """Appending and loading touch as many pages after 50,000 events as at the beginning."""
    chat = chat_of()
    await record(log, chat)

    async def pages() -> int:
        plan = "explain (analyze, buffers, format json) "
        group = await group_of([message_in(chat)], [(chat.id, chat.id)], envelope(), MemoryKeys())
        row = await (await db.execute(plan + APPEND, parameters([group]))).fetchone()
        assert row is not None
        found: int = (
            row[0][0]["Plan"]["Shared Hit Blocks"] + row[0][0]["Plan"]["Shared Read Blocks"]
        )
        return found

    await db.execute(flusher.SETTINGS)
    few = max([await pages() for _ in range(7)][2:])
    await db.execute(
        "insert into log.events select position + 1000 + n, gen_random_uuid(), 1, type, data,"
        " gen_random_uuid(), metadata, root_id, owner_id, recorded_at"
        " from log.events, generate_series(1, 50000) n where position = 2"
    )
    await db.execute(
        "insert into log.streams select stream_id, 'message', root_id, owner_id, 1, 'open',"
        " position, position from log.events where position > 1000"
    )
    await db.execute("update log.head set position = 60000")
    many = max([await pages() for _ in range(7)][2:])
    assert many <= few + 25, (few, many)
