"""What administrators choose for documents: checked, kept, tried, and never telling keys."""

from pathlib import Path
from typing import Any

import pytest

from infrastructure.documents.keys import secret_name
from tests.embedding_server import MODEL, embedding_server
from tests.stores.homes import qdrant_front
from tests.world import World

SECRET = "sk-very-secret-key"
QDRANT = {"kind": "qdrant", "url": "http://127.0.0.1:9"}


async def test_choices_are_kept_and_the_rest_stays(world: World) -> None:
    ana = await world.admin()
    before = (await ana.get("/documents/settings")).json()
    assert before["store"] == {"kind": "pgvector", "url": "", "has_key": False}
    assert before["cutting"] == {"tokens": 256, "overlap": 32, "contextual": True}
    body: dict[str, Any] = {
        "retrieval": {"passages": 4, "reranker": {"kind": "http", "url": "http://r.example/"}},
        "web": {"allow": ["example.org"], "extra": {"cx": "1"}},
    }
    changed = await ana.patch("/documents/settings", json=body)
    assert changed.status_code == 200, changed.text
    after = (await ana.get("/documents/settings")).json()
    assert after == changed.json()
    assert after["retrieval"]["reranker"]["url"] == "http://r.example"
    assert (after["retrieval"]["passages"], after["retrieval"]["mode"]) == (4, "hybrid")
    assert after["web"] == {**before["web"], "allow": ["example.org"], "extra": {"cx": "1"}}
    position = ana.position
    await ana.patch("/documents/settings", json=body)
    assert ana.position == position  # nothing is said twice


async def test_only_administrators_choose(world: World) -> None:
    await world.admin()
    ben = await world.person()
    assert (await ben.get("/documents/settings")).status_code == 403
    assert (await ben.patch("/documents/settings", json={})).status_code == 403
    trial = await ben.post("/documents/settings/test", json={"section": "store"})
    assert trial.status_code == 403
    for path in ("rebuild", "verify"):
        assert (await ben.post(f"/indexes/{path}")).status_code == 403
    assert (await ben.get("/indexes")).status_code == 403


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"store": {"kind": "paper"}}, "store.kind"),
        ({"store": {"kind": "qdrant"}}, "store.url is needed"),
        ({"store": {"url": "ftp://x"}}, "store.url must begin with http://"),
        ({"store": {"url": "http://a:b@x"}}, "store.url must not carry a name or password"),
        ({"store": {"has_key": True}}, "store.has_key"),
        ({"embedding": {"kind": "openai"}}, "embedding.model is needed"),
        ({"embedding": {"kind": "ollama", "model": "m"}}, "embedding.connection_id is needed"),
        ({"cutting": {"tokens": 3}}, "cutting.tokens must be between 32 and"),
        ({"cutting": {"tokens": True}}, "cutting.tokens"),
        ({"cutting": {"tokens": 64, "overlap": 64}}, "cutting.overlap"),
        ({"retrieval": {"passages": 51}}, "retrieval.passages must be between 1 and 50"),
        ({"retrieval": {"threshold": 2}}, "retrieval.threshold must be between -1 and 1"),
        ({"retrieval": {"reranker": {"kind": "http"}}}, "retrieval.reranker.url is needed"),
        ({"reading": {"engine": "tika"}}, "reading.url is needed"),
        ({"reading": {"languages": "; rm"}}, "reading.languages must be codes"),
        ({"web": {"engine": "searxng"}}, "web.url is needed"),
        ({"limits": {"file_bytes_max": 0}}, "limits.file_bytes_max must be between"),
        ({"paper": {}}, "paper"),
    ],
)
async def test_what_makes_no_sense_is_named(world: World, body: Any, said: str) -> None:
    ana = await world.admin()
    response = await ana.patch("/documents/settings", json=body)
    assert response.status_code == 422
    assert said in response.json()["detail"]


async def test_a_key_belongs_to_one_server_and_is_never_told(world: World) -> None:
    ana = await world.admin()
    kept = await ana.patch("/documents/settings", json={"store": {**QDRANT, "key": SECRET}})
    assert kept.json()["store"] == {**QDRANT, "has_key": True}
    credentials = world.services.credentials
    name = secret_name("store", ("qdrant", "http://127.0.0.1:9"))
    assert await credentials.secret(name) == SECRET
    moved = {"store": {"url": "http://127.0.0.1:10"}}
    assert not (await ana.patch("/documents/settings", json=moved)).json()["store"]["has_key"]
    back = await ana.patch("/documents/settings", json={"store": QDRANT})
    assert back.json()["store"]["has_key"]
    gone = await ana.patch("/documents/settings", json={"store": {"key": ""}})
    assert not gone.json()["store"]["has_key"]
    assert await credentials.secret(name) == ""
    shown = await ana.get("/documents/settings")
    rows = await world.services.lines.rows("select data::text from log.events", {})
    sealed = await world.services.lines.rows("select sealed from credentials.secrets", {})
    for text in (kept.text, back.text, shown.text, *(row[0] for row in rows)):
        assert SECRET not in text
    assert not [row for row in sealed if SECRET.encode() in row[0]]


async def trial(world: World, **body: Any) -> dict[str, Any]:
    ana = await world.admin()
    response = await ana.post("/documents/settings/test", json=body)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_a_store_is_tried_before_it_is_kept(world: World, tmp_path: Path) -> None:
    assert (await trial(world, section="store"))["detail"].startswith("pgvector 0.")
    with qdrant_front(tmp_path) as home:
        chosen = {"section": "store", "kind": "qdrant", "url": home.url}
        assert not (await trial(world, **chosen))["ok"]
        tried = await trial(world, **chosen, key=home.key)
        assert tried["ok"], tried
        assert "Qdrant" in tried["detail"]
    assert "cannot be reached" in (await trial(world, **chosen))["detail"]
    ana = await world.admin()
    assert (await ana.get("/documents/settings")).json()["store"]["kind"] == "pgvector"
    bad = await ana.post("/documents/settings/test", json={"section": "store", "key": 7})
    assert bad.status_code == 422
    worse = await ana.post("/documents/settings/test", json={"section": "store", "kind": "x"})
    assert worse.status_code == 422


async def test_models_engines_and_the_web_are_tried(world: World) -> None:
    ana = await world.admin()
    async with embedding_server() as server:
        body = {"kind": "openai", "base_url": f"http://{server.host}/v1"}
        connection = (await ana.post("/connections", json=body)).json()["id"]
        await world.settle()
        chosen = {"section": "embedding", "kind": "openai", "connection_id": connection}
        tried = await trial(world, **chosen, model=MODEL)
        assert tried["ok"], tried
        assert "8 dimensions" in tried["detail"]
        assert not (await trial(world, **chosen, model="another"))["ok"]
    assert (await trial(world, section="reading"))["ok"]
    tika = {"engine": "tika", "url": "http://127.0.0.1:9"}
    assert not (await trial(world, section="reading", **tika))["ok"]
    assert (await trial(world, section="retrieval"))["ok"]
    reranker = {"kind": "http", "url": "http://127.0.0.1:9", "model": "m"}
    assert not (await trial(world, section="retrieval", reranker=reranker))["ok"]
    assert (await trial(world, section="web"))["ok"]
    assert not (await trial(world, section="web", engine="searxng", url="http://127.0.0.1:9"))["ok"]


async def test_without_an_index_there_is_nothing_to_look_at(world: World) -> None:
    ana = await world.admin()
    assert (await ana.get("/indexes")).json() == {"items": [], "next_cursor": None}
    assert (await ana.post("/indexes/verify")).status_code == 404
    nobody = "00000000-0000-0000-0000-000000000001"
    assert (await ana.post(f"/indexes/{nobody}/cancel")).status_code == 404
    assert (await ana.post("/indexes/rebuild")).status_code == 202
