"""The projector as a process, and the command that looks at what it does."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infrastructure.event_log import EventLog
from infrastructure.lines import Lines
from infrastructure.postgres import pool
from infrastructure.reader import Reader
from infrastructure.secrets import master_key
from infrastructure.settings import Settings
from projections import chats
from tests.contracts.following import ANA, SECONDS_MAX, Bench

MODELS = {"chats", "messages", "users", "sessions", "connections"}


@pytest.fixture
def settings(database: str, redis_url: str, tmp_path: Path) -> Settings:
    return Settings.from_env(
        {}, data=tmp_path, database_url=database, redis_url=redis_url, secret_key="k" * 40
    )


@pytest.fixture
async def place(settings: Settings) -> AsyncIterator[Bench]:
    url = settings.database_url
    async with (
        pool(url) as connections,
        EventLog(url, master_key(settings), connections=connections) as log,
        Reader(connections, url) as reader,
    ):
        yield Bench(url, log, Lines(connections), reader)


def command(settings: Settings, *words: str) -> subprocess.Popen[str]:
    env = os.environ | {
        "QUIRE_DATA": str(settings.data),
        "QUIRE_DATABASE_URL": settings.database_url,
        "QUIRE_REDIS_URL": settings.redis_url,
        "QUIRE_SECRET_KEY": settings.secret_key,
    }
    whole = [sys.executable, "-m", "interfaces.cli.main", *words]
    return subprocess.Popen(whole, env=env, stdout=subprocess.PIPE, text=True)


def output(settings: Settings, *words: str) -> tuple[int, str]:
    process = command(settings, *words)
    told, _ = process.communicate(timeout=SECONDS_MAX * 2)
    return process.returncode, told


async def test_the_projector_follows_rebuilds_and_stops(settings: Settings, place: Bench) -> None:
    with command(settings, "projector") as projector:
        await follow_and_rebuild(settings, place)
        projector.send_signal(signal.SIGTERM)
        assert projector.wait(timeout=5) == 0
    assert await place.column("select count(*) from log.parked") == [0]


async def follow_and_rebuild(settings: Settings, place: Bench) -> None:
    position = await place.start_chat("Tea")
    async with place.reader.read(chats.chats, after=position, seconds=SECONDS_MAX) as db:
        assert [each.title for each in await chats.page(db, ANA)] == ["Tea"]
    await place.settle("effects")

    code, told = output(settings, "projections", "list", "--json")
    rows = {each["name"]: each for each in json.loads(told)}
    assert (code, set(rows) >= MODELS | {"answering"}) == (0, True)
    assert rows["chats"]["lag_events"] == 0
    assert "chats" in output(settings, "projections", "list")[1]

    code, told = output(settings, "projections", "rebuild", "chats", "--json")
    assert (code, json.loads(told)["name"]) == (0, "chats")
    async with place.reader.read(chats.chats, after=position) as db:
        assert [each.title for each in await chats.page(db, ANA)] == ["Tea"]
    assert output(settings, "projections", "rebuild", "answering")[0] == 2
