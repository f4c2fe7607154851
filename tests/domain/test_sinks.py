"""What may happen to a sink, and who may want it."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from application.command import Command, carry_out
from application.ports import SYSTEM, Actor
from application.sinks import (
    AddSink,
    ChangeSink,
    PauseSink,
    RemoveSink,
    ReplaySink,
    ResumeSink,
    Secrets,
)
from domain.errors import Conflict, Forbidden, Invalid, NotFound
from domain.sinks import Sink
from infrastructure.memory_log import MemoryLog
from tests.scenario import KEY, fact, given, news

ANA = Actor(UUID(int=10), role="administrator")
BEN = Actor(UUID(int=11))
URL = "https://hooks.example/quire"
WHERE = {"name": "Quality", "url": URL}
ADDED = fact(Sink.Added, kind="webhook", **WHERE, votes=False, from_position=7)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("", URL),
        ("x" * 101, URL),
        ("x", "hooks.example"),
        ("x", "ftp://hooks.example"),
        ("x", "https://"),
        ("x", "https://ana:secret@hooks.example"),
        ("x", "https://hooks.example:99999"),
        ("x", "https://hooks.example/a b"),
        ("x", f"https://hooks.example/{'x' * 2_000}"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, url: str) -> None:
    with pytest.raises(Invalid):
        Sink.add(KEY, kind="webhook", name=name, url=url, votes=False, from_position=0)
    with pytest.raises(Invalid):
        given(Sink, ADDED).change(name=name, url=url, votes=False)


def test_a_change_that_changes_nothing_is_no_news() -> None:
    sink = given(Sink, ADDED)
    sink.change(name=" Quality ", url=URL, votes=False)
    assert news(sink) == []
    sink.change(name="Quality", url=URL, votes=True)
    assert news(sink) == [fact(Sink.Changed, **WHERE, votes=True)]
    sink.change_secrets(has_secret=True, header_names=["b", "a"])
    assert news(sink)[1:] == [fact(Sink.SecretsChanged, has_secret=True, header_names=["a", "b"])]
    assert (sink.has_secret, sink.header_names) == (True, ["a", "b"])


def test_one_that_is_paused_goes_on_when_it_is_resumed_or_replayed() -> None:
    sink = given(Sink, ADDED)
    sink.resume()
    sink.pause("Down.")
    sink.pause("Still down.")
    assert news(sink) == [fact(Sink.Paused, reason="Down.")]
    sink.resume()
    sink.resume()
    assert news(sink)[1:] == [fact(Sink.Resumed)]
    sink.pause("Down.")
    sink.replay(3)
    assert sink.paused == ""
    assert news(sink)[3:] == [fact(Sink.ReplayRequested, from_position=3)]


def test_one_that_is_removed_is_gone() -> None:
    sink = given(Sink, ADDED, fact(Sink.Removed))
    assert sink.is_closed
    for act in (sink.remove, sink.resume, lambda: sink.pause("x"), lambda: sink.replay(0)):
        with pytest.raises(NotFound):
            act()


async def test_only_administrators_may_and_twice_is_once() -> None:
    log, key = MemoryLog(), uuid4()
    start: dict[str, Any] = {"votes": False, "from_position": 0}
    told = Secrets(has_secret=True, header_names=("A",))
    add = AddSink(key, "webhook", "Quality", URL, **start, secrets=told)
    wishes: list[Command[Any]] = [
        add,
        ChangeSink(key, votes=True, secrets=Secrets()),
        PauseSink(key),
        ResumeSink(key),
        ReplaySink(key, 1),
        RemoveSink(key),
    ]
    for each in wishes:
        with pytest.raises(Forbidden):
            await carry_out(each, log=log, actor=BEN)
    await carry_out(add, log=log, actor=ANA)
    await carry_out(add, log=log, actor=ANA)
    other = AddSink(key, "otlp", "Quality", URL, **start, secrets=told)
    with pytest.raises(Conflict):
        await carry_out(other, log=log, actor=ANA)
    for each in wishes[1:]:
        await carry_out(each, log=log, actor=SYSTEM)
    assert [each.type for each in await log.read(0)] == [
        "sink.added",
        "sink.secrets_changed",
        "sink.changed",
        "sink.secrets_changed",
        "sink.paused",
        "sink.resumed",
        "sink.replay_requested",
        "sink.removed",
    ]
