"""`quire knowledge external` on the real log, with a source that answers in another thread."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from application.command import carry_out
from application.knowledge_sources import ConnectSource
from application.ports import SYSTEM, Actor
from application.retrieval.sources import source_of
from application.users import AddUser
from domain.users import Role
from infrastructure.external.asking import secret_name
from infrastructure.settings import Settings
from interfaces.cli.main import main
from interfaces.services import open_services
from tests.passage_server import FIELDS, KEY, PassageServer, passage_server

ANA, BEN = "ana@example.org", "ben@example.org"
BASE = UUID(int=30)


@pytest.fixture
def server() -> Iterator[PassageServer]:
    """The commands run loops of their own, so the server has one too."""
    found: list[PassageServer] = []
    loop, ready = asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()

    async def serve() -> None:
        async with passage_server() as server:
            found.append(server)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    yield found[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


@pytest.fixture
def says(
    database: str,
    redis_url: str,
    tmp_path: Path,
    server: PassageServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., str]:
    """What a command says, in an installation with two people and a source."""
    chosen = {"database_url": database, "redis_url": redis_url, "data": str(tmp_path / "data")}
    for name, value in {**chosen, "ollama_base_url": "off"}.items():
        monkeypatch.setenv(f"QUIRE_{name.upper()}", value)
    settings = Settings.from_env(os.environ)
    values = {"kind": "http", "url": server.url, "fields": FIELDS}

    async def prepare() -> None:
        ana = Actor(UUID(int=10), role="administrator")
        async with open_services(settings) as services:
            for number, email, role in ((10, ANA, Role.ADMINISTRATOR), (11, BEN, Role.USER)):
                command = AddUser(UUID(int=number), email, "Somebody", role)
                await carry_out(command, log=services.log, actor=SYSTEM)
            await services.execute(ConnectSource(BASE, "Wonders", "", values, has_key=True), ana)
            name = secret_name(BASE, source_of(values))
            await services.credentials.keep_secret(name, KEY)

    asyncio.run(prepare())

    def call(*words: str, code: int = 0) -> str:
        assert main(["knowledge", "external", *words]) == code, capsys.readouterr()
        told = capsys.readouterr()
        assert KEY not in told.out + told.err
        return told.err if code else told.out

    return call


def test_sources_are_shown_tried_and_removed(
    says: Callable[..., str], server: PassageServer
) -> None:
    assert f"{BASE}  http      Wonders  {server.url}" in says("list")
    told = says("test", str(BASE), "How high was it?")
    assert "Wonders" in told
    assert "2 passages." in told
    server.status = 503
    assert "busy or broken" in says("test", str(BASE), code=2)
    assert "is no administrator" in says("list", "--as", BEN, code=2)
    says("remove", str(BASE))
    assert says("list") == ""
    assert "knowledge source" in says("test", str(BASE), code=2)
