"""Knowledge that lies elsewhere: connected by administrators, asked by those it is shared with."""

from collections.abc import AsyncIterator
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain.knowledge_sources import KnowledgeSource, source_id_of
from tests.answering import Answering
from tests.passage_server import FIELDS, KEY, PASSAGES, PassageServer, passage_server, silent_server
from tests.retrieval import attached, records, statuses
from tests.world import Person, World

Json = dict[str, Any]
QUESTION = "How high was the lighthouse?"


@pytest.fixture
async def server() -> AsyncIterator[PassageServer]:
    async with passage_server() as server:
        yield server


def source(url: str, **more: Any) -> Json:
    return {"kind": "http", "url": url, "fields": FIELDS, **more}


async def connected(person: Person, url: str, name: str = "Wonders", **more: Any) -> Json:
    body = {"name": name, "source": source(url, **more), "key": KEY}
    response = await person.post("/knowledge-sources", json=body)
    assert response.status_code == 201, response.text
    assert KEY not in response.text
    found: Json = response.json()
    return found


async def share(answering: Answering, made: Json, *people: Person) -> None:
    ana = await answering.world.admin()
    access = [{"user_id": each.id, "role": "read"} for each in people]
    shared = await ana.put(f"/knowledge/{made['id']}/access", json={"access": access})
    assert shared.is_success, shared.text
    await answering.world.settle()


async def test_a_source_is_connected_changed_and_removed(
    world: World, server: PassageServer
) -> None:
    ana = await world.admin()
    made = await connected(ana, server.url)
    path = f"/knowledge-sources/{made['id']}"
    assert (made["name"], made["has_key"], made["source"]["seconds"]) == ("Wonders", True, 5)
    tried = (await ana.post(f"{path}/test")).json()
    assert (tried["ok"], len(tried["passages"])) == (True, 2), tried
    changed = await ana.put(path, json={"source": source(server.url, seconds=3)})
    assert (changed.json()["has_key"], changed.json()["source"]["seconds"]) == (True, 3)
    assert (await ana.post(f"{path}/test")).json()["ok"]
    elsewhere = await ana.put(path, json={"source": source("http://127.0.0.1:9/ask")})
    assert elsewhere.json()["has_key"] is False  # a key goes to no other server
    back = await ana.put(path, json={"source": source(server.url), "key": "wrong"})
    assert back.json()["has_key"] is True
    refused = (await ana.post(f"{path}/test")).json()
    assert (refused["ok"], "refused the key" in refused["detail"]) == (False, True)
    other = {"kind": "qdrant", "url": server.url, "collection": "x"}
    assert (await ana.put(path, json={"source": other})).status_code == 409


async def test_a_source_is_a_knowledge_base_until_it_is_removed(
    world: World, server: PassageServer
) -> None:
    ana, ben = await world.admin(), await world.person()
    made = await connected(ana, server.url)
    path = f"/knowledge-sources/{made['id']}"
    assert (await ana.get("/knowledge-sources")).json()["items"] == [made]
    assert (await ana.get(path)).json() == made
    await ana.post("/knowledge", json={"name": "Own"})
    bases = (await ana.get("/knowledge")).json()["items"]
    assert [(each["name"], each["kind"]) for each in bases] == [
        ("Own", "files"),
        ("Wonders", "external"),
    ]
    one = f"/{made['id']}"
    for method, where in (("GET", ""), ("GET", one), ("POST", "/test"), ("DELETE", one)):
        denied = await ben.send(method, f"/knowledge-sources{where}")
        assert denied.status_code == 403
    assert (await ana.delete(path)).status_code == 204
    assert (await ana.get("/knowledge-sources")).json()["items"] == []
    assert (await ana.get(f"/knowledge/{made['id']}")).status_code == 404
    assert (await ana.get(path)).status_code == 404
    assert (await ana.delete(path)).status_code == 404
    assert (await ana.post(f"{path}/test")).status_code == 404


async def test_a_base_that_is_deleted_takes_its_source_and_all_its_keys_along(
    world: World, server: PassageServer, database: str
) -> None:
    ana = await world.admin()
    made, other = await connected(ana, server.url), await connected(ana, server.url, "Other")
    there, elsewhere = f"/knowledge/{made['id']}", source("http://127.0.0.1:9/ask")
    moved = {"source": elsewhere, "key": "sk-another"}
    assert (await ana.put(f"/knowledge-sources/{made['id']}", json=moved)).is_success
    assert len(await secrets(database)) == 3
    assert (await ana.delete(f"{there}?forever=true")).status_code == 409
    assert (await ana.delete(there)).status_code == 204
    assert len(await secrets(database)) == 3  # it may come back
    assert (await ana.delete(f"{there}?forever=true")).status_code == 204
    [kept] = await secrets(database)
    assert other["id"] in kept
    await world.settle()
    left = (await ana.get("/knowledge-sources")).json()["items"]
    assert [each["id"] for each in left] == [other["id"]]
    events = await world.services.log.history(source_id_of(UUID(made["id"])))
    assert isinstance(events[-1], KnowledgeSource.Removed)
    assert (await ana.delete(f"/knowledge-sources/{made['id']}")).status_code == 404
    assert (await ana.delete(f"/knowledge-sources/{other['id']}")).status_code == 204
    assert await secrets(database) == []


async def secrets(database: str) -> list[str]:
    """What the kept keys of sources are called."""
    async with await psycopg.AsyncConnection.connect(database) as db:
        names = "select name from credentials.secrets where name like 'knowledge source %'"
        return [row[0] for row in await (await db.execute(names)).fetchall()]


async def test_keys_are_nowhere_to_be_read(
    world: World, server: PassageServer, database: str
) -> None:
    ana = await world.admin()
    made = await connected(ana, server.url)
    await ana.put(f"/knowledge-sources/{made['id']}", json={"source": source(server.url)})
    async with await psycopg.AsyncConnection.connect(database) as db:
        for table in ("log.events", "credentials.secrets"):
            rows = await (await db.execute(f"select t::text from {table} t")).fetchall()
            assert rows
            assert KEY not in str(rows)


async def test_the_same_wish_twice_makes_one(world: World, server: PassageServer) -> None:
    ana = await world.admin()
    made = await connected(ana, server.url)
    body = {"id": made["id"], "name": "Wonders", "source": source(server.url), "key": KEY}
    again = await ana.post("/knowledge-sources", json=body)
    assert again.json() == made
    body["source"] = source("http://127.0.0.1:9")
    assert (await ana.post("/knowledge-sources", json=body)).status_code == 409
    base = (await ana.post("/knowledge", json={"name": "Own"})).json()
    body["id"] = base["id"]
    assert (await ana.post("/knowledge-sources", json=body)).status_code == 409


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "http"}, "url is needed for http."),
        ({"kind": "http", "url": "ftp://x"}, "url must begin with http"),
        ({"kind": "http", "url": "http://a:b@x"}, "must not carry a name or password"),
        ({"kind": "qdrant", "url": "http://x"}, "collection is needed for qdrant."),
        ({"kind": "pgvector"}, "database must be like postgresql://"),
        ({"kind": "pgvector", "database": "postgresql://u:p@h/d"}, "must not carry a password"),
        ({"kind": "pgvector", "database": "postgresql://h/d"}, "must name a user and a database"),
        ({"kind": "pgvector", "database": "postgresql://u@h:x/d"}, "is not an address"),
        (
            {"kind": "pgvector", "database": "postgresql://u@h/d?passfile=/etc/passwd"},
            "sslmode only",
        ),
        ({"kind": "http", "url": "http://x", "fields": {"text": ""}}, "fields.text is needed"),
        (
            {
                "kind": "milvus",
                "url": "http://x",
                "collection": "c",
                "embedding": {"kind": "openai"},
            },
            "openai needs both",
        ),
    ],
)
async def test_what_cannot_be_a_source_is_refused(world: World, wrong: Json, said: str) -> None:
    ana = await world.admin()
    body: Json = {"name": "X", "source": wrong}
    refused = await ana.post("/knowledge-sources", json=body)
    assert (refused.status_code, said in refused.text) == (422, True), refused.text
    tried = await ana.post("/knowledge-sources/test", json={"source": wrong})
    assert tried.status_code == 422


async def test_a_source_is_tried_before_it_is_kept(world: World, server: PassageServer) -> None:
    ana = await world.admin()

    async def tried(key: str = KEY, url: str = server.url, **more: Any) -> Json:
        body = {"source": source(url, **more), "key": key, "query": QUESTION}
        response = await ana.post("/knowledge-sources/test", json=body)
        assert response.status_code == 200, response.text
        found: Json = response.json()
        return found

    good = await tried()
    assert (good["ok"], good["detail"]) == (True, "2 passages.")
    assert good["passages"][0]["title"] == "Wonders"
    assert server.asked == [{"query": QUESTION, "k": 5}]
    wrong = await tried(fields={**FIELDS, "title": "meta.name"})
    assert (wrong["ok"], wrong["detail"]) == (False, "No passage has the field meta.name.")
    assert "no text in the field body" in (await tried(fields={"text": "body"}))["detail"]
    assert "refused the key" in (await tried("sk-wrong"))["detail"]
    assert "cannot be reached" in (await tried(url="http://127.0.0.1:9"))["detail"]
    async with silent_server() as url:
        assert (await tried(url=url, seconds=1))["detail"] == "No answer within 1 seconds."
    server.body = []
    assert "no passage for this question" in (await tried())["detail"]


async def test_an_answer_cites_what_a_source_has(
    answering: Answering, server: PassageServer
) -> None:
    ana, ben = await answering.world.admin(), await answering.world.person()
    made = await connected(ana, server.url)
    about = attached(made["id"], kind="knowledge")
    await share(answering, made, ben)
    asked, events = await answering.tell(ben, QUESTION, "words", attachments=about)
    assert statuses(events)["retrieved"]["count"] == 2
    assert PASSAGES[0]["content"] in answering.server.asked[-1]["messages"][-1]["content"]
    first, second = (await answering.message(ben, asked))["citations"]
    assert (first["title"], first["page"]) == ("Wonders", 12)
    assert first["url"] == "https://example.org/wonders"
    assert (second["title"], second.get("url")) == ("Kitchen", None)  # no address of the web
    [record] = await records(answering, asked)
    assert {each["knowledge_id"] for each in record.found} == {made["id"]}
    assert record.milliseconds["external"] > 0
    shown = (await ben.get(f"/answers/{asked['answers'][0]['id']}/retrieval")).json()
    assert shown["found"][0]["text"] == PASSAGES[0]["content"]


async def test_only_those_it_is_shared_with_ask_it(
    answering: Answering, server: PassageServer
) -> None:
    ben = await answering.world.person()
    made = await connected(await answering.world.admin(), server.url)
    about = attached(made["id"], kind="knowledge")
    wish = {"query": QUESTION, "knowledge_ids": [made["id"]]}
    chat = (await ben.post("/chats", json={})).json()["id"]
    foreign = {"content": QUESTION, "models": ["words"], "attachments": about}
    assert (await ben.post(f"/chats/{chat}/messages", json=foreign)).status_code == 404
    assert (await ben.post("/retrieval", json=wish)).status_code == 404
    await share(answering, made, ben)
    tried = await ben.post("/retrieval", json=wish)
    assert tried.json()["passages"][0]["name"] == "Wonders"
    asked, _ = await answering.tell(ben, QUESTION, "words", attachments=about)
    count = len(server.asked)
    await share(answering, made)
    await answering.tell(ben, "And how old?", "words", chat=asked["chat"])
    assert len(server.asked) == count


async def test_a_dead_source_costs_its_time_and_ends_nothing(
    answering: Answering, server: PassageServer
) -> None:
    ana = await answering.world.admin()
    good = await connected(ana, server.url)
    async with silent_server() as url:
        silent = await connected(ana, url, "Silent", seconds=1)
        about = attached(good["id"], silent["id"], kind="knowledge")
        begun = monotonic()
        asked, events = await answering.tell(ana, QUESTION, "words", attachments=about)
        assert monotonic() - begun < 8
    told = statuses(events)
    assert told["external_failed"]["problems"] == ["Silent: no answer within 1 seconds."]
    message = await answering.message(ana, asked)
    assert (message["status"], message["citations"][0]["title"]) == ("completed", "Wonders")
    alone = attached(silent["id"], kind="knowledge")
    asked, events = await answering.tell(ana, QUESTION, "words", attachments=alone)
    assert "cannot be reached" in statuses(events)["external_failed"]["problems"][0]
    assert (await answering.message(ana, asked))["status"] == "completed"
