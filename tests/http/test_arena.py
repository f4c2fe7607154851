"""Battles of two hidden models."""

import asyncio
from contextlib import suppress
from uuid import UUID

from domain.answers import Answer
from domain.battles import Battle
from tests.answering import Answering, new_id
from tests.arena import BATTLES, followed, fought, settle_models, shape_of, started, words_of
from tests.http.test_feed import opened
from tests.upstream_call import TEXT, WORDS
from tests.world import Json, Person


async def test_a_whole_battle(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "echo")
    battle = await started(ana, "Why is it?")
    assert battle["slots"] == ["a", "b"]
    events = await followed(answering, ana, battle)
    assert {words_of(events, "a"), words_of(events, "b")} == {TEXT, "Why is it? "}
    before = await shape_of(ana, battle)
    assert [each["status"] for each in before["sides"]] == ["complete", "complete"]
    assert [each["name"] for each in before["sides"]] == ["Model A", "Model B"]
    assert [each["model"] for each in before["sides"]] == [None, None]
    assert [each["content"] for each in before["sides"]] == [
        words_of(events, "a"),
        words_of(events, "b"),
    ]
    vote = await ana.post(f"{BATTLES}/{battle['battle_id']}/vote", json={"winner": "model_a"})
    assert vote.status_code == 200
    assert vote.json()["position"] == int(vote.headers["Position"])
    revealed = (await ana.post(f"{BATTLES}/{battle['battle_id']}/reveal")).json()
    assert {each["model"] for each in revealed["sides"]} == {"words", "echo"}
    after = await shape_of(ana, battle)
    assert (after["winner"], after["revealed"]) == ("model_a", True)
    assert [each["model"] for each in after["sides"]] == [
        each["model"] for each in revealed["sides"]
    ]
    messages = (await ana.get(f"/chats/{battle['chat_id']}/messages")).json()["items"]
    assert messages[-1]["model"] in ("words", "echo")
    listed = (await ana.get(BATTLES)).json()["items"]
    assert [each["battle_id"] for each in listed] == [battle["battle_id"]]


async def test_a_question_of_a_chat_is_fought_over(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "echo")
    asked, _ = await answering.tell(ana, "How so?", "words")
    place = {"chat_id": asked["chat"], "message_id": asked["message"]["id"]}
    response = await ana.post(BATTLES, json=place)
    assert response.status_code == 201, response.text
    battle = response.json()
    assert battle["chat_id"] == asked["chat"]
    await followed(answering, ana, battle)
    assert (await shape_of(ana, battle))["prompt"] == "How so?"
    wrong = await ana.post(BATTLES, json={**place, "message_id": asked["answers"][0]["id"]})
    assert wrong.status_code == 422
    ben = await answering.world.person()
    assert (await ben.post(BATTLES, json=place)).status_code == 404


async def test_what_makes_no_sense_is_refused(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "echo")
    for body in ({}, {"prompt": "x", "chat_id": new_id()}, {"chat_id": new_id()}, {"prompt": ""}):
        assert (await ana.post(BATTLES, json=body)).status_code == 422
    said = (await ana.post(BATTLES, json={"prompt": "x", "pool": "arena-no"})).json()["detail"]
    assert said == "pool: there is no 'arena-no' here. There are: arena."


async def test_one_model_alone_is_no_battle(answering: Answering) -> None:
    ana = await settle_models(answering, "words")
    response = await ana.post(BATTLES, json={"prompt": "Why?"})
    assert response.status_code == 409
    assert response.json()["code"] == "too_few_models"


async def test_a_vote_waits_for_both_sides(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "held")
    battle = await started(ana)
    for path in ("vote", "reveal"):
        body = {"json": {"winner": "tie"}} if path == "vote" else {}
        response = await ana.post(f"{BATTLES}/{battle['battle_id']}/{path}", **body)
        assert response.status_code == 409
        assert response.json()["code"] == "side_not_finished"
    answering.server.release.set()
    await followed(answering, ana, battle)
    vote = await ana.post(f"{BATTLES}/{battle['battle_id']}/vote", json={"winner": "tie"})
    assert vote.status_code == 200


async def test_votes_are_changed_and_taken_back_until_the_reveal(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "echo")
    battle = await fought(answering, ana)
    vote = f"{BATTLES}/{battle['battle_id']}/vote"
    first = await ana.post(vote, json={"winner": "model_a"})
    head = await answering.world.services.log.head()
    again = await ana.post(vote, json={"winner": "model_a"})
    assert again.json()["vote_id"] == first.json()["vote_id"]
    assert await answering.world.services.log.head() == head
    changed = await ana.put(vote, json={"winner": "both_bad"})
    assert changed.json()["vote_id"] == first.json()["vote_id"]
    assert (await shape_of(ana, battle))["winner"] == "both_bad"
    unknown = await ana.put(vote, json={"winner": "left"})
    assert unknown.status_code == 422
    assert unknown.json()["code"] == "unknown_winner"
    await ana.post(f"{BATTLES}/{battle['battle_id']}/reveal")
    late = await ana.put(vote, json={"winner": "tie"})
    assert (late.status_code, late.json()["code"]) == (409, "already_revealed")
    assert (await ana.delete(vote)).status_code == 200
    assert (await shape_of(ana, battle))["winner"] is None
    late = await ana.post(vote, json={"winner": "tie"})
    assert (late.status_code, late.json()["code"]) == (409, "already_revealed")


async def test_battles_of_others_are_unknown(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "echo")
    battle = await fought(answering, ana)
    ben = await answering.world.person()
    for key in (battle["battle_id"], new_id()):
        path = f"{BATTLES}/{key}"
        answers = [
            await ben.get(path),
            await ben.get(f"{path}/stream"),
            await ben.post(f"{path}/vote", json={"winner": "tie"}),
            await ben.put(f"{path}/vote", json={"winner": "tie"}),
            await ben.delete(f"{path}/vote"),
            await ben.post(f"{path}/reveal"),
        ]
        assert [each.status_code for each in answers] == [404] * 6
        assert {each.json()["code"] for each in answers} == {"battle_not_found"}


async def test_voting_has_a_pace(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "echo")
    changed = await ana.patch("/evaluations/settings", json={"arena": {"votes_minute_max": 3}})
    assert changed.status_code == 200, changed.text
    battle = await fought(answering, ana)
    vote = f"{BATTLES}/{battle['battle_id']}/vote"
    found = [await ana.put(vote, json={"winner": each}) for each in ("tie", "model_a", "tie")]
    assert [each.status_code for each in found] == [200] * 3
    late = await ana.put(vote, json={"winner": "model_b"})
    assert (late.status_code, late.json()["code"]) == (429, "vote_rate")
    assert 1 <= int(late.headers["Retry-After"]) <= 60
    assert (await shape_of(ana, battle))["winner"] == "tie"


async def test_a_closed_arena_lets_nobody_in(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "echo")
    await ana.patch("/evaluations/settings", json={"arena": {"enabled": False}})
    refused = await ana.post(BATTLES, json={"prompt": "Why?"})
    assert (refused.status_code, refused.json()["code"]) == (403, "arena_not_allowed")
    models = (await ana.get("/models")).json()["items"]
    assert {each["id"] for each in models} == {"reader", "words", "echo"}


async def test_an_arena_for_administrators_is_hidden_from_others(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "echo")
    ben = await answering.world.person()
    battle = await fought(answering, ben)
    changed = await ana.patch("/evaluations/settings", json={"arena": {"who": "administrators"}})
    assert changed.status_code == 200, changed.text
    for person, may in ((ana, True), (ben, False)):
        found = await person.post(BATTLES, json={"prompt": "Why?"})
        assert found.status_code == (201 if may else 403)
        models = (await person.get("/models")).json()["items"]
        assert any(each["kind"] == "arena" for each in models) == may
    path = f"{BATTLES}/{battle['battle_id']}"
    vote = await ben.post(f"{path}/vote", json={"winner": "tie"})
    assert (vote.status_code, vote.json()["code"]) == (403, "arena_not_allowed")
    assert (await ben.post(f"{path}/reveal")).status_code == 200
    asked = await answering.ask(ben, "Why?", "arena")
    [answer] = asked["answers"]
    assert answer["model"] == "arena"  # no entry for him, and no model has that name
    await answering.follow(ben, answer["id"])
    assert (await answering.message(ben, asked))["status"] == "failed"


async def test_a_repeated_wish_is_one_battle(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "echo", "whole", "thinking")
    key = {"headers": {"Idempotency-Key": "k1"}, "json": {"prompt": "Why?"}}
    first, again = [await ana.post(BATTLES, **key) for _ in range(2)]
    assert first.json()["battle_id"] == again.json()["battle_id"]
    assert first.json()["answer_ids"] == again.json()["answer_ids"]


async def test_who_comes_back_goes_on_in_both(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "echo")
    battle = await started(ana, "one two three four five")
    events = await followed(answering, ana, battle)
    for place in (0, len(events) // 2, len(events) - 2):
        rest = await followed(answering, ana, battle, events[place].id)
        for slot in ("a", "b"):
            whole = words_of(events[: place + 1], slot) + words_of(rest, slot)
            assert whole == words_of(events, slot)


async def test_a_hidden_answer_is_left_as_it_is(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "echo")
    battle = await fought(answering, ana)
    answer = battle["answer_ids"][0]
    chat = f"/chats/{battle['chat_id']}"
    refused = [
        await ana.patch(f"{chat}/messages/{answer}", json={"content": "x"}),
        await ana.post(f"{chat}/messages/{answer}/answers", json={}),
        await ana.post(f"/answers/{answer}/continue"),
    ]
    assert [each.status_code for each in refused] == [409] * 3
    hidden = (await ana.get(f"{chat}/messages/{answer}")).json()
    assert hidden["seconds"] is None
    stand_in = hidden["model"]
    asked = await ana.post(f"{chat}/messages", json={"content": "x", "models": [stand_in]})
    assert asked.status_code == 422
    await ana.post(f"{BATTLES}/{battle['battle_id']}/reveal")
    await answering.world.settle()
    again = await ana.post(f"{chat}/messages/{answer}/answers", json={})
    assert again.status_code == 202, again.text
    named = (await ana.get(f"{chat}/messages/{answer}")).json()
    assert again.json()["answers"][0]["model"] == named["model"]
    assert named["seconds"] > 0


async def test_an_entry_of_the_list_hides_who_answers(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "echo")
    models = (await ana.get("/models")).json()["items"]
    assert next(each for each in models if each["kind"] == "arena")["id"] == "arena"
    asked = await answering.ask(ana, "Why?", "arena")
    [answer] = asked["answers"]
    assert answer["model"].startswith("arena:")
    await answering.follow(ana, answer["id"])
    found = await answering.message(ana, asked)
    assert (found["status"], found["model"]) == ("completed", answer["model"])
    assert (await ana.get(BATTLES)).json()["items"] == []
    rating = {"value": 1}
    rated = await ana.put(f"/chats/{asked['chat']}/messages/{answer['id']}/rating", json=rating)
    assert rated.status_code == 200, rated.text
    assert (await answering.message(ana, asked))["model"] in ("words", "echo")


async def test_one_answer_is_said_to_be_better(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "echo")
    asked, _ = await answering.tell(ana, "Why?", "words", "echo")
    first, second = (each["id"] for each in asked["answers"])
    body = {"chat_id": asked["chat"], "better_id": first, "other_id": second}
    response = await ana.post("/arena/comparisons", json=body)
    assert response.status_code == 201, response.text
    battle = await shape_of(ana, response.json())
    better = battle["sides"][0 if battle["winner"] == "model_a" else 1]
    assert better["answer_id"] == first
    assert (battle["blind"], battle["revealed"]) == (False, True)
    assert {each["model"] for each in battle["sides"]} == {"words", "echo"}
    turned = {**body, "better_id": second, "other_id": first}
    again = await ana.post("/arena/comparisons", json=turned)
    assert again.json()["battle_id"] == response.json()["battle_id"]
    assert (await shape_of(ana, again.json()))["winner"] != battle["winner"]
    same = await ana.post("/arena/comparisons", json={**body, "other_id": first})
    assert same.status_code == 422


async def test_comparisons_are_read_changed_and_taken_back(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "echo")
    asked, _ = await answering.tell(ana, "Why?", "words", "echo")
    first, second = (each["id"] for each in asked["answers"])
    listed = f"/arena/comparisons?chat_id={asked['chat']}"
    for better, other in ((first, second), (second, first)):
        body = {"chat_id": asked["chat"], "better_id": better, "other_id": other}
        said = (await ana.post("/arena/comparisons", json=body)).json()["battle_id"]
        [found] = (await ana.get(listed)).json()["items"]
        assert found == {"battle_id": said, "better_id": better, "other_id": other}
    ben = await answering.world.person()
    assert (await ben.get(listed)).json()["items"] == []
    assert (await ana.delete(f"{BATTLES}/{said}/vote")).status_code == 200
    assert (await ana.get(listed)).json()["items"] == []


async def test_a_battle_survives_its_worker(answering: Answering) -> None:
    ana = await settle_models(answering, "held", "words")
    battle = await started(ana)
    reading = asyncio.create_task(followed(answering, ana, battle))
    async with asyncio.timeout(20):
        await answering.server.begun.wait()
    await answering.workers[0].kill()
    answering.start_worker()
    answering.server.release.set()
    events = await reading
    assert words_of(events, "a") == words_of(events, "b") == TEXT
    assert [each["status"] for each in (await shape_of(ana, battle))["sides"]] == ["complete"] * 2


async def side_of(answering: Answering, battle: Json, model: str) -> str:
    """The answer that a model writes; nobody else is told that."""
    found = await answering.world.services.log.get(Battle, UUID(battle["battle_id"]))
    return next(str(each.answer_id) for each in found.sides.values() if each.model == model)


async def paced(answering: Answering, person: Person, seconds: float) -> tuple[Json, list[str]]:
    """A battle of a quick model with one that stops; the quick words seen at every door."""
    battle = await started(person)
    quick = await side_of(answering, battle, "words")
    doors = {
        f"/answers/{quick}/stream": "delta",
        f"/feed?answers={quick}": "piece",
        f"{BATTLES}/{battle['battle_id']}/stream": "side",
    }
    slot = "ab"[battle["answer_ids"].index(quick)]

    async def look(path: str, kind: str) -> str:
        text = ""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for event in answering.events(person, path):
                    is_other = kind == "side" and event.data["slot"] != slot
                    if event.kind == kind and not is_other:
                        data = event.data["data"] if kind == "piece" else event.data
                        text += data.get("text", data.get("delta", ""))
        return text

    return battle, list(await asyncio.gather(*(look(*each) for each in doors.items())))


async def test_no_door_shows_more_than_the_slower_side_has(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "held")
    battle, seen = await paced(answering, ana, 3)
    assert seen == ["".join(WORDS[:3])] * 3
    answering.server.release.set()
    events = await followed(answering, ana, battle)
    assert words_of(events, "a") == words_of(events, "b") == TEXT


async def ended(answering: Answering, person: Person, answer: str) -> None:
    """Wait until an answer has ended, whatever anybody is told."""
    async with asyncio.timeout(15):
        log = answering.world.services.log
        while not (await log.get(Answer, UUID(answer))).status.is_end:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await answering.world.settle()
    person.position = await answering.world.services.log.head()


async def told_of(person: Person, battle: Json, answer: str) -> list[str]:
    """What can be read of a side: in the battle, and in the chat."""
    shape = await shape_of(person, battle)
    [side] = [each for each in shape["sides"] if each["answer_id"] == answer]
    chat = f"/chats/{battle['chat_id']}/messages"
    listed = (await person.get(f"{chat}?parent_id={battle['message_id']}")).json()["items"]
    [one] = [each for each in listed if each["id"] == answer]
    assert one == (await person.get(f"{chat}/{answer}")).json()
    return [side["status"] or "", side["content"], one["status"], one["content"]]


async def test_no_door_tells_that_one_side_has_ended(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "held")
    feed = await opened(answering, ana)
    battle = await started(ana)
    quick = await side_of(answering, battle, "words")
    await ended(answering, ana, quick)
    assert await told_of(ana, battle, quick) == ["", "", "running", ""]
    later = await opened(answering, ana, f"?after=0&answers={quick}")
    await later.until("answer.started")
    for each in (feed, later):
        kinds = {found.data.get("type") for found in each.events}
        assert not {"answer.completed", "battle.side_finished"} & kinds
    answering.server.release.set()
    await followed(answering, ana, battle)
    ana.position = await answering.world.services.log.head()
    assert await told_of(ana, battle, quick) == ["complete", TEXT, "completed", TEXT]
    for each in (feed, later):
        await each.until("battle.side_finished")
        ends = [found.data for found in each.events if found.data.get("type") == "answer.completed"]
        assert sorted(found["message_id"] for found in ends) == sorted(battle["answer_ids"])
        await each.close()


async def test_administrators_may_let_everybody_run_free(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "held")
    await ana.patch("/evaluations/settings", json={"arena": {"pacing": "free"}})
    _, seen = await paced(answering, ana, 3)
    assert seen == [TEXT] * 3
    answering.server.release.set()


async def test_votes_so_far_guide_the_draw(answering: Answering) -> None:
    ana = await settle_models(answering, "words", "echo", "whole")
    await ana.patch("/evaluations/settings", json={"arena": {"sampler": "informative"}})
    for prompt in ("one", "two"):
        battle = await fought(answering, ana, prompt)
        vote = f"{BATTLES}/{battle['battle_id']}/vote"
        assert (await ana.post(vote, json={"winner": "model_a"})).status_code == 200
        await answering.world.settle()
    events = [each.event for each in await answering.world.services.log.read(0)]
    draws = [each.draw for each in events if isinstance(each, Battle.Started)]
    assert [each and each.sampler for each in draws] == ["informative"] * 2
    assert [each and each.pool for each in draws] == [["echo", "whole", "words"]] * 2
