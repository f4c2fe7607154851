"""What goes wrong with vector stores, told in plain words."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from application.documents.ports import Unfit, VectorStore
from application.ports import Unavailable
from infrastructure.postgres import pool
from infrastructure.vectors import pgvector
from infrastructure.vectors.pgvector import PgVectorStore
from infrastructure.vectors.registry import OPENERS, open_store
from tests.contracts.test_vectors import DIMENSION, file_id, nearest, points, rows
from tests.engines import ROOT, TestEngines, fresh
from tests.stores import lucene, qdrant, weaviate
from tests.stores.homes import HOMES, Home, opened
from tests.stores.serving import served

INDEX = "some_index"
KEY = "se-cret:4711"
REST = ("qdrant", "chroma", "elasticsearch", "opensearch")


@pytest.fixture(scope="module")
def blank(engines: TestEngines) -> Iterator[str]:
    yield from fresh(engines.postgres_url, "template0")


@pytest.fixture
async def postgres(blank: str) -> AsyncIterator[PgVectorStore]:
    async with pool(blank, size_max=4) as lent:
        store = PgVectorStore(lent)
        await store.create(INDEX, DIMENSION)
        yield store
        await store.drop(INDEX)


def store_at(kind: str, url: str, key: str = "", folder: Path = Path()) -> VectorStore:
    return open_store(kind, url, key, pool=pool(""), data_folder=folder)


@pytest.mark.parametrize("url", ["", "ftp://x", "http://", "http://a:b@x", "x", "http://x#y"])
@pytest.mark.parametrize("kind", ["weaviate", "qdrant", "milvus", "elasticsearch", "opensearch"])
async def test_an_address_must_be_one(kind: str, url: str) -> None:
    with pytest.raises(Unfit, match=r"address|valid URL"):
        store_at(kind, url)


@pytest.mark.parametrize("more", ["/path", "?grpc=x", "?grpc=0", "?grpc=70000", "?grpc=8080"])
def test_weaviates_address_may_name_a_port_for_grpc(more: str) -> None:
    with pytest.raises(Unfit, match=r"address|ports"):
        store_at("weaviate", f"http://weaviate:8080{more}")
    store_at("weaviate", "http://weaviate:8080?grpc=9000")


def test_a_kind_must_be_known(tmp_path: Path) -> None:
    with pytest.raises(Unfit, match="no vector store called 'faiss'"):
        store_at("faiss", "", folder=tmp_path)
    assert set(OPENERS) == {"pgvector", *(each.split("-")[0] for each in HOMES)}


@pytest.mark.parametrize(
    ("kind", "module", "package"),
    [("chroma", "chroma_embedded", "chromadb"), ("milvus", "milvus", "pymilvus")],
)
def test_an_optional_package_is_named(
    kind: str, module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"infrastructure.vectors.{module}", raising=False)
    with pytest.raises(Unfit, match=rf"pip install quire\[{kind}\]"):
        store_at(kind, "http://127.0.0.1:1" if kind == "milvus" else "")


@pytest.mark.parametrize("kind", REST)
@pytest.mark.parametrize(
    ("status", "kind_of_error", "said"),
    [
        (500, Unavailable, "busy or broken"),
        (503, Unavailable, "busy or broken"),
        (429, Unavailable, "busy or broken"),
        (401, Unfit, "refused the key"),
        (403, Unfit, "refused the key"),
        (302, Unfit, "another address"),
        (200, Unfit, "answer"),
    ],
)
async def test_a_status_is_understood(
    kind: str, status: int, kind_of_error: type[Exception], said: str
) -> None:
    async def answer(_: Request) -> Response:
        return Response(f"<p>{KEY}</p>", status, headers={"location": "http://127.0.0.1:1"})

    with served(Starlette(routes=[Route("/{rest:path}", answer)])) as url:
        store = store_at(kind, url, KEY)
        with pytest.raises(kind_of_error, match=said) as error:
            await store.check()
        await store.close()
    assert KEY not in str(error.value)


@pytest.mark.parametrize("kind", REST)
async def test_a_refusal_is_told_without_the_key(kind: str) -> None:
    async def answer(_: Request) -> Response:
        return JSONResponse({"error": {"reason": f"key {KEY} or {KEY[7:]} is odd"}}, 400)

    with served(Starlette(routes=[Route("/{rest:path}", answer, methods=["GET"])])) as url:
        store = store_at(kind, url, KEY)
        with pytest.raises(Unfit) as error:
            await store.count(INDEX)
        await store.close()
    assert "4711" not in str(error.value)


@pytest.mark.parametrize(
    ("kind", "app", "key"),
    [
        ("qdrant", qdrant.Qdrant("1.7.4").app, qdrant.KEY),
        ("qdrant", lucene.LuceneServer("opensearch", "2.17.0").app, ""),
        ("elasticsearch", lucene.LuceneServer("elasticsearch", "7.17.0").app, None),
        ("opensearch", lucene.LuceneServer("opensearch", "1.3.0").app, None),
        ("weaviate", weaviate.Weaviate("1.20.0").app, weaviate.KEY),
    ],
)
async def test_an_old_or_other_server_will_not_do(kind: str, app: Any, key: str | None) -> None:
    with served(app) as url:
        store = store_at(kind, url, lucene.KEYS[kind] if key is None else key)
        with pytest.raises(Unfit):
            await store.check()
        await store.close()


@pytest.mark.parametrize("kind", ["elasticsearch", "opensearch"])
async def test_the_items_of_a_bulk_are_looked_at(kind: Any) -> None:
    double = lucene.LuceneServer(kind, "8.15.0" if kind == "elasticsearch" else "2.17.0")
    with served(double.app) as url:
        store = store_at(kind, url, lucene.KEYS[kind])
        await store.create(INDEX, DIMENSION)
        for status, error in ((429, Unavailable), (503, Unavailable), (400, Unfit)):
            double.failures = [status]
            with pytest.raises(error):
                await store.upsert(INDEX, points(3), rows(3))
        await store.upsert(INDEX, points(3), rows(3))
        assert await store.count(INDEX) == 3
        del double.indexes[INDEX]
        with pytest.raises(Unfit, match="no vector index"):
            await store.upsert(INDEX, points(3), rows(3))
        assert double.indexes == {}
        await store.close()


async def test_pgvector_needs_its_extension(engines: TestEngines) -> None:
    name, role = f"test_{uuid4().hex}", f"role_{uuid4().hex[:12]}"
    with psycopg.connect(engines.postgres_url, autocommit=True) as db:
        db.execute(f"create role {role} login")
        db.execute(f"create database {name} template template0 owner {role}")
    url = make_conninfo(engines.postgres_url, dbname=name, user=role)
    try:
        async with pool(url) as lent:
            store = PgVectorStore(lent)
            with pytest.raises(Unfit, match="As one, run there: create extension vector"):
                await store.check()
            with psycopg.connect(engines.postgres_url, dbname=name, autocommit=True) as db:
                db.execute("create extension vector")
            assert "pgvector 0." in await store.check()
            await store.create(INDEX, DIMENSION)
            await store.upsert(INDEX, points(3), rows(3))
            assert await store.count(INDEX) == 3
    finally:
        with psycopg.connect(engines.postgres_url, autocommit=True) as db:
            db.execute(f"drop database {name} with (force)")
            db.execute(f"drop role {role}")


async def test_pgvector_reads_long_vectors_whole(postgres: PgVectorStore) -> None:
    every, vectors = points(40), rows(40, dimension=4_096)
    await postgres.create("long_index", 4_096)
    await postgres.upsert("long_index", every, vectors)
    hits = await postgres.search("long_index", vectors[3], limit=3, file_ids=None)
    assert hits[0].id == every[3].id
    chosen = await postgres.search("long_index", vectors[3], limit=3, file_ids=[file_id(4)])
    assert [hit.id for hit in chosen] == [every[4].id]
    await postgres.drop("long_index")


async def graphs(store: PgVectorStore) -> int:
    """How many graphs the index has."""
    sql = "select count(*) from pg_indexes where tablename = %s and indexdef like '%% hnsw %%'"
    async with store._pool.connection() as line:  # noqa: SLF001 (no call of a store tells)
        row = await (await line.execute(sql, [INDEX])).fetchone()
    assert row is not None
    return int(row[0])


async def test_pgvector_filters_on_the_graph_too(
    postgres: PgVectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    every, vectors = points(600, files=10), rows(600)
    await postgres.upsert(INDEX, every[:50], vectors[:50])
    monkeypatch.setattr(pgvector, "EXACT_POINTS_MAX", 50)
    await postgres.settle(INDEX)
    assert await graphs(postgres) == 0  # so few are read one by one
    await postgres.upsert(INDEX, every, vectors)
    await asyncio.gather(postgres.settle(INDEX), postgres.settle(INDEX))
    assert await graphs(postgres) == 1
    chosen = [file_id(1), file_id(2)]
    mine = [place for place, point in enumerate(every) if point.file_id in chosen]
    right = 0
    for query in rows(10, seed=2):
        hits = await postgres.search(INDEX, query, limit=10, file_ids=chosen)
        truth = nearest([every[place] for place in mine], vectors[mine], query, 10)
        right += len({hit.id for hit in hits} & set(truth))
    assert right >= 97
    all_of_them = await postgres.search(INDEX, vectors[0], limit=500, file_ids=chosen)
    assert len(all_of_them) == len(mine)


async def test_pgvector_survives_two_writers_of_one_file(postgres: PgVectorStore) -> None:
    async def write() -> bool:
        try:
            await postgres.upsert(INDEX, points(300), rows(300))
        except Unavailable:
            return False
        return True

    done = await asyncio.gather(*(write() for _ in range(4)))
    assert any(done)
    assert await postgres.count(INDEX) == 300


OTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from tests.contracts.test_vectors import points, rows
from tests.stores.homes import Home, opened

async def main(folder, index):
    async with opened(Home("chroma", Path(folder))) as store:
        for line in sys.stdin:
            if line.strip() == "search":
                hits = await store.search(index, rows(9)[8], limit=1, file_ids=None)
                print(hits[0].id, flush=True)
            else:
                await store.upsert(index, points(int(line)), rows(int(line)))
                print("written", flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_embedded_chroma_is_one_for_all_processes(tmp_path: Path) -> None:
    other = subprocess.Popen(  # noqa: ASYNC220 (asked from threads below)
        [sys.executable, "-c", OTHER_PROCESS, str(tmp_path), INDEX],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def ask(line: str) -> str:
        assert other.stdin is not None
        assert other.stdout is not None
        print(line, file=other.stdin, flush=True)
        return other.stdout.readline().strip()

    with other:
        home = Home("chroma", tmp_path)
        async with opened(home) as store, opened(home) as beside:
            await store.create(INDEX, DIMENSION)
            await store.upsert(INDEX, points(8), rows(8))
            before = await asyncio.to_thread(ask, "search")
            assert before in {str(each.id) for each in points(8)}
            await store.upsert(INDEX, points(9), rows(9))
            assert await asyncio.to_thread(ask, "search") == str(points(9)[8].id)
            assert (await beside.search(INDEX, rows(9)[8], limit=1, file_ids=None))[0].score > 0.9
            assert await asyncio.to_thread(ask, "30") == "written"
            for each in (store, beside):
                hits = await each.search(INDEX, rows(30)[29], limit=1, file_ids=None)
                assert hits[0].id == points(30)[29].id
                assert await each.count(INDEX) == 30
        assert other.stdin is not None
        other.stdin.close()
