"""Answers survive whoever writes them, whatever carries them, and whoever reads them."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import redis.asyncio

from domain.aggregate import Aggregate
from domain.answers import Answer
from infrastructure import leases
from tests.answering import Answering, Event, text_of
from tests.upstream_call import TEXT, WORDS
from tests.world import Person

HALF = "".join(WORDS[:3])


@pytest.fixture(autouse=True)
def _soon_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "DEAD_SECONDS", 2)


async def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Reader:
    """Somebody who reads an answer to its end, and comes back when he is sent away."""

    def __init__(self, answering: Answering, person: Person, answer: str) -> None:
        self.events: list[Event] = []
        self._answering, self._person, self._answer = answering, person, answer
        self.task = asyncio.create_task(self._read())

    @property
    def text(self) -> str:
        return text_of(self.events)

    async def _read(self) -> None:
        path = f"/answers/{self._answer}/stream"
        async for event in self._answering.events(self._person, path):
            self.events.append(event)


async def ends(answering: Answering, answer: str) -> list[Answer.Ended]:
    from uuid import UUID  # noqa: PLC0415

    history = await answering.world.services.log.history(UUID(answer))
    found: list[Aggregate.Event] = [each for each in history if isinstance(each, Answer.Ended)]
    return [each for each in found if isinstance(each, Answer.Ended)]


async def begun(answering: Answering, model: str = "held") -> tuple[Person, dict[str, Any], Reader]:
    ana = await answering.world.admin()
    asked = await answering.ask(ana, "Why?", model)
    reader = Reader(answering, ana, asked["answers"][0]["id"])
    await until(lambda: len(reader.text) >= len(HALF))
    return ana, asked, reader


async def same_everywhere(
    answering: Answering, ana: Person, asked: dict[str, Any], reader: Reader
) -> dict[str, Any]:
    """One end, and the reader has what is kept."""
    await reader.task
    answer = asked["answers"][0]["id"]
    message = await answering.message(ana, asked)
    assert reader.text == message["content"]
    assert text_of(await answering.follow(ana, answer)) == message["content"]
    assert len(await ends(answering, answer)) == 1
    return message


async def test_a_dead_workers_answer_begins_anew(answering: Answering) -> None:
    ana, asked, reader = await begun(answering)
    await answering.workers[0].kill()
    answering.server.release.set()
    answering.start_worker()
    message = await same_everywhere(answering, ana, asked, reader)
    assert (message["status"], message["content"]) == ("completed", TEXT)
    assert "restarted" in [each.kind for each in reader.events]


async def test_a_worker_that_is_stopped_hands_its_answers_over(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infrastructure.desk.FINISH_SECONDS", 0.2)
    ana, asked, reader = await begun(answering)
    await answering.workers[0].end()
    answering.server.release.set()
    answering.start_worker()
    message = await same_everywhere(answering, ana, asked, reader)
    assert (message["status"], message["content"]) == ("completed", TEXT)


async def test_a_worker_that_is_stopped_finishes_what_it_can(answering: Answering) -> None:
    ana, asked, reader = await begun(answering)
    ending = asyncio.create_task(answering.workers[0].end())
    await asyncio.sleep(0.1)
    answering.server.release.set()
    await ending
    message = await same_everywhere(answering, ana, asked, reader)
    assert message["status"] == "completed"
    assert "restarted" not in [each.kind for each in reader.events]


async def test_a_stop_that_meets_a_dead_worker_keeps_what_was_seen(answering: Answering) -> None:
    ana, asked, reader = await begun(answering)
    await answering.workers[0].kill()
    await ana.post(f"/answers/{asked['answers'][0]['id']}/stop")
    answering.start_worker()
    message = await same_everywhere(answering, ana, asked, reader)
    assert (message["status"], message["content"]) == ("stopped", HALF)


async def test_valkey_may_lose_everything_in_the_middle(
    answering: Answering, redis_url: str
) -> None:
    ana, asked, reader = await begun(answering, "slow")
    async with redis.asyncio.Redis.from_url(redis_url) as line:
        for _ in range(3):
            await asyncio.sleep(0.3)
            await line.flushdb()
    message = await same_everywhere(answering, ana, asked, reader)
    assert message["content"] == "".join(f"word{n} " for n in range(1, 51))
    assert "restarted" not in [each.kind for each in reader.events]


async def test_a_worker_and_all_that_valkey_has_may_go_together(
    answering: Answering, redis_url: str
) -> None:
    ana, asked, reader = await begun(answering)
    await answering.workers[0].kill()
    async with redis.asyncio.Redis.from_url(redis_url) as line:
        await line.flushdb()
    answering.server.release.set()
    answering.start_worker()
    message = await same_everywhere(answering, ana, asked, reader)
    assert message["content"] == TEXT


async def test_many_answers_end_once_each_while_workers_die(answering: Answering) -> None:
    ana = await answering.world.admin()
    asked = [await answering.ask(ana, f"Question {n}", "slow", "echo") for n in range(8)]
    readers = [Reader(answering, ana, each["id"]) for one in asked for each in one["answers"]]
    for _ in range(2):
        await asyncio.sleep(0.7)
        answering.start_worker()
        await answering.workers[-2].kill()
    for reader in readers:
        await reader.task
    await answering.world.settle()
    for one in asked:
        for index, each in enumerate(one["answers"]):
            reader = readers.pop(0)
            message = await answering.message(ana, one, index)
            assert message["status"] == "completed"
            assert reader.text == message["content"]
            assert len(await ends(answering, each["id"])) == 1


async def test_one_persons_flood_does_not_hold_up_another(answering: Answering) -> None:
    ana, ben = await answering.world.admin(), await answering.world.person()
    flood = [await answering.ask(ana, f"Question {n}", *["slow"] * 8) for n in range(10)]
    asked = await answering.ask(ben, "And I?", "words")
    async with asyncio.timeout(3):
        async for event in answering.events(ben, f"/answers/{asked['answers'][0]['id']}/stream"):
            if event.kind == "delta":
                break
    for one in flood:
        for each in one["answers"]:
            await ana.post(f"/answers/{each['id']}/stop")
