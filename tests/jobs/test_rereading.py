"""The files of a knowledge base are read and indexed anew, and can be found meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from infrastructure import chores
from infrastructure.settings import Settings
from tests.ingesting import Ingesting, Json, eventually, gated, open_ingesting, story
from tests.uploading import fail, read
from tests.world import Person

KEEPER = "The lighthouse keeper paints his door green."
QUESTION = "Which colour has the door?"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
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


async def base_of(person: Person, *files: Json) -> str:
    """A knowledge base of some files."""
    base: str = (await person.post("/knowledge", json={"name": "Tales"})).json()["id"]
    wish = {"file_ids": [each["id"] for each in files]}
    assert (await person.post(f"/knowledge/{base}/files", json=wish)).is_success
    return base


async def filled(ingesting: Ingesting) -> tuple[Person, str, list[Json]]:
    """A knowledge base of two files, and a file beside it."""
    ingesting.start_worker()
    ana = await ingesting.world.admin()
    texts = (KEEPER, story(6), story(3, "wind"))
    *files, other = [await ingesting.write(ana, each) for each in texts]
    for file in (*files, other):
        await ingesting.ready(ana, file)
    base = await base_of(ana, *files)
    await ingesting.rest()
    return ana, base, files


async def renew(ingesting: Ingesting, person: Person, base: str) -> None:
    answer = await person.post(f"/knowledge/{base}/reindex")
    assert (answer.status_code, answer.content) == (202, b"null")
    await ingesting.rest()


async def now(person: Person, file: Json) -> Json:
    found: Json = (await person.get(f"/files/{file['id']}")).json()
    return found


async def test_what_a_store_lost_comes_back_and_the_rest_is_found_meanwhile(
    ingesting: Ingesting,
) -> None:
    ana, base, files = await filled(ingesting)
    live = await ingesting.live()
    store = await ingesting.world.services.documents.store_of(live)
    await store.delete_files(live.name, [UUID(files[1]["id"])])
    assert len((await ingesting.verified()).differences) == 6

    embedder = await gated(ingesting)
    assert (await ana.post(f"/knowledge/{base}/reindex")).status_code == 202
    undone = "select count(*) from documents.indexed where not done"

    async def begun() -> bool:
        return await ingesting.rows(undone) == [(2,)] and embedder.asked == 2

    await eventually(begun)
    embedder.texts = 0
    assert await ingesting.hits(QUESTION, 1) == [KEEPER]
    answer = await ana.post("/retrieval", json={"query": QUESTION, "knowledge_ids": [base]})
    assert KEEPER in answer.text
    assert (await now(ana, files[0]))["state"] == "ready"
    embedder.gate.set()
    await ingesting.rest()
    assert (await ingesting.verified()).differences == []
    assert [(await now(ana, each))["passages"] for each in files] == [1, 6]
    assert await ingesting.rows(undone) == [(0,)]
    topics = await ingesting.rows(
        "select type, count(*) from log.events where type in "
        "('file.read', 'file.indexed', 'knowledge.reindex_requested') group by 1 order by 1"
    )
    assert topics == [("file.indexed", 3), ("file.read", 3), ("knowledge.reindex_requested", 1)]


async def test_files_say_what_they_are_read_as_now_unless_somebody_edited_them(
    ingesting: Ingesting,
) -> None:
    world = ingesting.world
    ana = await world.admin()
    stale, edited, failed, trashed = [
        await ingesting.write(ana, f"{KEEPER} Number {n}.", f"{n}.md") for n in range(4)
    ]
    for file in (stale, edited, trashed):
        await read(world, file, "The door is blue, an old reader says.")
    await fail(world, failed)
    ingesting.start_worker()
    await ingesting.rest()
    await ana.put(f"/files/{edited['id']}/text", json={"text": "The door is red."})
    base = await base_of(ana, stale, edited, failed, trashed)
    await ana.delete(f"/files/{trashed['id']}")
    await ingesting.rest()

    await renew(ingesting, ana, base)

    async def text(file: Json) -> str:
        found: str = (await ana.get(f"/files/{file['id']}/text")).json()["text"]
        return found

    assert await text(stale) == f"{KEEPER} Number 0."
    assert await text(edited) == "The door is red."
    assert await text(failed) == f"{KEEPER} Number 2."
    assert await text(trashed) == "The door is blue, an old reader says."
    for file in (stale, edited, failed):
        assert (await now(ana, file))["state"] == "ready"
    assert (await ingesting.verified()).differences == []


async def test_what_cannot_be_read_any_more_keeps_its_text(
    ingesting: Ingesting, tmp_path: Path
) -> None:
    ingesting.start_worker()
    ana = await ingesting.world.admin()
    file = await ingesting.write(ana, KEEPER)
    await ingesting.ready(ana, file)
    base = await base_of(ana, file)
    (bytes_,) = await asyncio.to_thread(lambda: [*tmp_path.rglob(f"*{file['sha256'][4:]}")])
    await asyncio.to_thread(bytes_.unlink)
    await renew(ingesting, ana, base)
    assert (await now(ana, file))["state"] == "ready"
    assert await ingesting.hits(QUESTION, 1) == [KEEPER]
