"""`quire index` on the real log and a worker of its own."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from io import StringIO
from pathlib import Path

import pytest

from infrastructure.documents import rebuilding
from infrastructure.settings import Settings
from interfaces.cli import index, projections
from interfaces.cli.main import main
from tests.ingesting import Ingesting, open_ingesting, story
from tests.stores.homes import qdrant_front
from tests.world import Person

Says = Callable[..., Awaitable[str]]


@pytest.fixture
async def ingesting(
    database: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Ingesting]:
    chosen = {
        "database_url": database,
        "redis_url": redis_url,
        "data": str(tmp_path / "data"),
        "ollama_base_url": "off",
    }
    for name, value in chosen.items():
        monkeypatch.setenv(f"QUIRE_{name.upper()}", value)
    monkeypatch.setattr(rebuilding, "KEEP_OLD_SECONDS", 0)
    monkeypatch.setattr(index, "LOOK_SECONDS", 0.1)
    async with open_ingesting(Settings.from_env(os.environ)) as product:
        yield product


@pytest.fixture
def says(capsys: pytest.CaptureFixture[str]) -> Says:
    """What a command says, while the product goes on; it must succeed unless told otherwise."""

    async def call(*words: str, code: int = 0) -> str:
        found = await asyncio.to_thread(main, ["index", *words])
        told = capsys.readouterr()
        assert found == code, told
        return told.out + told.err

    return call


async def filled(ingesting: Ingesting) -> Person:
    ingesting.start_worker()
    ana = await ingesting.world.admin()
    await ingesting.ready(ana, await ingesting.write(ana, story(6)))
    return ana


async def test_the_index_is_shown_compared_and_made_anew(ingesting: Ingesting, says: Says) -> None:
    assert "no index yet" in await says("status")
    await filled(ingesting)
    assert "live" in await says("status")
    assert '"files": "1 of 1"' in await says("status", "--json")
    assert "6 passages, 6 vectors\nNo difference." in await says("verify")
    before = await ingesting.live()
    assert "now, with 6 passages" in await says("rebuild")
    after = await ingesting.live()
    assert before.id != after.id
    ((lost,), *_) = await ingesting.rows("select id from documents.passages order by id limit 1")
    store = await ingesting.world.services.documents.store_of(after)
    await store.delete(after.name, [lost])
    assert f"missing: passage {lost}" in await says("verify", code=index.CODE_DIFFERENT)


async def test_another_store_is_one_command(
    ingesting: Ingesting, says: Says, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(ingesting)
    with qdrant_front(tmp_path) as home:
        monkeypatch.setattr("sys.stdin", StringIO(f"{home.key}\n"))
        told = await says("switch", "qdrant", "--url", home.url, "--key-stdin")
        assert "The index is in qdrant now, with 6 passages." in told
        assert home.key not in told
        assert (await ingesting.live()).store == "qdrant"
        assert "sea" in (await ingesting.hits("sea"))[0]
        assert "there already" in await says("switch", "qdrant", "--url", home.url)
        assert "pgvector now" in await says("switch", "pgvector")
        await ingesting.rest()


async def test_a_store_that_does_not_answer_is_not_chosen(ingesting: Ingesting, says: Says) -> None:
    await filled(ingesting)
    told = await says("switch", "qdrant", "--url", "http://127.0.0.1:9", code=2)
    assert "cannot be reached" in told
    assert "is needed" in await says("switch", "qdrant", code=2)
    assert (await ingesting.world.services.documents.settings(fresh=True)).store.kind == "pgvector"


async def test_without_a_worker_it_says_so(
    ingesting: Ingesting, says: Says, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not ingesting.workers
    monkeypatch.setattr(index, "STALLED_SECONDS_MAX", 0.5)
    assert "Is a worker running?" in await says("rebuild", code=index.CODE_GAVE_UP)


async def test_generations_are_told_beside_the_read_models(
    ingesting: Ingesting, capsys: pytest.CaptureFixture[str]
) -> None:
    async def indexes() -> list[dict[str, object]]:
        assert await asyncio.to_thread(main, ["projections", "list", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert {"chats", "answering"} < {each["name"] for each in told}
        return [each for each in told if each["name"].startswith("index:")]

    assert await indexes() == []
    ana = await filled(ingesting)
    live = await ingesting.live()
    (found,) = await indexes()
    assert {**found, "schema": None} == {
        "name": "index:pgvector",
        "version": 1,
        "lane": "documents",
        "state": "live",
        "schema": None,
        "position": 1,
        "lag_events": 0,
        "lag_seconds": 0.0,
        "parked": 0,
    }
    await ingesting.indexes.begin(
        live.settings, space=live.space, dimension=live.dimension, cutting=live.cutting
    )
    has = [(each["state"], each["position"], each["lag_events"]) for each in await indexes()]
    assert has == [("live", 1, 0), ("filling", 0, 1)]
    assert (await indexes())[1]["lag_seconds"]
    items = (await ana.get("/projections")).json()["items"]
    shown = [each for each in items if each["lane"] == "documents"]
    assert [(each["name"], each["state"]) for each in shown] == [
        ("index:pgvector", "live"),
        ("index:pgvector", "filling"),
    ]
    wish = ["projections", "rebuild", "index:pgvector"]
    assert await asyncio.to_thread(main, wish) == projections.CODE_UNKNOWN
    assert "quire index rebuild" in capsys.readouterr().out
