"""Answers of which nothing is kept."""

import asyncio
from typing import Any

from tests.answering import Answering, Event, events_of, text_of
from tests.upstream_call import TEXT
from tests.world import API, Person


async def temporary(person: Person, **body: Any) -> list[Event]:
    body = {"messages": [{"role": "user", "content": "Why?"}], **body}
    async with (
        asyncio.timeout(20),
        person.web.stream("POST", f"{API}/temporary/answers", json=body) as response,
    ):
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        return [each async for each in events_of(response)]


async def test_an_answer_streams_and_leaves_nothing(answering: Answering) -> None:
    ana = await answering.world.admin()
    head = await answering.world.services.log.head()
    events = await temporary(ana, model="thinking", params={"temperature": 0.5})
    assert events[0].kind == "start"
    assert text_of(events) == TEXT
    assert text_of(events, "reasoning") == "Let me think."
    done = {"status": "completed", "usage": {"input_tokens": 7, "output_tokens": 8}}
    assert events[-1] == Event("done", done)
    assert answering.server.asked[-1]["temperature"] == 0.5
    assert await answering.world.services.log.head() == head


async def test_a_failure_is_told(answering: Answering) -> None:
    ana = await answering.world.admin()
    for model, kind in (("broken", "server_error"), ("nobody", "unknown_model")):
        events = await temporary(ana, model=model)
        assert events[-1].data["status"] == "failed"
        assert events[-1].data["error"]["kind"] == kind


async def test_the_model_is_let_go_when_the_reader_goes(answering: Answering) -> None:
    ana = await answering.world.admin()
    body = {"model": "held", "messages": [{"role": "user", "content": "Why?"}]}
    async with ana.web.stream("POST", f"{API}/temporary/answers", json=body) as response:
        async for event in events_of(response):
            if event.kind == "delta":
                break
    async with asyncio.timeout(10):
        await answering.server.gone.wait()


async def test_nonsense_is_refused(answering: Answering) -> None:
    ana = await answering.world.admin()
    for body in ({}, {"model": "words", "messages": []}, {"model": "words", "messages": [{}]}):
        assert (await ana.post("/temporary/answers", json=body)).status_code == 422
