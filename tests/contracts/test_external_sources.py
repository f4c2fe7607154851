"""What every kind of external source promises: passages by their names, or what is wrong."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from pymilvus import MilvusClient

from application.documents.ports import Unfit
from application.ports import Unavailable
from application.retrieval.external import Piece
from application.retrieval.sources import Fields, Source, source_of
from infrastructure.embeddings.local import LocalEmbedder
from infrastructure.external.asking import ASKERS
from infrastructure.external.mapping import pieces_of
from tests.passage_server import FIELDS, PassageServer, passage_server
from tests.passage_server import KEY as HTTP_KEY
from tests.plain_postgres import reachable
from tests.stores.homes import Home, milvus_server, qdrant_front

TEXTS = (
    "The lighthouse of Alexandria was about a hundred metres high.",
    "Bread is baked from flour, water and salt.",
    "Interest rates rose in spring.",
)
QUESTION = "How tall was the lighthouse?"
NAMED = Fields(text="body", title="title", link="link", page="page", vector="place")
DIMENSION = 384


@pytest.fixture(scope="module")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with milvus_server(tmp_path_factory.mktemp("milvus")) as home:
        yield home


@pytest.fixture
async def embedder() -> AsyncIterator[LocalEmbedder]:
    embedder = LocalEmbedder()
    yield embedder
    await embedder.aclose()


async def rows(embedder: LocalEmbedder) -> list[dict[str, Any]]:
    vectors = (await embedder.embed(TEXTS)).tolist()
    return [
        {
            "id": n,
            "body": text,
            "title": f"Title {n}",
            "link": f"https://example.org/{n}",
            "page": n,
        }
        | {"place": vector}
        for n, (text, vector) in enumerate(zip(TEXTS, vectors, strict=True), 1)
    ]


@asynccontextmanager
async def pgvector_source(url: str, held: list[dict[str, Any]]) -> AsyncIterator[Source]:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as db:
        await db.execute("create schema if not exists ext")
        await db.execute("create extension if not exists vector with schema ext")
        await db.execute('create schema "their own"')
        await db.execute(
            f'create table "their own"."my ""table" (id int, body text, title text, link text, '
            f"page int, place ext.halfvec({DIMENSION}), secret text)"
        )
        for row in held:
            await db.execute(
                'insert into "their own"."my ""table" values (%s, %s, %s, %s, %s, %s::ext.halfvec)',
                [*list(row.values())[:5], str(row["place"])],
            )
    async with reachable(url) as address:
        yield Source("pgvector", database=address, collection='their own.my "table', fields=NAMED)


@asynccontextmanager
async def milvus_source(home: Home, held: list[dict[str, Any]]) -> AsyncIterator[Source]:
    client = MilvusClient(uri=home.url)
    client.create_collection(
        "theirs", dimension=DIMENSION, vector_field_name="place", metric_type="COSINE"
    )
    client.insert("theirs", held)
    client.flush("theirs")
    yield Source("milvus", url=home.url, collection="theirs", fields=NAMED)
    client.drop_collection("theirs")
    client.close()


@asynccontextmanager
async def qdrant_source(home: Home, held: list[dict[str, Any]]) -> AsyncIterator[Source]:
    path, headers = f"{home.url}/collections/their%20own", {"api-key": home.key}
    points = [
        {"id": each["id"], "vector": each["place"], "payload": {**each, "place": None}}
        for each in held
    ]
    async with httpx.AsyncClient(headers=headers) as client:
        made = await client.put(path, json={"vectors": {"size": DIMENSION, "distance": "Cosine"}})
        assert made.is_success, made.text
        put = await client.put(f"{path}/points?wait=true", json={"points": points})
        assert put.is_success, put.text
    fields = replace(NAMED, vector="")
    yield Source("qdrant", url=home.url, collection="their own", fields=fields)


Held = tuple[Source, str]


@pytest.fixture(params=["pgvector", "milvus", "qdrant"])
async def held(
    request: pytest.FixtureRequest, embedder: LocalEmbedder, tmp_path: Path
) -> AsyncIterator[Held]:
    every = await rows(embedder)
    if request.param == "pgvector":
        database = request.getfixturevalue("empty_database")
        password = str(conninfo_to_dict(database).get("password") or "")
        async with pgvector_source(database, every) as source:
            yield source, password
    elif request.param == "milvus":
        async with milvus_source(request.getfixturevalue("milvus"), every) as source:
            yield source, ""
    else:
        with qdrant_front(tmp_path) as home:
            async with qdrant_source(home, every) as source:
                yield source, home.key


async def asked(held: Held, embedder: LocalEmbedder, limit: int = 2) -> list[Piece]:
    source, key = held
    [vector] = await embedder.embed([QUESTION], "query")
    found = await ASKERS[source.kind](source, key, QUESTION, vector, limit)
    return pieces_of(found, source.fields, "The source")


async def test_the_nearest_come_first_with_all_that_is_named(
    held: Held, embedder: LocalEmbedder
) -> None:
    first, second = await asked(held, embedder)
    assert (first.text, first.title, first.url) == (TEXTS[0], "Title 1", "https://example.org/1")
    assert first.page == 1
    assert first.score > second.score


async def test_what_is_wrong_is_named(held: Held, embedder: LocalEmbedder) -> None:
    source, key = held
    wrong = replace(source, collection="nowhere")
    with pytest.raises(Unfit, match="nowhere"):
        await asked((wrong, key), embedder)
    wrong = replace(source, fields=replace(source.fields, text="boddy"))
    with pytest.raises(Unfit, match=r"boddy.* There are: .*title"):
        await asked((wrong, key), embedder)
    wrong = replace(source, fields=replace(source.fields, vector="plaice"))
    with pytest.raises(Unfit, match=r"plaice|fields\.vector"):
        await asked((wrong, key), embedder)
    with pytest.raises(Unfit, match="dimension"):
        await ASKERS[source.kind](source, key, QUESTION, (await embedder.embed([""]))[0][:7], 2)


async def test_a_dead_one_is_unavailable(held: Held, embedder: LocalEmbedder) -> None:
    source, key = held
    nowhere = replace(
        source, url="http://127.0.0.1:9", database="postgresql://u@127.0.0.1:9/d", seconds=2
    )
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1.* cannot be reached"):
        await asked((nowhere, key), embedder)


async def test_qdrant_refuses_a_wrong_key(embedder: LocalEmbedder, tmp_path: Path) -> None:
    with qdrant_front(tmp_path) as home:
        async with qdrant_source(home, await rows(embedder)) as source:
            with pytest.raises(Unfit, match="refused the key") as raised:
                await asked((source, "sk-wrong"), embedder)
    assert "sk-wrong" not in str(raised.value)


@pytest.fixture
async def table(empty_database: str, embedder: LocalEmbedder) -> AsyncIterator[Held]:
    password = str(conninfo_to_dict(empty_database).get("password") or "")
    async with pgvector_source(empty_database, await rows(embedder)) as source:
        yield source, password


async def test_names_are_only_names(table: Held, embedder: LocalEmbedder) -> None:
    source, key = table
    evil = 'body"; drop table "their own"."my ""table"; --'
    for wrong in (
        replace(source, fields=replace(source.fields, title=evil)),
        replace(source, fields=replace(source.fields, vector=evil)),
        replace(source, collection=f"their own.{evil}"),
    ):
        with pytest.raises(Unfit, match="drop table"):
            await asked((wrong, key), embedder)
    assert len(await asked(table, embedder, limit=9)) == len(TEXTS)


async def test_a_table_is_only_read_and_not_for_long(
    table: Held, embedder: LocalEmbedder, empty_database: str
) -> None:
    source, key = table
    async with await psycopg.AsyncConnection.connect(empty_database, autocommit=True) as db:
        await db.execute(
            "create function public.slow() returns text volatile language sql as "
            "$$ select 'x' from pg_sleep(30) $$; "
            "create function public.wipe() returns text volatile language plpgsql as "
            '$$ begin delete from "their own"."my ""table"; return 1; end $$'
        )
        for name in ("slow", "wipe"):
            await db.execute(
                f"create view public.{name}s as select *, public.{name}() as made "
                'from "their own"."my ""table"'
            )
    hasty = replace(source, seconds=1, fields=replace(source.fields, title="made"))
    with pytest.raises(Unavailable, match="in time"):
        await asked((replace(hasty, collection="public.slows"), key), embedder)
    with pytest.raises(Unfit, match="read-only transaction"):
        await asked((replace(hasty, collection="public.wipes"), key), embedder)
    assert len(await asked(table, embedder, limit=9)) == len(TEXTS)


async def test_a_database_that_is_not_there_is_named(table: Held, embedder: LocalEmbedder) -> None:
    source, key = table
    wrong = replace(source, database=source.database.replace("?", "-nowhere?"))
    with pytest.raises(Unfit, match=r'database ".*-nowhere" does not exist'):
        await asked((wrong, key), embedder)
    plain = replace(source, fields=replace(source.fields, vector="title"))
    with pytest.raises(Unfit, match="of type text, not vector or halfvec"):
        await asked((plain, key), embedder)


@pytest.fixture
async def server() -> AsyncIterator[PassageServer]:
    async with passage_server() as server:
        yield server


async def over_http(server: PassageServer, key: str = HTTP_KEY, **fields: str) -> list[Piece]:
    source = source_of({"kind": "http", "url": server.url, "fields": {**FIELDS, **fields}})
    found = await ASKERS["http"](source, key, QUESTION, None, 4)
    return pieces_of(found, source.fields, "The source")


async def test_a_server_is_asked_as_agreed(server: PassageServer) -> None:
    first, second = await over_http(server)
    assert server.asked == [{"query": QUESTION, "k": 4}]
    assert (first.title, first.url, first.page) == ("Wonders", "https://example.org/wonders", 12)
    assert (second.title, second.page) == ("Kitchen", None)
    assert first.score > second.score
    server.body = [{"content": "x", "score": 0.25}, {"content": ""}, {"content": ["y"]}]
    assert await over_http(server) == [Piece("x", score=0.25)]
    server.body = {"results": []}
    assert await over_http(server) == []


@pytest.mark.parametrize("body", [{"answer": []}, ["text"], "text", 3, {"passages": {}}])
async def test_another_form_is_refused(server: PassageServer, body: Any) -> None:
    server.body = body
    with pytest.raises(Unfit, match="must answer a list of passages"):
        await over_http(server)


async def test_a_server_that_says_no_is_understood(server: PassageServer) -> None:
    with pytest.raises(Unfit, match="refused the key") as raised:
        await over_http(server, "sk-other")
    assert "sk-other" not in str(raised.value)
    with pytest.raises(Unfit, match=r"no text in the field nothing\. There are: content, meta\."):
        await over_http(server, text="nothing")
    server.status = 503
    with pytest.raises(Unavailable, match="busy or broken"):
        await over_http(server)
