"""Saying what one thinks of answers, and who sees it."""

import asyncio
import csv
import io
import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.answering.tags import tags_in
from application.command import Command, Work
from application.evaluation_settings import ChangeEvaluationSettings
from application.ports import Actor
from application.ratings import RateAnswer
from domain.answers import Answer, Status
from domain.battles import Battle, Blind, Side
from domain.errors import Conflict
from domain.ratings import Opinion, Rating
from infrastructure.checkpoints import request_rebuild
from infrastructure.lines import Lines
from tests.answering import Answering
from tests.world import Person, World

LIST = "/evaluations/ratings"


async def answered(person: Person, words: str = "Blue.", model: str = "m1") -> tuple[str, str]:
    """A chat with an answer that was given elsewhere: (its address, its rating's address)."""
    question, answer = str(uuid4()), str(uuid4())
    told = [
        {"id": question, "role": "user", "content": "Why?"},
        {
            "id": answer,
            "parent_id": question,
            "role": "assistant",
            "content": words,
            "model": model,
        },
    ]
    started = await person.post("/chats", json={"messages": told})
    assert started.status_code == 201, started.text
    url = f"/chats/{started.json()['id']}/messages/{answer}"
    return url, f"{url}/rating"


async def listed(person: Person, query: str = "") -> list[dict[str, Any]]:
    response = await person.get(f"{LIST}?{query}")
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


async def test_an_answer_is_rated_changed_taken_back_and_rated_again(world: World) -> None:
    ana = await world.admin()
    url, rating = await answered(ana)
    assert (await ana.get(url)).json()["rating"] is None
    assert (await ana.get(rating)).status_code == 404
    told = await ana.put(rating, json={"value": 1, "score": 9, "reasons": ["accurate"]})
    assert told.status_code == 200, told.text
    assert (told.json()["model"], told.json()["score"]) == ("m1", 9)
    opinion = {"value": -1, "score": 2, "reasons": ["lazy"], "comment": "No.", "tags": ["Sky"]}
    assert (await ana.put(rating, json=opinion)).status_code == 200
    kept = {**opinion, "tags": ["sky"]}
    assert (await ana.get(url)).json()["rating"] == kept
    page = (await ana.get(f"{url.rsplit('/', 1)[0]}")).json()
    assert [each.get("rating") for each in page["items"]] == [None, kept]
    assert (await ana.delete(rating)).status_code == 204
    assert (await ana.get(url)).json()["rating"] is None
    assert await listed(ana) == []
    assert (await ana.put(rating, json={"value": 1})).status_code == 200
    assert [each["value"] for each in await listed(ana)] == [1]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"value": 2},
        {"value": True},
        {"value": "1"},
        {"value": 1, "score": 5},
        {"value": -1, "score": 6},
        {"value": 1, "reasons": ["lazy"]},
        {"value": 1, "tags": ["x" * 51]},
        {"value": 1, "model": "m2"},
        {"value": 1, "comment": "x" * 10_001},
    ],
)
async def test_what_makes_no_sense_is_refused(world: World, body: dict[str, Any]) -> None:
    ana = await world.admin()
    _, rating = await answered(ana)
    assert (await ana.put(rating, json=body)).status_code == 422
    assert await listed(ana) == []


async def test_what_is_not_ones_own_does_not_exist(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    url, rating = await answered(ana)
    other, _ = await answered(ana)
    chat, key = url.split("/messages/")[0], other.rsplit("/", 1)[1]
    question = (await ana.get(url)).json()["parent_id"]
    for path in (f"{chat}/messages/{key}/rating", f"{chat}/messages/{uuid4()}/rating"):
        assert (await ana.put(path, json={"value": 1})).status_code == 404
        assert (await ana.get(path)).status_code == 404
        assert (await ana.delete(path)).status_code == 404
    asked = f"{chat}/messages/{question}/rating"
    assert (await ana.put(asked, json={"value": 1})).status_code == 404
    await ana.put(rating, json={"value": 1})
    assert (await ben.put(rating, json={"value": 1})).status_code == 404
    assert (await ben.get(rating)).status_code == 404
    assert (await ben.delete(rating)).status_code == 404
    assert (await ben.post(f"{rating}/tags")).status_code == 404
    [mine] = await listed(ana)
    assert (await ben.delete(f"{LIST}/{mine['id']}")).status_code == 404
    assert (await ben.get(LIST)).status_code == 403
    assert (await ben.get(f"{LIST}/file")).status_code == 403
    assert (await ben.get(f"{LIST}/models")).status_code == 403
    assert (await ben.delete(LIST)).status_code == 403
    assert await listed(ben, f"mine=true&user={ana.id}") == []


async def test_lists_are_filtered_sorted_and_paged(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    for person, model, value in ((ana, "m2", 1), (ben, "m1", -1), (ana, "m1", 0), (ben, "m3", 1)):
        _, rating = await answered(person, model=model)
        assert (await person.put(rating, json={"value": value})).status_code == 200
    ana.position = max(ana.position, ben.position)
    for sort, of in (("model", "model"), ("value", "value"), ("user", "user_name")):
        for order in ("asc", "desc"):
            found = [each[of] for each in await listed(ana, f"sort={sort}&order={order}")]
            assert found == sorted(found, reverse=order == "desc")
    assert [each["model"] for each in await listed(ana)] == ["m3", "m1", "m1", "m2"]
    assert {each["user_id"] for each in await listed(ana, f"user={ben.id}")} == {ben.id}
    assert len(await listed(ana, "model=m1&value=0")) == 1
    assert len(await listed(ben, "mine=true")) == 2
    assert await listed(ana, "from=2999-01-01T00:00:00Z") == []
    assert len(await listed(ana, "until=2999-01-01T00:00:00Z")) == 4
    assert (await ana.get(f"{LIST}/models")).json() == {"items": ["m1", "m2", "m3"]}
    for sort in ("date", "user", "model", "value"):
        whole = [each["id"] for each in await listed(ana, f"sort={sort}")]
        pages: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = (await ana.get(f"{LIST}?limit=1&sort={sort}{cursor}")).json()
            pages += [each["id"] for each in page["items"]]
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        assert pages == whole
    page = (await ana.get(f"{LIST}?limit=1&sort=model")).json()
    for query in ("sort=size", "colour=red", "cursor=xx", "from=2026-01-01", "limit=0", "value=2"):
        assert (await ana.get(f"{LIST}?{query}")).status_code == 422, query
    for sort in ("date", "value"):
        odd = await ana.get(f"{LIST}?sort={sort}&cursor={page['next_cursor']}")
        assert odd.status_code == 422


async def test_files_hold_all_and_no_formulas(world: World) -> None:
    ana = await world.admin()
    for comment in ("=1+1", "+x", "@y", "-z", 'plain, "said"\nhe'):
        _, rating = await answered(ana)
        await ana.put(rating, json={"value": -1, "comment": comment, "tags": ["=a"]})
    table = await ana.get(f"{LIST}/file")
    assert table.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    comments = {"'=1+1", "'+x", "'@y", "'-z", 'plain, "said"\nhe'}
    assert {row["comment"] for row in rows} == comments
    assert {(row["value"], row["tags"], row["score"]) for row in rows} == {("-1", "'=a", "")}
    found = json.loads((await ana.get(f"{LIST}/file?format=json&model=m1")).text)
    assert {each["comment"] for each in found} == {each.lstrip("'") for each in comments}
    assert json.loads((await ana.get(f"{LIST}/file?format=json&model=m9")).text) == []


async def test_ratings_are_deleted_one_by_one_and_all(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    for person in (ana, ben, ben):
        _, rating = await answered(person)
        await person.put(rating, json={"value": 1})
    first, second = await listed(ben, "mine=true")
    assert (await ben.delete(f"{LIST}/{first['id']}")).status_code == 204
    assert (await ben.delete(f"{LIST}/{first['id']}")).status_code == 404
    assert (await ana.delete(f"{LIST}/{second['id']}")).status_code == 204
    ben.position = ana.position
    assert await listed(ben, "mine=true") == []
    assert (await ana.delete(LIST)).status_code == 204
    assert await listed(ana) == []


class Put(Command[None]):
    """Have aggregates as they are."""

    def __init__(self, *found: Any) -> None:
        self.found = found

    async def execute(self, work: Work) -> None:
        for each in self.found:
            work.add(each)


async def blind(world: World, ana: Person, *slots: str) -> tuple[UUID, UUID, UUID]:
    """An answer of side a of a battle with these sides: chat, answer, battle."""
    url, _ = await answered(ana)
    chat, question, answer, battle = UUID(url.split("/")[2]), uuid4(), uuid4(), uuid4()
    common = {"chat_id": chat, "owner": UUID(ana.id), "question_id": question}
    given = {"status": Status.COMPLETED, "text": "Blue.", "reasoning": "", "citations": []}
    model = str(Blind(battle, "a"))
    hidden = Answer.record(answer, model=model, **common, **given)
    sides = {slot: Side(answer, f"true-{slot}", []) for slot in slots}
    more = {"draw": None, "entry": "", "blind": True, "prompt_key": ""}
    started = Battle.start(battle, sides=sides, **common, **more)
    await world.services.execute(Put(hidden, started), Actor(UUID(ana.id)))
    return chat, answer, battle


async def test_a_model_that_hides_alone_is_named_by_being_rated(world: World) -> None:
    ana = await world.admin()
    chat, answer, battle = await blind(world, ana, "a")
    actor = Actor(UUID(ana.id))
    await world.services.execute(RateAnswer(chat, answer, Opinion(1)), actor)
    rating = await world.services.log.get(Rating, Rating.id_of(answer, actor.id))
    assert rating.opinion["value"] == 1
    assert (await world.services.log.get(Battle, battle)).revealed
    await world.settle()
    ana.position = await world.services.log.head()
    assert [each["model"] for each in await listed(ana)] == ["true-a"]


async def test_a_model_of_a_pair_stays_hidden(world: World) -> None:
    ana = await world.admin()
    chat, answer, battle = await blind(world, ana, "a", "b")
    with pytest.raises(Conflict):
        await world.services.execute(RateAnswer(chat, answer, Opinion(1)), Actor(UUID(ana.id)))
    assert not (await world.services.log.get(Battle, battle)).revealed


async def test_rating_can_be_switched_off(world: World) -> None:
    ana = await world.admin()
    _, rating = await answered(ana)
    actor = Actor(UUID(ana.id), role="administrator")
    change = ChangeEvaluationSettings({"ratings": {"enabled": False}})
    await world.services.execute(change, actor)
    assert (await ana.put(rating, json={"value": 1})).status_code == 403


async def test_rating_may_be_for_administrators_alone(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    _, of_ana = await answered(ana)
    _, of_ben = await answered(ben)
    assert (await ben.put(of_ben, json={"value": 1})).status_code == 200
    body = {"ratings": {"who": "administrators"}}
    assert (await ana.patch("/evaluations/settings", json=body)).status_code == 200
    refused = await ben.put(of_ben, json={"value": -1})
    assert refused.status_code == 403
    assert refused.json()["detail"] == "Only administrators rate answers here."
    assert (await ana.put(of_ana, json={"value": 1})).status_code == 200
    assert (await ben.delete(of_ben)).status_code == 204


async def test_ratings_of_chats_deleted_for_good_are_listed_no_more(world: World) -> None:
    ana, ben = await world.admin(), await world.person()
    url, rating = await answered(ben)
    _, other = await answered(ben)
    for each in (rating, other):
        assert (await ben.put(each, json={"value": 1})).status_code == 200
    chat = "/".join(url.split("/")[:3])
    assert (await ben.delete(chat)).status_code == 204
    ana.position = await world.services.log.head()
    assert len(await listed(ana)) == 2
    assert (await ben.delete(f"{chat}?forever=true")).status_code == 204
    await world.settle()
    ana.position = ben.position = await world.services.log.head()
    board = "/evaluations/leaderboard?method=approval"

    async def seen() -> tuple[list[dict[str, Any]], list[dict[str, Any]], bytes]:
        return await listed(ana), await listed(ben, "mine=true"), (await ana.get(board)).content

    before = await seen()
    assert [len(each) for each in before[:2]] == [1, 1]
    assert before[0][0]["answer_id"] == other.split("/")[-2]
    assert b'"battles":2' in before[2] or b'"up":2' in before[2]
    assert await request_rebuild(Lines(world.services.pool), "ratings") is not None
    async with asyncio.timeout(30):
        while any(each.state != "live" for each in await world.services.lags()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await world.settle()
    assert await seen() == before


async def test_tags_come_from_the_model_that_answered(answering: Answering) -> None:
    answering.start_worker()
    ana = await answering.world.admin()
    for model in ("reader", "gone"):
        _, rating = await answered(ana, model=model)
        assert (await ana.post(f"{rating}/tags")).json() == {"tags": []}
    asked = await answering.ask(ana, "How do I join tables in SQL, by a Python script?", "reader")
    await answering.follow(ana, asked["answers"][0]["id"])
    place = f"/chats/{asked['chat']}/messages/{asked['answers'][0]['id']}/rating/tags"
    assert (await ana.post(place)).json() == {"tags": ["sql", "python"]}
    asked = await answering.ask(ana, "Why is the sky blue?", "echo")
    await answering.follow(ana, asked["answers"][0]["id"])
    message = await answering.message(ana, asked)
    url = f"/chats/{asked['chat']}/messages/{message['id']}/rating/tags"
    tags = (await ana.post(url)).json()["tags"]
    assert 1 <= len(tags) <= 3
    assert "broad to narrow" in tags


def test_tags_are_read_from_what_models_say() -> None:
    assert tags_in("Physics, *Light*\n- physics, a, b") == ["physics", "light", "a"]
    assert tags_in("") == []
    assert tags_in("x" * 51) == []
