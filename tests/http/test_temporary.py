"""Answers of which nothing is kept."""

import asyncio
from typing import Any
from uuid import uuid4

from tests.answering import Answering, Event, events_of, text_of
from tests.retrieval import QUESTION, TEA, attached, file_of, knowledge_of, statuses
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


MONDAY = "first Monday"


def said(*turns: str) -> list[dict[str, str]]:
    roles = ("user", "assistant")
    return [{"role": roles[n % 2], "content": text} for n, text in enumerate(turns)]


async def test_what_is_attached_is_read_and_cited_and_nothing_is_kept(answering: Answering) -> None:
    ana = await answering.world.admin()
    file_id = await file_of(ana)
    key = await knowledge_of(ana, file_id)
    head = await answering.world.services.log.head()
    for about in (attached(file_id), attached(key, kind="knowledge")):
        events = await temporary(ana, model="words", messages=said(QUESTION), attachments=about)
        told = statuses(events)
        assert events[0].kind == "start"
        assert told["retrieving"]["queries"] == [QUESTION]
        assert told["citations"]["items"][0]["title"] == "kitchen.md"
        read = answering.server.asked[-1]["messages"][-1]["content"]
        assert MONDAY in read
        assert read.endswith(QUESTION)
    events = await temporary(ana, model="reader", messages=said(QUESTION), attachments=about)
    assert MONDAY in text_of(events)
    assert statuses(events)["citations"]["items"][0]["file_id"] == file_id
    assert await answering.world.services.log.head() == head


async def test_a_later_question_is_understood_by_those_before_it(answering: Answering) -> None:
    ana = await answering.world.admin()
    about = attached(await file_of(ana))
    turns = said("How is tea brewed?", "At 70 degrees.", "And coffee?")
    turns = [{"role": "system", "content": "Be brief."}, *turns]
    events = await temporary(ana, model="words", messages=turns, attachments=about)
    assert statuses(events)["retrieving"]["queries"] == ["How is tea brewed?\nAnd coffee?"]
    sent = answering.server.asked[-1]["messages"]
    assert [each["role"] for each in sent] == ["system", "user", "assistant", "user"]
    assert sent[0]["content"] == "Be brief."
    assert sent[2]["content"] == "At 70 degrees."


async def test_what_does_not_fit_is_left_out_and_told(answering: Answering) -> None:
    ana = await answering.world.admin()
    turns = said("long ago " * 200, "indeed " * 200, "Why?")
    params = {"context_tokens": 400, "max_tokens": 50}
    events = await temporary(ana, model="words", messages=turns, params=params)
    assert statuses(events)["left_out"] == {"kind": "left_out", "count": 2}
    assert [each["content"] for each in answering.server.asked[-1]["messages"]] == ["Why?"]


async def test_nobody_attaches_what_he_may_not_see(answering: Answering) -> None:
    ana, ben = await answering.world.admin(), await answering.world.person()
    made = (await ana.post("/files/text", json={"name": "a.md", "text": TEA})).json()["id"]
    ben.position = ana.position
    for each in (made, str(uuid4())):
        body = {"model": "words", "messages": said("Why?"), "attachments": attached(each)}
        refused = await ben.post("/temporary/answers", json=body)
        assert refused.status_code == 404, refused.text
        assert each in refused.json()["detail"]
        message = {
            "id": str(uuid4()),
            "role": "user",
            "content": "?",
            "attachments": attached(each),
        }
        assert (await ben.post("/chats", json={"messages": [message]})).status_code == 404
    body = {"model": "words", "messages": said("?"), "attachments": [{"kind": "file"}]}
    assert (await ben.post("/temporary/answers", json=body)).status_code == 422


async def test_a_web_that_is_away_is_told(answering: Answering) -> None:
    ana = await answering.world.admin()
    events = await temporary(ana, model="words", messages=said("Why?"), web_search=True)
    assert "not set up" in statuses(events)["web_failed"]["problems"][0]
    assert events[-1].data["status"] == "completed"


async def test_a_saved_chat_keeps_what_it_was_about_and_stood_on(answering: Answering) -> None:
    ana = await answering.world.admin()
    file_id = await file_of(ana)
    about = attached(file_id, whole=True)
    events = await temporary(ana, model="words", messages=said(QUESTION), attachments=about)
    cited = statuses(events)["citations"]["items"]
    chat, first, second = (str(uuid4()) for _ in range(3))
    messages = [
        {"id": first, "role": "user", "content": QUESTION, "attachments": about},
        {
            "id": second,
            "parent_id": first,
            "role": "assistant",
            "content": text_of(events),
            "model": "words",
            "citations": cited,
        },
    ]
    saved = await ana.post("/chats", json={"id": chat, "messages": messages})
    assert saved.status_code == 201, saved.text
    question, answer = (await ana.get(f"/chats/{chat}/messages")).json()["items"]
    assert question["attachments"][0] == about[0] | {"url": None, "name": "kitchen.md"}
    assert answer["citations"] == cited
    later = await answering.ask(ana, "Which Monday?", "words", chat=chat)
    await answering.follow(ana, later["answers"][0]["id"])
    assert MONDAY in answering.server.asked[-1]["messages"][-1]["content"]
    messages[1]["citations"] = [{"n": 1, "strange": True}]
    refused = await ana.post("/chats", json={"id": str(uuid4()), "messages": messages})
    assert refused.status_code == 422
