"""Who moves a lane, how others take over, and how read models are told anew."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from domain.chats import Chat
from infrastructure.checkpoints import lags, request_rebuild
from infrastructure.follower import Fenced
from infrastructure.lanes import Lane
from infrastructure.postgres import connect
from infrastructure.reader import Lagging
from infrastructure.rebuilds import SETTINGS
from infrastructure.tenure import Tenure
from projections.read_model import ReadModel
from tests.contracts.following import ANA, Bench, bench, titles

TITLES = "select title from titles_v1.titles order by n"
LIVE = "select schema from log.read_models where state = 'live'"


@pytest.fixture
async def place(database: str) -> AsyncIterator[Bench]:
    async with bench(database, titles()) as found:
        yield found


async def test_one_moves_and_the_other_takes_over(place: Bench) -> None:
    first = place.lane(titles())
    await place.start_chat("a")
    await place.settle()
    place.lane(titles())
    await asyncio.sleep(0.1)
    assert await place.column("select epoch from log.lanes") == [1]
    await place.kill(first)
    await place.start_chat("b")
    async with asyncio.timeout(5):
        await place.settle()
    assert await place.column("select epoch from log.lanes") == [2]
    assert await place.column(TITLES) == ["a", "b"]


async def test_a_lost_connection_is_found_again(place: Bench) -> None:
    place.lane(titles())
    for title in ("a", "b", "c"):
        await place.start_chat(title)
        await place.settle()
        await place.lines.rows(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'quire lane core' and datname = current_database()",
            {},
        )
    await place.settle()
    assert await place.column(TITLES) == ["a", "b", "c"]


async def test_who_was_thought_dead_moves_nothing(place: Bench) -> None:
    running = place.lane(titles())
    await place.start_chat("a")
    await place.settle()
    await place.end(running)
    async with await connect(place.url, autocommit=True) as line:
        await line.execute(SETTINGS)
        old = Tenure("core", place.log, place.url, line, 1, [titles()], [])
        await old.prepare()
        await place.lines.run("update log.lanes set epoch = 2", {})
        head = await place.start_chat("b")
        with pytest.raises(Fenced):
            await old.advance(head)
    assert await place.column(TITLES) == ["a"]


async def test_a_frozen_owner_is_put_away(place: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infrastructure.lanes.FROZEN_SECONDS", 0.5)
    monkeypatch.setattr("infrastructure.lanes.RIVAL_SECONDS", 0.1)
    async with await connect(place.url, autocommit=True) as frozen:
        lane = Lane("core", place.log, place.url, models=[titles()])
        assert await lane.lock(frozen, asyncio.Event())
        place.lane(titles())
        await place.start_chat("a")
        await place.lines.run("insert into log.lanes (name) values ('core')", {})
        await place.settle()
    assert await place.column(TITLES) == ["a"]


async def test_whoever_wrote_reads_his_own_writes(place: Bench) -> None:
    model = titles()
    place.lane(model)
    for number in range(20):
        position = await place.start_chat(str(number))
        async with place.reader.read(model, after=position) as db:
            await db.execute("select count(*) as n from titles")
            assert await db.fetchone() == {"n": number + 1}


async def test_a_look_by_key_never_goes_through_a_whole_table(place: Bench) -> None:
    model = titles()
    place.lane(model)
    await place.settle()
    async with place.reader.read(model) as db:
        for name in ("enable_seqscan", "jit"):
            await db.execute("select current_setting(%s) as value", [name])
            assert await db.fetchone() == {"value": "off"}
    # What was set is gone with the look: the connection goes back as it was.
    assert await place.column("show enable_seqscan") == ["on"]


async def test_a_reader_who_waits_in_vain_is_told(place: Bench) -> None:
    model = titles()
    with pytest.raises(Lagging):
        async with place.reader.read(model, seconds=0.1):
            pass
    place.lane(model)
    position = await place.start_chat()
    await place.settle()
    with pytest.raises(Lagging) as lagging:
        async with place.reader.read(model, after=position + 5, seconds=0.1):
            pass
    assert lagging.value.lag == 5


async def test_a_rebuilt_read_model_equals_the_living_one(place: Bench) -> None:
    model = titles()
    place.lane(model)
    chats = [Chat.start(uuid4(), owner=ANA, title=str(n)) for n in range(150)]
    for each in chats:
        await place.append(each)
    await place.settle()
    living = await place.column(TITLES)
    schema = await request_rebuild(place.lines, "titles")
    assert schema is not None
    assert await request_rebuild(place.lines, "titles") is None
    writing = asyncio.create_task(keep_writing(place))
    await place.until(f"select state = 'live' from log.read_models where schema = '{schema}'")
    await writing
    await place.settle()
    assert await place.column(LIVE) == [schema]
    retold = await place.column(f"select title from {schema}.titles order by n")
    assert retold[: len(living)] == living
    assert retold[len(living) :] == [f"more {n}" for n in range(60)]
    async with place.reader.read(model) as db:
        await db.execute("select count(*) as n from titles")
        assert await db.fetchone() == {"n": 210}


async def keep_writing(place: Bench) -> None:
    for number in range(60):
        await place.start_chat(f"more {number}")
        await asyncio.sleep(0.02)


async def test_a_new_version_fills_beside_and_takes_over(
    place: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infrastructure.tenure.KEEP_OLD_SECONDS", 0)
    running = place.lane(titles())
    for title in ("a", "b"):
        await place.start_chat(title)
    await place.settle()
    await place.end(running)
    new = titles(2, sql="insert into titles (title) values (upper(%(title)s))")
    running = place.lane(new)
    await place.until("select count(*) = 1 from log.read_models where version = 2")
    await place.until("select state = 'live' from log.read_models where version = 2")
    await place.start_chat("c")
    await place.settle()
    assert await place.column("select title from titles_v2.titles order by n") == ["A", "B", "C"]
    await place.until("select to_regnamespace('titles_v1') is null")
    assert [each.version for each in await lags(place.lines)] == [2]


async def test_a_rebuild_goes_on_with_the_next_owner(place: Bench) -> None:
    model = titles()
    running = place.lane(model)
    for number in range(50):
        await place.start_chat(str(number))
    await place.settle()
    await place.end(running)
    await request_rebuild(place.lines, "titles")
    for _ in range(3):
        running = place.lane(model)
        await asyncio.sleep(0.4)
        await place.kill(running)
    place.lane(model)
    await place.until(
        "select bool_or(schema <> 'titles_v1' and state = 'live') from log.read_models"
    )
    (schema,) = await place.column(LIVE)
    retold = await place.column(f"select title from {schema}.titles order by n")
    assert retold == [str(n) for n in range(50)]


def test_versions_have_schemas_of_their_own() -> None:
    assert ReadModel("chats", version=3, tables="").schema == "chats_v3"
