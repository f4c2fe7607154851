"""Asking, following, stopping and going on."""

import asyncio
from typing import Any

from tests.answering import Answering, Event, events_of, new_id, text_of
from tests.upstream_call import TEXT, WORDS
from tests.world import API, Person


async def until_text(answering: Answering, person: Person, answer: str, text: str) -> list[Event]:
    """Follow until a reader has this text, then leave."""
    found: list[Event] = []
    async for event in answering.events(person, f"/answers/{answer}/stream"):
        found.append(event)
        if text_of(found) == text:
            break
    return found


async def test_an_answer_is_written_and_kept(answering: Answering) -> None:
    ana = await answering.world.admin()
    asked = await answering.ask(ana, "Why is the sky blue?", "words")
    events = await answering.follow(ana, asked["answers"][0]["id"])
    assert events[0].kind == "start"
    assert events[0].data == {"model": "words", "attempt": 1}
    assert events[-1].data["status"] == "completed"
    assert text_of(events) == TEXT
    message = await answering.message(ana, asked)
    assert message["content"] == TEXT
    assert message["status"] == "completed"
    assert message["usage"] == {"input_tokens": 7, "output_tokens": 8}
    assert message["seconds"] > 0
    assert message["left_out"] == 0


async def test_one_who_comes_late_gets_all_of_it_at_once(answering: Answering) -> None:
    ana = await answering.world.admin()
    asked = await answering.ask(ana, "Why?", "thinking")
    answer = asked["answers"][0]["id"]
    live = await answering.follow(ana, answer)
    late = await answering.follow(ana, answer)
    assert [each.kind for each in late] == ["start", "reasoning", "delta", "done"]
    assert text_of(late) == text_of(live) == TEXT
    assert text_of(late, "reasoning") == text_of(live, "reasoning") == "Let me think."
    assert late[-1].data == live[-1].data
    message = await answering.message(ana, asked)
    assert message["reasoning"] == "Let me think."
    assert message["reasoning_seconds"] is not None


async def test_one_who_was_cut_off_anywhere_has_the_same_in_the_end(answering: Answering) -> None:
    ana = await answering.world.admin()
    asked = await answering.ask(ana, "a b c d e f g", "slow")
    answer = asked["answers"][0]["id"]
    seen: list[Event] = []
    while not seen or seen[-1].kind != "done":
        count = 0
        after = seen[-1].id if seen else ""
        async for event in answering.events(ana, f"/answers/{answer}/stream", after):
            seen.append(event)
            count += 1
            if count == 4:
                break
    message = await answering.message(ana, asked)
    assert text_of(seen) == message["content"] == "".join(f"word{n} " for n in range(1, 51))


async def test_several_models_answer_in_one_stream(answering: Answering) -> None:
    ana = await answering.world.admin()
    chat = (await ana.post("/chats", json={})).json()["id"]
    body = {"content": "Say this", "models": ["words", "echo", "words"]}
    headers = {"Accept": "text/event-stream"}
    url = f"{API}/chats/{chat}/messages"
    async with (
        asyncio.timeout(20),
        ana.web.stream("POST", url, json=body, headers=headers) as response,
    ):
        assert response.status_code in (200, 202)
        events = [each async for each in events_of(response)]
    assert events[0].kind == "accepted"
    ids = [each["id"] for each in events[0].data["answers"]]
    texts = [text_of([e for e in events if e.data.get("answer_id") == key]) for key in ids]
    assert texts == [TEXT, "Say this ", TEXT]
    assert sum(each.kind == "done" for each in events) == 3


async def test_a_stopped_answer_keeps_what_is_written(answering: Answering) -> None:
    ana = await answering.world.admin()
    asked = await answering.ask(ana, "Why?", "held")
    answer = asked["answers"][0]["id"]
    before = await until_text(answering, ana, answer, "".join(WORDS[:3]))
    assert (await ana.post(f"/answers/{answer}/stop")).status_code == 202
    rest = await answering.follow(ana, answer, before[-1].id)
    assert rest[-1].data["status"] == "stopped"
    message = await answering.message(ana, asked)
    assert (message["status"], message["content"]) == ("stopped", "".join(WORDS[:3]))
    async with asyncio.timeout(10):
        await answering.server.gone.wait()


async def test_a_failure_is_told_and_kept_with_what_was_written(answering: Answering) -> None:
    ana = await answering.world.admin()
    asked = await answering.ask(ana, "Why?", "reset", "empty", "no-such-model", "broken")
    errors = []
    for index, each in enumerate(asked["answers"]):
        events = await answering.follow(ana, each["id"])
        assert events[-1].data["status"] == "failed"
        message = await answering.message(ana, asked, index)
        assert message["status"] == "failed"
        assert message["error"] == events[-1].data["error"]
        assert message["content"] == text_of(events)
        errors.append(message["error"]["kind"])
    assert errors == ["cut", "empty", "unknown_model", "server_error"]


async def test_an_answer_can_go_on(answering: Answering) -> None:
    ana = await answering.world.admin()
    asked = await answering.ask(ana, "Why?", "held")
    answer = asked["answers"][0]["id"]
    before = await until_text(answering, ana, answer, "".join(WORDS[:3]))
    await ana.post(f"/answers/{answer}/stop")
    stopped = before + await answering.follow(ana, answer, before[-1].id)
    answering.server.release.set()
    response = await ana.post(f"/answers/{answer}/continue")
    assert response.status_code == 202
    assert response.json()["status"] in ("queued", "running", "completed")
    rest = await answering.follow(ana, answer, stopped[-1].id)
    fresh = await answering.follow(ana, answer)
    whole = "".join(WORDS[:3]) + TEXT
    assert text_of(stopped + rest) == text_of(fresh) == whole
    message = await answering.message(ana, asked)
    assert (message["status"], message["content"]) == ("completed", whole)
    turns = answering.server.asked[-1]["messages"]
    assert turns[-1] == {"role": "assistant", "content": "".join(WORDS[:3])}


async def test_an_edited_answer_is_told_as_it_is_now(answering: Answering) -> None:
    ana = await answering.world.admin()
    asked = await answering.ask(ana, "Why?", "words")
    answer = asked["answers"][0]["id"]
    seen = await answering.follow(ana, answer)
    path = f"/chats/{asked['chat']}/messages/{answer}"
    assert (await ana.patch(path, json={"content": "No idea."})).status_code == 200
    assert text_of(await answering.follow(ana, answer)) == "No idea."
    assert text_of(seen + await answering.follow(ana, answer, seen[1].id)) == "No idea."


async def test_the_model_reads_what_was_said_before(answering: Answering) -> None:
    ana = await answering.world.admin()
    settings = {"system": "Be brief.", "params": {"temperature": 0.5, "max_tokens": 100}}
    chat = (await ana.post("/chats", json=settings)).json()["id"]
    first = await answering.ask(ana, "One", "echo", chat=chat)
    await answering.follow(ana, first["answers"][0]["id"])
    second = await answering.ask(ana, "Two", "echo", chat=chat, params={"temperature": 0.1})
    await answering.follow(ana, second["answers"][0]["id"])
    body = answering.server.asked[-1]
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "One"},
        {"role": "assistant", "content": "One "},
        {"role": "user", "content": "Two"},
    ]
    assert (body["temperature"], body["max_tokens"]) == (0.1, 100)


async def test_another_answer_with_a_hint_knows_only_its_question(answering: Answering) -> None:
    ana = await answering.world.admin()
    first = await answering.ask(ana, "One", "echo")
    await answering.follow(ana, first["answers"][0]["id"])
    path = f"/chats/{first['chat']}/messages/{first['answers'][0]['id']}/answers"
    response = await ana.post(path, json={"hint": "Rhyme."})
    assert response.status_code == 202, response.text
    await answering.follow(ana, response.json()["answers"][0]["id"])
    assert answering.server.asked[-1]["messages"] == [
        {"role": "system", "content": "Rhyme."},
        {"role": "user", "content": "One"},
    ]


async def test_what_does_not_fit_is_left_out_and_told(answering: Answering) -> None:
    ana = await answering.world.admin()
    chat = (await ana.post("/chats", json={"params": {"context_tokens": 600}})).json()["id"]
    for _ in range(4):
        asked = await answering.ask(ana, "x" * 500, "words", chat=chat)
        await answering.follow(ana, asked["answers"][0]["id"])
    asked = await answering.ask(ana, "The last one", "held", chat=chat)
    answer = asked["answers"][0]["id"]
    following = asyncio.create_task(answering.follow(ana, answer))
    await until_text(answering, ana, answer, "".join(WORDS[:3]))
    answering.server.release.set()
    events = await following
    told = [each.data for each in events if each.data.get("kind") == "left_out"]
    message = await answering.message(ana, asked)
    assert told == [{"kind": "left_out", "count": message["left_out"]}]
    sent = answering.server.asked[-1]["messages"]
    assert sent[-1]["content"] == "The last one"
    assert sent[0]["role"] == "user"
    assert len(sent) + message["left_out"] == 9


async def test_a_queued_answer_says_so_and_can_be_stopped(answering: Answering) -> None:
    await answering.workers[0].end()
    ana = await answering.world.admin()
    asked = await answering.ask(ana, "Why?", "words", "words")
    first, second = (each["id"] for each in asked["answers"])
    async for event in answering.events(ana, f"/answers/{first}/stream"):
        assert event.data == {"kind": "queued"}
        break
    await ana.post(f"/answers/{second}/stop")
    answering.start_worker()
    assert text_of(await answering.follow(ana, first)) == TEXT
    assert (await answering.follow(ana, second))[-1].data["status"] == "stopped"


async def test_others_find_nothing(answering: Answering) -> None:
    ana, ben = await answering.world.admin(), await answering.world.person()
    asked = await answering.ask(ana, "Why?", "words")
    answer = asked["answers"][0]["id"]
    for path in (f"/answers/{answer}", f"/answers/{new_id()}"):
        assert (await ben.get(f"{path}/stream")).status_code == 404
        assert (await ben.post(f"{path}/stop")).status_code == 404
        assert (await ben.post(f"{path}/continue")).status_code == 404


async def test_a_running_answer_cannot_be_continued(answering: Answering) -> None:
    ana = await answering.world.admin()
    asked = await answering.ask(ana, "Why?", "held")
    answer = asked["answers"][0]["id"]
    await until_text(answering, ana, answer, "".join(WORDS[:3]))
    refused: Any = await ana.post(f"/answers/{answer}/continue")
    assert refused.status_code == 409
    answering.server.release.set()
    assert (await answering.follow(ana, answer))[-1].data["status"] == "completed"


async def test_odd_characters_are_the_same_everywhere(answering: Answering) -> None:
    ana = await answering.world.admin()
    asked = await answering.ask(ana, "Why?", "halves")
    events = await answering.follow(ana, asked["answers"][0]["id"])
    message = await answering.message(ana, asked)
    assert text_of(events) == message["content"]
    assert "\x00" not in message["content"]
    assert "🌍" in message["content"]


async def test_a_tool_that_is_not_there_is_told(answering: Answering) -> None:
    ana = await answering.world.admin()
    asked = await answering.ask(ana, "Weather?", "tools")
    events = await answering.follow(ana, asked["answers"][0]["id"])
    assert events[-1].data["status"] == "completed"
    assert "tool that is not available" in text_of(events)
