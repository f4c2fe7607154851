"""Recordings are written down, indexed and cited with the time at which something was said."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from application.documents.ports import Unfit
from infrastructure import chores
from infrastructure.settings import Settings
from tests.ingesting import Ingesting, Json, eventually, gated, open_ingesting
from tests.transcription_server import tone, transcription_server
from tests.uploading import uploaded
from tests.world import Person

QUESTION = "What was in the reeds?"
KEY = "key-for-hearing"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
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


async def choose(person: Person, **hearing: Any) -> None:
    change = {"hearing": {"engine": "openai", **hearing}}
    answer = await person.patch("/documents/settings", json=change)
    assert answer.status_code == 200, answer.text


async def waits_for(person: Person, file: Json, reason: str) -> None:
    async def waiting() -> bool:
        shown = (await person.get(f"/files/{file['id']}")).json()
        assert shown["state"] in {"queued", "reading"}
        return reason in (shown["waiting"] or "")

    await eventually(waiting)


async def test_a_recording_becomes_ready_and_is_cited_with_its_time(ingesting: Ingesting) -> None:
    ingesting.start_worker()
    ana = await ingesting.world.admin()
    async with transcription_server(KEY) as server:
        await choose(ana, url=server.url, key=KEY)
        file = await uploaded(ana, "Miller.wav", tone())
        ready = await ingesting.ready(ana, file)
        assert server.mistakes == []
        assert len(server.asked) == 1
    assert (ready["title"], ready["waiting"], ready["error"]) == ("Miller", None, None)
    passages = (await ana.get(f"/files/{file['id']}/passages")).json()["items"]
    assert [each["headings"] for each in passages] == ["0:00 to 1:00", "1:00 to 2:00"]
    answer = await ana.post("/retrieval", json={"query": QUESTION, "file_ids": [file["id"]]})
    best = answer.json()["passages"][0]
    assert "found a bell in the reeds" in best["text"]
    assert best["headings"] == "0:00 to 1:00"


async def test_without_a_server_it_fails_with_the_reason_and_can_be_tried_again(
    ingesting: Ingesting,
) -> None:
    ingesting.start_worker()
    ana = await ingesting.world.admin()
    file = await uploaded(ana, "Miller.wav", tone())
    failed = await ingesting.until(ana, file, "failed", "ready")
    assert failed["error"]["stage"] == "reading"
    assert "choose a transcription server" in failed["error"]["message"]
    assert (await ana.get(f"/files/{file['id']}/content")).content == tone()
    async with transcription_server() as server:
        await choose(ana, url=server.url)
        assert (await ana.post(f"/files/{file['id']}/retry")).status_code == 200
        await ingesting.ready(ana, file)


async def test_a_server_that_is_away_or_refuses_the_key_delays_and_loses_nothing(
    ingesting: Ingesting,
) -> None:
    ingesting.start_worker()
    ana = await ingesting.world.admin()
    async with transcription_server(KEY) as server:
        port = server.port
    await choose(ana, url=server.url)
    files = [await uploaded(ana, f"{n}.wav", tone(0.1 + n / 10)) for n in range(2)]
    for each in files:
        await waits_for(ana, each, f"127.0.0.1:{port} cannot be reached")
    async with transcription_server(KEY, port=port) as server:
        for each in files:
            await waits_for(ana, each, "The transcription server refused the key.")
        await choose(ana, key=KEY)
        for each in files:
            await ingesting.ready(ana, each)
        assert len(server.asked) == 2


async def test_a_recording_is_paid_for_once(ingesting: Ingesting) -> None:
    embedder = await gated(ingesting)
    embedder.gate.set()
    ingesting.start_worker()
    ana = await ingesting.world.admin()
    await ingesting.ready(ana, await ingesting.write(ana, "The first one."))
    embedder.error = Unfit("The embedding server refuses the key.")
    async with transcription_server() as server:
        await choose(ana, url=server.url)
        file = await uploaded(ana, "Miller.wav", tone())
        failed = await ingesting.until(ana, file, "failed", "ready")
        assert failed["error"]["stage"] == "indexing"
        embedder.error = None
        assert (await ana.post(f"/files/{file['id']}/retry")).status_code == 200
        await ingesting.ready(ana, file)
        base = (await ana.post("/knowledge", json={"name": "Tales"})).json()["id"]
        wish = {"file_ids": [file["id"]]}
        assert (await ana.post(f"/knowledge/{base}/files", json=wish)).is_success
        assert (await ana.post(f"/knowledge/{base}/reindex")).status_code == 202
        await ingesting.rest()
        assert (await ingesting.ready(ana, file))["passages"] == 2
        assert len(server.asked) == 1


async def test_what_the_server_refuses_fails_alone(ingesting: Ingesting) -> None:
    ingesting.start_worker()
    ana = await ingesting.world.admin()
    async with transcription_server() as server:
        await choose(ana, url=server.url, bytes_max=5_000)
        server.refusals = [(400, {"error": {"message": "It cannot be decoded."}})]
        broken = await uploaded(ana, "broken.wav", tone())
        failed = await ingesting.until(ana, broken, "failed", "ready")
        large = await uploaded(ana, "large.wav", tone(2.0))
        larger = await ingesting.until(ana, large, "failed", "ready")
        await ingesting.ready(ana, await uploaded(ana, "good.wav", tone(0.15)))
    assert failed["error"]["message"].endswith("It said: It cannot be decoded.")
    assert larger["error"]["message"].startswith("This recording has 0.1 MB.")
