"""Files are read and indexed, whatever happens on the way; the newest state wins."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from application.documents.ports import Unfit
from infrastructure import chores
from infrastructure.documents import putting
from infrastructure.settings import Settings
from interfaces.jobs.documents import ingestion_of
from tests.embedding_server import DIMENSION, MODEL, embedding_server
from tests.ingesting import Ingesting, eventually, gated, open_ingesting, story
from tests.world import Person


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(putting, "BATCH", 4)


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


async def sound(ingesting: Ingesting, passages: int) -> None:
    """The index has exactly the passages there are, and nothing is left over elsewhere."""
    found = await ingesting.verified()
    assert (found.passages, found.vectors, found.differences) == (passages, passages, [])
    assert await ingesting.rows("select count(*) from documents.passages") == [(passages,)]
    assert await ingesting.rows("select * from documents.progress") == []
    assert await ingesting.rows("select * from documents.waiting") == []


async def test_a_text_becomes_ready_and_is_found(ingesting: Ingesting) -> None:
    ingesting.start_worker()
    ana = await ingesting.world.admin()
    text = "# Tea\n\nGreen tea is brewed at seventy degrees.\n\n# Bread\n\nFlour, water, salt."
    file = await ingesting.ready(ana, await ingesting.write(ana, text))
    assert file["passages"] == 2
    assert (file["progress"], file["waiting"], file["error"]) == (None, None, None)
    assert "seventy" in (await ingesting.hits("How hot is water for tea?"))[0]
    await sound(ingesting, 2)


async def test_what_cannot_be_read_says_why(ingesting: Ingesting) -> None:
    ingesting.start_worker()
    ana = await ingesting.world.admin()
    file = await ingesting.write(ana, "%PDF-1.7\nnothing else", "broken.pdf")
    failed = await ingesting.until(ana, file, "failed", "ready")
    assert failed["error"]["stage"] == "reading"
    assert failed["error"]["kind"] == "damaged"
    good = await ingesting.ready(ana, await ingesting.write(ana, "All is well."))
    assert good["passages"] == 1


async def edit(ingesting: Ingesting, person: Person, file: str, text: str) -> None:
    response = await person.put(f"/files/{file}/text", json={"text": text})
    assert response.status_code == 200, response.text
    await ingesting.world.settle()


async def test_a_shorter_text_leaves_nothing_of_the_longer_one(ingesting: Ingesting) -> None:
    ingesting.start_worker()
    ana = await ingesting.world.admin()
    file = await ingesting.ready(ana, await ingesting.write(ana, story(30)))
    assert file["passages"] >= 30
    await edit(ingesting, ana, file["id"], "Only the moon is left.")
    after = await ingesting.ready(ana, file)
    assert after["passages"] == 1
    assert await ingesting.hits("sea") == ["Only the moon is left."]
    await sound(ingesting, 1)


async def test_a_text_that_is_edited_while_it_is_indexed_wins(ingesting: Ingesting) -> None:
    embedder = await gated(ingesting)
    ingesting.start_worker()
    ana = await ingesting.world.admin()
    embedder.gate.set()
    file = await ingesting.write(ana, story(24))
    await ingesting.until(ana, file, "indexing")
    await eventually(lambda: at_least(ingesting, 8))
    embedder.gate.clear()
    await edit(ingesting, ana, file["id"], story(3, "moon"))
    embedder.gate.set()
    after = await ingesting.ready(ana, file)
    assert after["passages"] == 3
    await sound(ingesting, 3)


async def at_least(ingesting: Ingesting, done: int) -> bool:
    return bool(
        await ingesting.rows("select 1 from documents.progress where done >= %(done)s", done=done)
    )


async def test_a_replaced_file_is_read_anew(ingesting: Ingesting) -> None:
    ingesting.start_worker()
    ana = await ingesting.world.admin()
    file = await ingesting.ready(ana, await ingesting.write(ana, story(5)))
    data = b"Other bytes altogether."
    upload = await ana.post("/uploads", json={"name": "story.md", "size": len(data)})
    path = f"/uploads/{upload.json()['id']}"
    headers = {"Upload-Offset": "0", "Content-Type": "application/octet-stream"}
    await ana.patch(path, content=data, headers=headers)
    done = await ana.post(f"{path}/finish", json={"replaces": file["id"]})
    assert done.status_code == 201, done.text
    await ingesting.world.settle()
    after = await ingesting.ready(ana, file)
    assert (after["passages"], after["size"]) == (1, len(data))
    await sound(ingesting, 1)


async def test_deleting_a_file_removes_all_there_is_of_it(ingesting: Ingesting) -> None:
    ingesting.start_worker()
    ana = await ingesting.world.admin()
    kept = await ingesting.ready(ana, await ingesting.write(ana, "The moon stays."))
    file = await ingesting.ready(ana, await ingesting.write(ana, story(5)))
    await ana.delete(f"/files/{file['id']}")
    await ingesting.rest()
    assert await ingesting.rows("select count(*) from documents.texts") == [(2,)]
    await ana.delete(f"/files/{file['id']}?forever=true")
    await ingesting.rest()
    assert await ingesting.rows("select file_id from documents.texts") == [(UUID(kept["id"]),)]
    assert await ingesting.rows("select file_id from documents.indexed") == [(UUID(kept["id"]),)]
    assert await ingesting.rows("select file_id from files.holdings") == [(UUID(kept["id"]),)]
    assert not await ingesting.world.services.files.blobs.exists(file["sha256"])
    assert await ingesting.hits("sea") == ["The moon stays."]
    await sound(ingesting, 1)


async def test_a_file_deleted_in_the_middle_leaves_nothing(ingesting: Ingesting) -> None:
    embedder = await gated(ingesting)
    ingesting.start_worker()
    ana = await ingesting.world.admin()
    embedder.gate.set()
    file = await ingesting.write(ana, story(24))
    await eventually(lambda: at_least(ingesting, 8))
    await ana.delete(f"/files/{file['id']}")
    await ana.delete(f"/files/{file['id']}?forever=true")
    await ingesting.rest()
    await sound(ingesting, 0)
    for table in ("texts", "passages", "indexed"):
        assert await ingesting.rows(f"select * from documents.{table}") == []


async def test_an_embedding_server_that_is_away_delays_and_loses_nothing(
    ingesting: Ingesting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chores, "AGAIN_SECONDS", 1)
    ingesting.start_worker()
    ana = await ingesting.world.admin()
    async with embedding_server() as server:
        body = {"kind": "openai", "base_url": f"http://{server.host}/v1"}
        connection = (await ana.post("/connections", json=body)).json()["id"]
        await ingesting.world.settle()
        chosen = {"kind": "openai", "connection_id": connection, "model": MODEL}
        changed = await ana.patch("/documents/settings", json={"embedding": chosen})
        assert changed.status_code == 200, changed.text
        first = await ingesting.ready(ana, await ingesting.write(ana, "The first one."))
        port = server.port
    files = [await ingesting.write(ana, f"# Story {n}\n\n{story(2)}") for n in range(4)]

    async def all_wait() -> bool:
        shown = [(await ana.get(f"/files/{each['id']}")).json()["waiting"] for each in files]
        return all(each and f"127.0.0.1:{port}" in each for each in shown)

    await eventually(all_wait)
    async with embedding_server(port=port):
        found = [first, *[await ingesting.ready(ana, each) for each in files]]
    assert [each["waiting"] for each in found] == [None] * 5
    assert (await ingesting.live()).dimension == DIMENSION
    await sound(ingesting, sum(each["passages"] for each in found))


async def test_what_an_engine_refuses_fails_and_can_be_tried_again(ingesting: Ingesting) -> None:
    embedder = await gated(ingesting)
    embedder.gate.set()
    ingesting.start_worker()
    ana = await ingesting.world.admin()
    await ingesting.ready(ana, await ingesting.write(ana, "The first one."))
    embedder.error = Unfit("The embedding server refuses the key.")
    file = await ingesting.write(ana, story(3))
    failed = await ingesting.until(ana, file, "failed", "ready")
    assert failed["error"] == {
        "stage": "indexing",
        "kind": "unfit",
        "message": "The embedding server refuses the key.",
    }
    embedder.error = None
    assert (await ana.post(f"/files/{file['id']}/retry")).status_code == 200
    await ingesting.world.settle()
    await ingesting.ready(ana, file)
    await sound(ingesting, 4)


async def test_a_worker_may_die_anywhere(
    ingesting: Ingesting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chores, "LEASE_SECONDS", 0.3)
    monkeypatch.setattr(chores, "BEAT_SECONDS", 0.1)
    monkeypatch.setattr(chores, "SWEEP_SECONDS", 0.1)
    ana = await ingesting.world.admin()
    files = [await ingesting.write(ana, f"# Story {n}\n\n{story(6)}") for n in range(8)]
    for n in range(15):
        worker = ingesting.start_worker()
        await asyncio.sleep(0.3 + n * 0.03)
        await worker.kill()
    ingesting.start_worker()
    count = 0
    for each in files:
        count += (await ingesting.ready(ana, each))["passages"]
    await sound(ingesting, count)


async def test_a_file_whose_workers_die_is_given_up(ingesting: Ingesting) -> None:
    ana = await ingesting.world.admin()
    file = await ingesting.write(ana, "Deadly.")
    await ingesting.world.settle()
    await ingestion_of(ingesting.world.services).give_up(UUID(file["id"]))
    await ingesting.world.settle()
    failed = await ingesting.until(ana, file, "failed")
    assert (failed["error"]["stage"], failed["error"]["kind"]) == ("reading", "crashed")
