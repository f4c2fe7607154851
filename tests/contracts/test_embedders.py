"""What every embedder promises, with servers that are slow, strict, old, wrong or dead."""

import asyncio
import math
from base64 import b64encode
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import httpx
import numpy as np
import pytest

from application.documents.ports import Embedder, Unfit
from application.documents.settings import Embedding, EmbeddingKind
from application.ports import Unavailable
from infrastructure.embeddings.local import LocalEmbedder
from infrastructure.embeddings.registry import Embedders
from infrastructure.embeddings.remote import REQUESTS_AT_ONCE
from infrastructure.models.connections import OLLAMA_ID, ConnectionSettings
from infrastructure.models.http import Limits, open_client
from tests.embedding_server import DIMENSION, MODEL, EmbeddingServer, embedding_server, expected

KEY = "sk-test-0123456789"
TEXTS = [f"This is text number {n}." for n in range(20)]
Connect = Callable[..., Embedders]


class Some:
    """Connections as somebody stored them."""

    def __init__(self, *found: ConnectionSettings) -> None:
        self.found = list(found)

    async def connections(self) -> list[ConnectionSettings]:
        return self.found


@pytest.fixture
async def client() -> AsyncGenerator[httpx.AsyncClient, None]:
    async with open_client() as client:
        yield client


@pytest.fixture
async def server() -> AsyncGenerator[EmbeddingServer, None]:
    async with embedding_server(KEY) as server:
        yield server


@pytest.fixture(params=["openai", "ollama"])
def kind(request: pytest.FixtureRequest) -> EmbeddingKind:
    found: EmbeddingKind = request.param
    return found


def connection(server: EmbeddingServer, kind: str) -> ConnectionSettings:
    url = f"{server.url}/v1" if kind == "openai" else server.url
    return ConnectionSettings(uuid4(), kind, url, KEY)  # type: ignore[arg-type]


async def embedder_at(
    server: EmbeddingServer, client: httpx.AsyncClient, kind: EmbeddingKind, **more: Any
) -> Embedder:
    settings = connection(server, kind)
    embedders = Embedders(Some(settings), client, limits=more.pop("limits", Limits()))
    return await embedders.embedder(Embedding(kind, settings.id, more.pop("model", MODEL)))


@pytest.fixture
async def embedder(
    server: EmbeddingServer, client: httpx.AsyncClient, kind: EmbeddingKind
) -> Embedder:
    return await embedder_at(server, client, kind)


@pytest.fixture(params=["openai", "ollama", "old ollama", "local"])
async def any_embedder(
    request: pytest.FixtureRequest, server: EmbeddingServer, client: httpx.AsyncClient
) -> AsyncGenerator[Embedder, None]:
    server.is_old = request.param == "old ollama"
    if request.param == "local":
        local = LocalEmbedder()
        yield local
        await local.aclose()
    else:
        yield await embedder_at(server, client, request.param.split()[-1])


async def test_one_row_of_length_one_for_each_text(any_embedder: Embedder) -> None:
    texts = [*TEXTS, "Überall 🌍 ist\nText.", "broken \ud800 half", TEXTS[3]]
    vectors = await any_embedder.embed(texts)
    assert vectors.dtype == np.float32
    assert vectors.shape[0] == len(texts)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[3] @ vectors[-1] > 0.99999
    assert vectors[3] @ vectors[4] < 0.99
    (again,) = await any_embedder.embed([TEXTS[5]])
    assert again @ vectors[5] > 0.99999


async def test_nothing_gives_nothing(any_embedder: Embedder) -> None:
    assert (await any_embedder.embed([])).shape[0] == 0
    (vector,) = await any_embedder.embed(["something"])
    assert (await any_embedder.embed([], "query")).shape == (0, len(vector))


async def test_rows_are_in_the_order_of_the_texts(
    server: EmbeddingServer, embedder: Embedder
) -> None:
    texts = [f"text {n}" for n in range(300)]
    vectors = await embedder.embed(texts)
    assert np.allclose(vectors, expected(texts), atol=1e-5)
    assert embedder.space.endswith(f":{server.host}:{MODEL}")


async def test_many_texts_go_in_few_requests_and_few_at_once(
    server: EmbeddingServer, embedder: Embedder, kind: str
) -> None:
    server.delay = 0.05
    texts = [f"text {n}" for n in range(1280)]
    await embedder.embed(texts)
    assert len(server.asked) == 1280 // (128 if kind == "openai" else 32)
    assert server.running_most == REQUESTS_AT_ONCE
    sent = [each for n in range(len(server.asked)) for each in server.texts(n)]
    assert sorted(sent) == sorted(texts)


async def test_long_texts_go_in_smaller_batches(
    server: EmbeddingServer, embedder: Embedder
) -> None:
    text = "longer " * 4_000
    await embedder.embed([text] * 30)
    assert len(server.asked) > 1
    assert sum(len(server.texts(n)) for n in range(len(server.asked))) == 30


async def test_a_server_that_takes_less_at_once_gets_less(
    server: EmbeddingServer, embedder: Embedder
) -> None:
    server.texts_max = 8
    texts = [f"text {n}" for n in range(100)]
    assert np.allclose(await embedder.embed(texts), expected(texts), atol=1e-5)
    server.asked.clear()
    await embedder.embed(texts)
    assert all(len(server.texts(n)) <= 8 for n in range(len(server.asked)))  # it is remembered


@pytest.mark.parametrize(
    ("knows_base64", "forms"),
    [(True, ["base64", "base64"]), (False, ["base64", "float", "float"])],
)
async def test_numbers_come_in_either_form(
    server: EmbeddingServer, client: httpx.AsyncClient, forms: list[str], *, knows_base64: bool
) -> None:
    server.knows_base64 = knows_base64
    embedder = await embedder_at(server, client, "openai")
    for _ in range(2):
        assert np.allclose(await embedder.embed(TEXTS), expected(TEXTS), atol=1e-5)
    assert [body.get("encoding_format", "float") for _, body in server.asked] == forms


async def test_an_old_ollama_is_asked_for_one_at_a_time(
    server: EmbeddingServer, client: httpx.AsyncClient
) -> None:
    server.is_old = True
    embedder = await embedder_at(server, client, "ollama")
    assert np.allclose(await embedder.embed(TEXTS), expected(TEXTS), atol=1e-5)
    assert {path for path, _ in server.asked} == {"/api/embeddings"}
    assert len(server.asked) == len(TEXTS)


async def test_questions_are_marked_where_the_model_wants_it(
    server: EmbeddingServer, client: httpx.AsyncClient, kind: EmbeddingKind
) -> None:
    embedder = await embedder_at(server, client, kind, model="nomic-embed-text")
    await embedder.embed(["Where is it?"], "query")
    await embedder.embed(["It is here."])
    sent = [server.texts(0), server.texts(1)]
    assert sent == [["search_query: Where is it?"], ["search_document: It is here."]]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_a_busy_server_is_asked_again_when_it_says_so(
    server: EmbeddingServer, embedder: Embedder, status: int
) -> None:
    server.refusals, server.headers = [(status, {"error": "later"})], {"retry-after": "1"}
    begun = monotonic()
    assert len(await embedder.embed(TEXTS)) == len(TEXTS)
    assert monotonic() - begun >= 0.9
    assert len(server.asked) == 2


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_server_that_stays_away_is_unavailable(
    server: EmbeddingServer, embedder: Embedder, status: int
) -> None:
    server.refusals = [(status, {"error": {"message": f"No room, {KEY}"}})] * 9
    with pytest.raises(Unavailable, match=server.host) as raised:
        await embedder.embed(TEXTS)
    assert KEY not in str(raised.value)


async def test_a_dead_server_is_unavailable(client: httpx.AsyncClient, kind: EmbeddingKind) -> None:
    async with embedding_server(KEY) as server:
        embedder = await embedder_at(server, client, kind)
        await embedder.embed(TEXTS)
    with pytest.raises(Unavailable, match="cannot be reached"):
        await embedder.embed(TEXTS)
    async with embedding_server(KEY, port=server.port):
        assert len(await embedder.embed(TEXTS)) == len(TEXTS)


async def test_a_silent_server_is_unavailable(
    server: EmbeddingServer, client: httpx.AsyncClient, kind: EmbeddingKind
) -> None:
    embedder = await embedder_at(server, client, kind, limits=Limits(silence_seconds=0.2))
    server.delay = 30
    with pytest.raises(Unavailable, match="sent nothing"):
        await embedder.embed(TEXTS)


@pytest.mark.parametrize("status", [400, 403, 404, 410, 422])
async def test_a_refusal_is_for_a_person(
    server: EmbeddingServer, embedder: Embedder, status: int
) -> None:
    server.refusals = [(status, {"error": {"message": f"Never: {KEY}"}})] * 99
    with pytest.raises(Unfit, match=server.host) as raised:
        await embedder.embed(TEXTS)
    assert KEY not in str(raised.value)
    if status != 403:  # what is said of a key may show a part of it
        assert "Never: ***" in str(raised.value)


async def test_a_wrong_key_is_for_a_person(server: EmbeddingServer, embedder: Embedder) -> None:
    server.key = "sk-another-key"
    with pytest.raises(Unfit, match="refused the API key") as raised:
        await embedder.embed(TEXTS)
    assert KEY not in str(raised.value)


async def test_an_unknown_model_is_named(
    server: EmbeddingServer, client: httpx.AsyncClient, kind: EmbeddingKind
) -> None:
    embedder = await embedder_at(server, client, kind, model="nowhere")
    with pytest.raises(Unfit, match='model "nowhere" not found'):
        await embedder.embed(TEXTS)


def rows(answer: Any, place: int, row: Any) -> Any:
    """An answer with another vector at one place."""
    if "data" in answer:
        answer["data"][place]["embedding"] = row
    else:
        answer["embeddings"][place] = row
    return answer


def cut(answer: Any) -> Any:
    return {name: each[:-1] if isinstance(each, list) else each for name, each in answer.items()}


ONES = [1.0] * DIMENSION
WRONG: dict[str, Callable[[Any], Any]] = {
    "another length": lambda answer: rows(answer, 1, ONES[:-1]),
    "not numbers": lambda answer: rows(answer, 1, ["x"] * DIMENSION),
    "nested": lambda answer: rows(answer, 1, [[1.0]] * DIMENSION),
    "nothing": lambda answer: rows(answer, 1, None),
    "an object": lambda answer: rows(answer, 1, {"a": 1}),
    "not finite": lambda answer: rows(answer, 1, [math.nan] * DIMENSION),
    "huge": lambda answer: rows(answer, 1, [1e300] * DIMENSION),
    "zeros": lambda answer: rows(answer, 1, [0.0] * DIMENSION),
    "one too few": cut,
    "a list": lambda answer: [answer],
    "no JSON": lambda _: b"<html>Welcome",
    "empty": lambda _: b"",
    "null": lambda _: b"null",
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_what_is_no_vector_is_refused(
    server: EmbeddingServer, embedder: Embedder, wrong: str
) -> None:
    server.alter = WRONG[wrong]
    with pytest.raises(Unfit, match=server.host):
        await embedder.embed(TEXTS)


OPENAI_WRONG: dict[str, Callable[[Any], Any]] = {
    "twice": lambda answer: answer["data"][1].update(index=0) or answer,
    "elsewhere": lambda answer: answer["data"][1].update(index=99) or answer,
    "no index": lambda answer: answer["data"][1].update(index=None) or answer,
    "no item": lambda answer: answer["data"].__setitem__(1, 7) or answer,
    "torn": lambda answer: rows(answer, 1, b64encode(b"12345").decode()),
    "no base64": lambda answer: rows(answer, 1, "?" * 32),
}


@pytest.mark.parametrize("wrong", OPENAI_WRONG)
async def test_what_is_not_for_each_text_is_refused(
    server: EmbeddingServer, client: httpx.AsyncClient, wrong: str
) -> None:
    embedder = await embedder_at(server, client, "openai")
    server.alter = OPENAI_WRONG[wrong]
    with pytest.raises(Unfit, match=server.host):
        await embedder.embed(TEXTS)


async def test_a_dimension_that_changes_is_refused(
    server: EmbeddingServer, embedder: Embedder
) -> None:
    await embedder.embed(TEXTS)
    server.dimension = 9
    with pytest.raises(Unfit, match="9 numbers, and 8 before"):
        await embedder.embed(TEXTS)


async def test_who_gives_up_leaves_no_request(server: EmbeddingServer, embedder: Embedder) -> None:
    server.delay = 0.2
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await embedder.embed([f"text {n}" for n in range(1000)])
    await asyncio.sleep(0.4)
    assert len(server.asked) <= REQUESTS_AT_ONCE


async def test_the_registry_follows_the_connections(
    server: EmbeddingServer, client: httpx.AsyncClient
) -> None:
    settings = connection(server, "openai")
    some = Some(settings)
    embedders = Embedders(some, client)
    choice = Embedding("openai", settings.id, MODEL)
    first = await embedders.embedder(choice)
    assert await embedders.embedder(choice) is first
    some.found = [replace(settings, api_key="sk-of-today")]
    server.key = "sk-of-today"
    assert len(await (await embedders.embedder(choice)).embed(TEXTS)) == len(TEXTS)
    with pytest.raises(Unfit, match="no longer there"):
        await embedders.embedder(replace(choice, connection_id=UUID(int=7)))
    with pytest.raises(Unavailable, match="away"):
        await embedders.embedder(Embedding("ollama", OLLAMA_ID, MODEL))
    with pytest.raises(Unfit, match="not of the kind ollama"):
        await embedders.embedder(replace(choice, kind="ollama"))
    some.found = [replace(settings, base_url="file:///etc")]
    with pytest.raises(Unfit, match="http"):
        await embedders.embedder(choice)
    local = await embedders.embedder(Embedding())
    assert local.space == "local:all-MiniLM-L6-v2"
    await embedders.aclose()
