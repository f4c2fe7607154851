"""Asking and reading in a chat."""

import asyncio
from typing import Any
from uuid import uuid4

from tests.world import Person, World


async def chat_of(person: Person) -> str:
    return f"/chats/{(await person.post('/chats', json={})).json()['id']}"


async def posted(person: Person, url: str, text: str, **more: Any) -> dict[str, Any]:
    body = {"content": text, "models": ["m1"], **more}
    response = await person.post(f"{url}/messages", json=body)
    assert response.status_code == 202, response.text
    told: dict[str, Any] = response.json()
    return told


def without_times(message: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name != "created_at"}


async def test_what_is_told_is_what_is_read(world: World) -> None:
    ana = await world.admin()
    url = await chat_of(ana)
    told = await posted(ana, url, "Why?", models=["m1", "m2", "m1"])
    page = (await ana.get(f"{url}/messages")).json()
    assert page["leaf_id"] == told["answers"][0]["id"]
    read = [without_times(each) for each in page["items"]]
    assert read == [without_times(told["message"]), without_times(told["answers"][0])]
    children = (await ana.get(f"{url}/messages?parent_id={told['message']['id']}")).json()
    assert [without_times(each) for each in children["items"]] == [
        without_times(each) for each in told["answers"]
    ]
    assert {each["batch_count"] for each in children["items"]} == {3}
    one = await ana.get(f"{url}/messages/{told['answers'][1]['id']}")
    assert one.json()["previous_sibling_id"] == told["answers"][0]["id"]
    assert told["position"] == told["answers"][2]["position"]


async def test_left_out_the_parent_is_what_is_shown(world: World) -> None:
    ana = await world.admin()
    url = await chat_of(ana)
    first = await posted(ana, url, "One")
    second = await posted(ana, url, "Two")
    third = await posted(ana, url, "Three")
    assert second["message"]["parent_id"] == first["answers"][0]["id"]
    assert third["message"]["parent_id"] == second["answers"][0]["id"]
    root = await posted(ana, url, "Anew", parent_id=None)
    assert root["message"]["parent_id"] is None
    assert (root["message"]["sibling_index"], root["message"]["sibling_count"]) == (2, 2)


async def test_an_edit_on_a_new_branch_is_a_sibling(world: World) -> None:
    ana = await world.admin()
    url = await chat_of(ana)
    await posted(ana, url, "One")
    old = await posted(ana, url, "Two")
    await world.settle()
    new = await posted(ana, url, "Two!", parent_id=old["message"]["parent_id"])
    assert new["message"]["previous_sibling_id"] == old["message"]["id"]
    assert (new["message"]["sibling_index"], new["message"]["sibling_count"]) == (2, 2)
    page = (await ana.get(f"{url}/messages")).json()
    assert [each["content"] for each in page["items"]] == ["One", "", "Two!", ""]
    chosen = await ana.put(f"{url}/leaf", json={"message_id": old["message"]["id"]})
    assert chosen.json() == {"leaf_id": old["answers"][0]["id"]}
    page = (await ana.get(f"{url}/messages")).json()
    assert page["items"][2]["content"] == "Two"


async def test_a_long_branch_comes_in_pages(world: World) -> None:
    ana = await world.admin()
    url = await chat_of(ana)
    for number in range(4):
        await posted(ana, url, f"Q{number}")
    seen: list[str] = []
    path = f"{url}/messages?limit=3"
    for _ in range(3):
        page = (await ana.get(path)).json()
        seen = [each["content"] for each in page["items"]] + seen
        path = f"{url}/messages?limit=3&cursor={page['next_cursor']}"
    assert page["next_cursor"] is None
    assert seen == ["Q0", "", "Q1", "", "Q2", "", "Q3", ""]
    for bad in ("cursor=x", "cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "leaf=1", "parent_id=x"):
        assert (await ana.get(f"{url}/messages?{bad}")).status_code == 422, bad
    assert (await ana.get(f"{url}/messages?leaf={uuid4()}")).status_code == 404


async def test_the_same_wish_twice_is_one_message(world: World) -> None:
    ana = await world.admin()
    url = await chat_of(ana)
    body = {"content": "Why?", "models": ["m1"]}
    key = {"Idempotency-Key": "k"}
    told = await asyncio.gather(
        *(ana.post(f"{url}/messages", json=body, headers=key) for _ in range(5))
    )
    assert {each.status_code for each in told} == {202}
    assert len({each.json()["message"]["id"] for each in told}) == 1
    assert len({each.json()["position"] for each in told}) == 1
    assert len((await ana.get(f"{url}/messages")).json()["items"]) == 2
    named = {**body, "id": str(uuid4())}
    for _ in range(2):
        await ana.post(f"{url}/messages", json=named)
    assert len((await ana.get(f"{url}/messages")).json()["items"]) == 4


async def test_a_question_is_answered_once_more(world: World) -> None:
    ana = await world.admin()
    url = await chat_of(ana)
    told = await posted(ana, url, "Why?")
    answer = told["answers"][0]
    again = await ana.post(f"{url}/messages/{answer['id']}/answers", json={"hint": "shorter"})
    assert again.status_code == 202
    new = again.json()["answers"][0]
    assert (new["model"], new["parent_id"]) == ("m1", told["message"]["id"])
    assert (new["sibling_index"], new["previous_sibling_id"]) == (2, answer["id"])
    read = (await ana.get(f"{url}/messages/{new['id']}")).json()
    assert without_times(read) == without_times(new)
    question = f"{url}/messages/{told['message']['id']}/answers"
    assert (await ana.post(question, json={})).status_code == 422
    both = await ana.post(question, json={"models": ["m1", "m2"]})
    assert len(both.json()["answers"]) == 2


async def test_words_can_be_changed_and_taken_away(world: World) -> None:
    ana = await world.admin()
    url = await chat_of(ana)
    first = await posted(ana, url, "One")
    second = await posted(ana, url, "Two")
    message = f"{url}/messages/{first['message']['id']}"
    edited = (await ana.patch(message, json={"content": "Uno"})).json()
    read = (await ana.get(message)).json()
    assert edited["content"] == read["content"] == "Uno"
    assert edited["edited_at"]
    running = f"{url}/messages/{first['answers'][0]['id']}"
    assert (await ana.patch(running, json={"content": "x"})).status_code == 409
    assert (await ana.patch(message, json={"content": " "})).status_code == 422
    assert (await ana.delete(message)).status_code == 204
    page = (await ana.get(f"{url}/messages")).json()
    assert [each["id"] for each in page["items"]] == [
        second["message"]["id"],
        second["answers"][0]["id"],
    ]
    assert (await ana.get(message)).status_code == 404
    assert (await ana.patch(message, json={"content": "x"})).status_code == 404


async def test_all_answers_of_a_chat_are_asked_to_stop(world: World) -> None:
    ana = await world.admin()
    url = await chat_of(ana)
    await posted(ana, url, "Why?", models=["m1", "m2"])
    stopped = await ana.post(f"{url}/stop")
    assert stopped.status_code == 202
    assert stopped.json() == {"stopping": 2}
    assert (await ana.post(f"{url}/read")).status_code == 204


async def test_bad_questions_are_refused(world: World) -> None:
    ana = await world.admin()
    url = await chat_of(ana)
    good = {"content": "Why?", "models": ["m1"]}
    wishes: list[dict[str, Any]] = [
        {"content": ""},
        {"content": " \n"},
        {"content": "\x00"},
        {"content": "x" * 1_000_001},
        {"content": 1},
        {"models": []},
        {"models": ["m"] * 9},
        {"models": [""]},
        {"models": ["a\x00"]},
        {"models": "m1"},
        {"id": "1"},
        {"params": {"temperature": "0.5"}},
        {"params": {"top_k": 1}},
        {"params": {"stop": ["x"] * 17}},
        {"owner": str(uuid4())},
    ]
    for bad in wishes:
        refused = await ana.post(f"{url}/messages", json={**good, **bad})
        assert refused.status_code in (413, 422), bad
    missing = await ana.post(f"{url}/messages", json={**good, "parent_id": str(uuid4())})
    assert missing.status_code == 404
