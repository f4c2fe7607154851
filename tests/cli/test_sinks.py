"""`quire sinks` and `quire evaluation flag`."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.arena_sets import STUFFERS, simulated
from tests.cli.conftest import Says, arena
from tests.sink_servers import Receiver, receiving


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver in a thread of its own, since every command brings its own loop."""
    receiver, loop = Receiver(), asyncio.new_event_loop()
    ready, over = Event(), asyncio.Event()

    async def serve() -> None:
        async with receiving(receiver):
            ready.set()
            await over.wait()

    thread = Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    monkeypatch.setenv("QUIRE_SINK_HOSTS", f"127.0.0.1:{receiver.port}")
    yield receiver
    loop.call_soon_threadsafe(over.set)
    thread.join()
    loop.close()
    assert len(receiver.faults) == 1  # the one with another secret


def test_sinks_are_added_tried_replayed_and_removed(says: Says, hook: Receiver) -> None:
    says("migrate")
    key, secret = says("sinks", "add", "webhook", "Quality", hook.url, "--votes").split()
    assert secret.startswith("whsec_")
    assert "Quality" in says("sinks", "list")
    hook.secret = secret
    assert "It arrived" in says("sinks", "test", "Quality")
    assert hook.items[0]["type"] == "test"
    hook.secret = f"whsec_{'A' * 40}"
    assert "answered 400" in says("sinks", "test", key, code=3)
    assert "comes after 0" in says("sinks", "replay", "Quality", "--from", "0")
    says("sinks", "remove", key)
    assert says("sinks", "list") == ""
    assert "0 sinks are called" in says("sinks", "test", key, code=2)
    told = says("sinks", "add", "otlp", "Inside", "http://10.0.0.1:22/", code=2)
    assert "Port 22" in told


def test_flags_are_recorded_once(says: Says, tmp_path: Path) -> None:
    simulated(700).write(tmp_path)
    says("migrate")
    arena(says, tmp_path, "--space", "club")
    assert says("evaluation", "flag", "--space", "club").split() == sorted(STUFFERS)
    before = json.loads(says("leaderboard", "--json", "--space", "club", "--votes", "trusted"))
    assert says("evaluation", "flag", "--space", "club").split() == sorted(STUFFERS)
    after = json.loads(says("leaderboard", "--json", "--space", "club", "--votes", "trusted"))
    assert before == after
