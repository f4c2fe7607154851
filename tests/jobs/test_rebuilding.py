"""The vector index is made anew while people ask, and nothing is lost or left behind."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest

from application.documents.ports import Point, Unfit
from infrastructure import chores
from infrastructure.documents import putting, rebuilding
from infrastructure.settings import Settings
from tests.ingesting import Ingesting, eventually, gated, open_ingesting, story
from tests.world import Person

DEAD = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(putting, "BATCH", 8)
    monkeypatch.setattr(rebuilding, "KEEP_OLD_SECONDS", 2)
    monkeypatch.setattr(rebuilding, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(chores, "AGAIN_SECONDS", 1)
    monkeypatch.setattr(chores, "SWEEP_SECONDS", 0.2)


@pytest.fixture
async def ingesting(database: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Ingesting]:
    settings = Settings.from_env(
        {},
        data=tmp_path / "data",
        database_url=database,
        redis_url=redis_url,
        ollama_base_url="off",
    )
    async with open_ingesting(settings) as product:
        yield product


async def filled(ingesting: Ingesting, files: int = 3) -> Person:
    """Somebody with some files that are ready."""
    ingesting.start_worker()
    ana = await ingesting.world.admin()
    found = [await ingesting.write(ana, f"# Story {n}\n\n{story(4)}") for n in range(files)]
    found.append(await ingesting.write(ana, "The lighthouse keeper paints his door green."))
    for each in found:
        await ingesting.ready(ana, each)
    return ana


async def choose(ingesting: Ingesting, person: Person, **values: Any) -> None:
    response = await person.patch("/documents/settings", json=values)
    assert response.status_code == 200, response.text
    await ingesting.world.settle()


async def indexes(person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await person.get("/indexes")).json()["items"]
    return found


async def switched(ingesting: Ingesting, before: UUID) -> None:
    """Wait until another generation is live, and the old one is gone."""

    async def is_switched() -> bool:
        states = [each.index.state for each in await ingesting.indexes.all()]
        return states == ["live"] and (await ingesting.live()).id != before

    await eventually(is_switched)
    await ingesting.rest()


async def sound(ingesting: Ingesting) -> int:
    """The index has exactly the passages there are; return how many."""
    found = await ingesting.verified()
    assert found.differences == []
    assert found.passages == found.vectors
    assert await ingesting.rows("select count(*) from documents.passages") == [(found.passages,)]
    return found.passages


async def ask_until(ingesting: Ingesting, done: asyncio.Event) -> int:
    """Ask again and again; the right passage is found every time."""
    asked = 0
    while not done.is_set():
        assert "lighthouse" in (await ingesting.hits("Which colour has the door?"))[0]
        asked += 1
        await asyncio.sleep(0.02)
    return asked


async def test_another_cutting_takes_over_while_people_ask(ingesting: Ingesting) -> None:
    ana = await filled(ingesting)
    before, live = await sound(ingesting), await ingesting.live()
    done = asyncio.Event()
    asking = asyncio.create_task(ask_until(ingesting, done))
    await choose(ingesting, ana, cutting={"tokens": 64, "overlap": 0})
    await switched(ingesting, live.id)
    done.set()
    assert await asking > 3
    assert await sound(ingesting) > before
    shown = (await ana.get("/files")).json()["items"]
    assert sum(each["passages"] for each in shown) == await sound(ingesting)
    assert [(each["state"], each["files_done"]) for each in await indexes(ana)] == [("live", 4)]


async def test_another_store_takes_over_and_nothing_is_embedded_twice(
    ingesting: Ingesting,
) -> None:
    ana = await filled(ingesting)
    before, live = await ingesting.hits("Which colour has the door?"), await ingesting.live()
    embedder = await gated(ingesting)  # not one text passes
    await choose(ingesting, ana, store={"kind": "chroma"})
    embedder.gate.set()
    await switched(ingesting, live.id)
    assert (await ingesting.live()).store == "chroma"
    assert await ingesting.hits("Which colour has the door?") == before
    await sound(ingesting)
    assert await ingesting.rows("select to_regclass(%(name)s)", name=f"vectors.{live.name}") == [
        (None,)
    ]


async def test_a_wiped_store_is_noticed_and_made_anew(ingesting: Ingesting) -> None:
    ana = await filled(ingesting)
    before, live = await ingesting.hits("sea on day 3", 20), await ingesting.live()
    store = await ingesting.world.services.documents.store_of(live)
    await store.drop(live.name)
    told = (await ana.post("/indexes/verify")).json()
    assert told["differences"] == [f"There is no vector index {live.name}."]
    assert (await ana.post("/indexes/rebuild")).status_code == 202
    await switched(ingesting, live.id)
    await sound(ingesting)
    assert await ingesting.hits("sea on day 3", 20) == before


async def test_every_difference_is_found(ingesting: Ingesting) -> None:
    ana = await filled(ingesting)
    live = await ingesting.live()
    store = await ingesting.world.services.documents.store_of(live)
    (lost, file), *_ = await ingesting.rows("select id, file_id from documents.passages limit 1")
    await store.delete(live.name, [lost])
    alien, nobody = uuid4(), uuid4()
    vector = np.eye(1, live.dimension, dtype=np.float32)
    await store.upsert(live.name, [Point(alien, nobody, "nothing")], vector)
    told = (await ana.post("/indexes/verify")).json()
    assert told["complete"]
    assert told["passages"] == told["vectors"]
    assert sorted(told["differences"]) == sorted(
        [
            f"{lost} of file {file} is not in the index",
            f"{alien} of file {nobody} is in the index, but is no passage",
        ]
    )


async def test_a_store_that_is_away_waits_and_the_old_one_answers(ingesting: Ingesting) -> None:
    ana = await filled(ingesting)
    live = await ingesting.live()
    await choose(ingesting, ana, store={"kind": "qdrant", "url": DEAD})
    file = await ingesting.write(ana, "The baker gets up at three.", "baker.md")

    async def waits() -> bool:
        shown = (await ana.get(f"/files/{file['id']}")).json()
        return "cannot be reached" in (shown["waiting"] or "")

    await eventually(waits)
    assert "baker" in (await ingesting.hits("When does he get up?"))[0]
    found = {each["state"]: each for each in await indexes(ana)}
    assert set(found) == {"filling", "live"}
    await choose(ingesting, ana, store={"kind": "pgvector", "url": ""})
    await ingesting.until(ana, file, "ready")
    assert (await ingesting.live()).id == live.id
    gone = [each for each in await indexes(ana) if each["state"] != "live"]
    for each in gone:  # nobody can remove it from a store that is away
        assert each["state"] == "old"
        assert (await ana.post(f"/indexes/{each['id']}/cancel")).status_code == 204
    assert [each["state"] for each in await indexes(ana)] == ["live"]
    await sound(ingesting)


async def test_what_does_not_fit_fails_and_is_told(ingesting: Ingesting) -> None:
    ana = await filled(ingesting)
    live = await ingesting.live()
    embedder = await gated(ingesting)
    embedder.gate.set()
    embedder.error = Unfit("The model is gone.")
    await choose(ingesting, ana, cutting={"tokens": 64, "overlap": 0})

    async def failed() -> bool:
        return "failed" in [each["state"] for each in await indexes(ana)]

    await eventually(failed)
    found = {each["state"]: each for each in await indexes(ana)}
    assert found["failed"]["error"] == "The model is gone."
    assert (await ingesting.live()).id == live.id
    embedder.error = None
    await ana.post("/indexes/rebuild")
    await switched(ingesting, live.id)
    await sound(ingesting)


async def test_a_rebuild_can_be_given_up(ingesting: Ingesting) -> None:
    ana = await filled(ingesting)
    live = await ingesting.live()
    embedder = await gated(ingesting)
    await choose(ingesting, ana, cutting={"tokens": 48, "overlap": 0})
    embedder.gate.set()

    async def filling() -> list[str]:
        return [each["id"] for each in await indexes(ana) if each["state"] == "filling"]

    async def fills() -> bool:
        if not embedder.asked:
            return False
        embedder.gate.clear()
        return bool(await filling())

    await eventually(fills)
    assert (await ana.post(f"/indexes/{live.id}/cancel")).status_code == 409
    for each in await filling():
        assert (await ana.post(f"/indexes/{each}/cancel")).status_code == 204
    embedder.gate.set()
    await ingesting.rest()
    assert [each["id"] for each in await indexes(ana)] == [str(live.id)]
    await sound(ingesting)


async def test_a_rebuild_survives_its_workers(
    ingesting: Ingesting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chores, "LEASE_SECONDS", 0.3)
    monkeypatch.setattr(chores, "BEAT_SECONDS", 0.1)
    ana = await filled(ingesting, files=6)
    live = await ingesting.live()
    await ingesting.workers[0].end()
    await choose(ingesting, ana, cutting={"tokens": 64, "overlap": 8})
    for n in range(8):
        worker = ingesting.start_worker()
        await asyncio.sleep(0.3 + n * 0.05)
        await worker.kill()
    ingesting.start_worker()
    await switched(ingesting, live.id)
    await sound(ingesting)


async def test_a_knowledge_base_may_cut_its_files_in_its_own_way(ingesting: Ingesting) -> None:
    ana = await filled(ingesting, files=1)
    before = await sound(ingesting)
    base = (await ana.post("/knowledge", json={"name": "Tales", "description": ""})).json()["id"]
    files = [each["id"] for each in (await ana.get("/files")).json()["items"]]
    await ana.post(f"/knowledge/{base}/files", json={"file_ids": files})
    cutting = {"tokens": 48, "overlap": 0, "contextual": False}
    response = await ana.put(f"/knowledge/{base}/cutting", json={"cutting": cutting})
    assert response.status_code == 200, response.text
    await ingesting.rest()
    finer = await sound(ingesting)
    assert finer > before
    for each in files:
        await ana.delete(f"/knowledge/{base}/files/{each}")
    await ingesting.rest()
    assert await sound(ingesting) == before
