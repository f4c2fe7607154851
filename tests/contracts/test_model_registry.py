"""What the list of all models promises, with servers that live, die and lie."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from application.ports import ModelFailed, Models, Prompt, Turn
from infrastructure.models import connections, registry
from infrastructure.models.connections import (
    ENVIRONMENT_ID,
    OLLAMA_ID,
    AllConnections,
    ConnectionSettings,
    NoConnections,
)
from infrastructure.models.http import open_client
from infrastructure.models.reader import ReaderModel
from infrastructure.models.registry import ModelRegistry
from tests.upstream import Upstream, upstream
from tests.upstream_call import KEY, TEXT

DEAD = ConnectionSettings(uuid4(), "openai", "http://127.0.0.1:9")


@dataclass
class Stored:
    """Connections as somebody stored them."""

    found: list[ConnectionSettings] = field(default_factory=list)
    asked: int = 0

    async def connections(self) -> Sequence[ConnectionSettings]:
        self.asked += 1
        return list(self.found)

    def add(self, server: Upstream, **more: Any) -> ConnectionSettings:
        connection = ConnectionSettings(
            uuid4(), more.pop("kind", "openai"), server.url, KEY, **more
        )
        if connection.kind == "ollama":
            connection = replace(connection, base_url=server.ollama_url)
        self.found.append(connection)
        return connection


@pytest.fixture
async def client() -> AsyncGenerator[httpx.AsyncClient, None]:
    async with open_client() as client:
        yield client


@pytest.fixture
async def server() -> AsyncGenerator[Upstream, None]:
    async with upstream(KEY) as server:
        server.listing = ("words", "echo")
        yield server


@pytest.fixture
async def other() -> AsyncGenerator[Upstream, None]:
    async with upstream(KEY) as server:
        server.listing = ("words", "slow")
        yield server


@pytest.fixture
def stored() -> Stored:
    return Stored()


@pytest.fixture
async def models(stored: Stored, client: httpx.AsyncClient) -> AsyncGenerator[ModelRegistry, None]:
    models = ModelRegistry(stored, client, ReaderModel())
    yield models
    await models.aclose()


async def ids(models: Models) -> list[str]:
    return [each.id for each in (await models.list()).models]


async def answer(models: Models, model_id: str) -> str:
    model, _ = await models.find(model_id)
    prompt = Prompt(model_id, (Turn("user", "Hello"),))
    return "".join([piece.text async for piece in model.answer(prompt) if piece.kind == "text"])


async def test_a_fresh_installation_has_the_reader(models: ModelRegistry) -> None:
    found = await models.list()
    assert [each.id for each in found.models] == ["reader"]
    model, info = await models.find("reader")
    assert info.name == "Reader"
    assert model.continues_prefix


async def test_all_models_of_all_connections(
    models: ModelRegistry, stored: Stored, server: Upstream, other: Upstream
) -> None:
    stored.add(server)
    stored.add(other, kind="ollama", prefix="home")
    assert await ids(models) == ["reader", "words", "echo", "home.words", "home.slow"]
    assert await answer(models, "home.words") == TEXT
    _, info = await models.find("words")
    assert (info.kind, info.context_tokens) == ("openai", 8192)
    assert [body["model"] for body in other.asked] == ["words"]


async def test_of_two_models_of_one_name_the_first_keeps_it(
    models: ModelRegistry, stored: Stored, server: Upstream, other: Upstream
) -> None:
    stored.add(server)
    stored.add(other)
    again = stored.add(other)
    wanted = ["reader", "words", "echo", f"{other.host}.words", "slow"]
    assert await ids(models) == [*wanted, f"{again.id}.words", f"{other.host}.slow"]
    await answer(models, f"{other.host}.words")
    assert (len(server.asked), len(other.asked)) == (0, 1)


async def test_a_dead_server_blocks_nobody(
    models: ModelRegistry,
    stored: Stored,
    server: Upstream,
    other: Upstream,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "LIST_SECONDS", 0.3)
    other.listing_delay = 5
    stored.found.append(DEAD)
    slow = stored.add(other)
    stored.add(server)
    begun = monotonic()
    found = await models.list()
    assert monotonic() - begun < 2
    assert [each.id for each in found.models] == ["reader", "words", "echo"]
    assert [each.connection_id for each in found.unavailable] == [DEAD.id, slow.id]
    assert "cannot be reached" in found.unavailable[0].error
    assert KEY not in repr(found) + repr(stored.found)


async def test_lists_are_remembered_and_renewed_behind_the_scenes(
    models: ModelRegistry, stored: Stored, server: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored.add(server)
    await asyncio.gather(*(models.list() for _ in range(10)))
    await models.list()
    assert server.listed == 1
    monkeypatch.setattr(registry, "FRESH_SECONDS", 0.0)
    server.listing = ("slow",)
    server.listing_delay = 0.1
    assert await ids(models) == ["reader", "words", "echo"]
    await asyncio.sleep(0.3)
    assert await ids(models) == ["reader", "slow"]


async def test_a_change_shows_after_a_refresh(
    models: ModelRegistry, stored: Stored, server: Upstream
) -> None:
    connection = stored.add(server)
    assert "words" in await ids(models)
    stored.found[0] = replace(connection, prefix="new")
    models.refresh()
    assert await ids(models) == ["reader", "new.words", "new.echo"]
    stored.found.clear()
    models.refresh()
    assert await ids(models) == ["reader"]
    with pytest.raises(ModelFailed):
        await models.find("new.words")


async def test_a_known_model_is_found_without_asking_anybody(
    models: ModelRegistry, stored: Stored, server: Upstream, other: Upstream
) -> None:
    stored.add(server, models=("words", "private"), prefix="a")
    other.listing_delay = 30
    stored.add(other, models=("slow",))
    for model_id in ("a.words", "a.private", "slow"):
        await models.find(model_id)
    assert (server.listed, other.listed, stored.asked) == (0, 0, 1)


async def test_only_chosen_models_are_offered(
    models: ModelRegistry, stored: Stored, server: Upstream
) -> None:
    stored.add(server, models=("echo", "hidden"))
    assert await ids(models) == ["reader", "echo", "hidden"]


async def test_an_unknown_model_is_told(
    models: ModelRegistry, stored: Stored, server: Upstream
) -> None:
    stored.add(server)
    with pytest.raises(ModelFailed) as failed:
        await models.find("nobody")
    assert failed.value.kind == "unknown_model"


async def test_a_model_of_a_server_that_cannot_be_asked_tells_so_itself(
    models: ModelRegistry, stored: Stored
) -> None:
    stored.found += [replace(DEAD, prefix="far"), replace(DEAD, id=uuid4())]
    for model_id in ("far.model", "model"):
        with pytest.raises(ModelFailed) as failed:
            await answer(models, model_id)
        assert failed.value.kind == "unreachable"


async def test_a_model_of_a_server_that_died_is_still_known(
    models: ModelRegistry, stored: Stored
) -> None:
    async with upstream(KEY) as server:
        stored.add(server)
        assert "words" in await ids(models)
    models.refresh()
    found = await models.list()
    assert [each.id for each in found.models] == ["reader"]
    assert len(found.unavailable) == 1
    with pytest.raises(ModelFailed) as failed:
        await answer(models, "words")
    assert failed.value.kind == "unreachable"


async def test_a_connection_is_checked(
    models: ModelRegistry, stored: Stored, server: Upstream
) -> None:
    good = stored.add(server)
    check = await models.check(good)
    assert (check.ok, check.models, check.error) == (True, ("words", "echo"), None)
    check = await models.check(replace(good, api_key="sk-wrong-11112222"))
    assert not check.ok
    assert check.error is not None
    assert "refused the API key" in check.error
    check = await models.check(replace(good, base_url=f"http://{server.host}/v2"))
    assert not check.ok
    check = await models.check(replace(good, base_url="nonsense"))
    assert check.error == "The address must begin with http:// or https://."
    check = await models.check(replace(good, base_url=f"http://{server.host}/v2", models=("a",)))
    assert check.ok, "a server that cannot list may still answer"


async def test_environment_and_a_found_ollama_are_added(
    client: httpx.AsyncClient, server: Upstream
) -> None:
    server.key = None
    all_connections = AllConnections(NoConnections(), client, server.url, "", server.ollama_url)
    found = await all_connections.connections()
    assert [(each.id, each.source) for each in found] == [
        (ENVIRONMENT_ID, "environment"),
        (OLLAMA_ID, "discovered"),
    ]
    await all_connections.connections()
    await asyncio.sleep(0.1)
    assert server.listed == 1, "it is remembered"
    await all_connections.aclose()


async def test_an_ollama_that_comes_later_is_found(
    client: httpx.AsyncClient, server: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "PROBE_AGAIN_SECONDS", 0.0)
    all_connections = AllConnections(NoConnections(), client, ollama_base_url=server.ollama_url)
    assert not await all_connections.connections(), "it wants a key"
    server.key = None
    await all_connections.connections()
    await asyncio.sleep(0.1)
    assert len(await all_connections.connections()) == 1
    await all_connections.aclose()


async def test_an_ollama_that_is_stored_is_not_added_again(
    client: httpx.AsyncClient, server: Upstream
) -> None:
    server.key = None
    stored = Stored()
    stored.add(server, kind="ollama")
    all_connections = AllConnections(stored, client, ollama_base_url=server.ollama_url)
    assert len(await all_connections.connections()) == 1
    nowhere = AllConnections(NoConnections(), client, ollama_base_url="off")
    assert not await nowhere.connections()
    absent = AllConnections(NoConnections(), client, ollama_base_url="http://127.0.0.1:9")
    assert not await absent.connections()


def test_ids_of_connections_without_a_row_are_stable() -> None:
    assert UUID("7c2a8b5e-0000-0000-0000-000000000000") not in {ENVIRONMENT_ID, OLLAMA_ID}
    assert ENVIRONMENT_ID.version == OLLAMA_ID.version == 5
