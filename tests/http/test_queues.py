"""Queues over HTTP: drawn by a seed, judged without names, by whom they are for."""

import asyncio
import csv
import io
import random
from collections import Counter
from typing import Any

import pytest

from application.evaluation.agreement import krippendorff
from application.importing.arena import Source
from application.imports import Import
from application.ports import SYSTEM
from infrastructure.evaluation.lines import LoggedStreams
from tests.arena_sets import STRENGTHS, simulated
from tests.world import Json, Person, World

QUEUES = "/evaluations/queues"
WORDS = ("model_a", "model_b", "tie", "both_bad")
MINUTES = 15


@pytest.fixture
async def ana(world: World) -> Person:
    """An administrator of a house with some hundred battles in it."""
    data = simulated(120)
    source = Source(SYSTEM.id, "", "club")
    services = world.services
    taking = Import(services.log, LoggedStreams(services.lines))
    await taking.run(enumerate(data.battles, 1), source.battle)
    await taking.run(enumerate(data.votes[:60], 1), source.vote)
    await world.settle()
    return await world.admin()


async def opened(person: Person, **more: Any) -> str:
    body = {"name": "Look at these", "size": 5, "people": 2, **more}
    response = await person.post(QUEUES, json=body)
    assert response.status_code == 201, response.text
    return str(response.json()["queue_id"])


async def taken(person: Person, key: str) -> Json | None:
    response = await person.post(f"{QUEUES}/{key}/take")
    assert response.status_code == 200, response.text
    found: Json | None = response.json()["item"]
    return found


async def judged(person: Person, key: str, item: int, winner: str, comment: str = "") -> int:
    path = f"{QUEUES}/{key}/items/{item}/annotation"
    response = await person.post(path, json={"winner": winner, "comment": comment})
    return response.status_code


async def said(world: World, person: Person, key: str) -> list[Json]:
    await world.settle()
    return list((await person.get(f"{QUEUES}/{key}/annotations")).json()["items"])


async def test_a_queue_from_its_draw_to_its_agreement(world: World, ana: Person) -> None:
    key = await opened(ana, instructions="Be **strict**.", category="code", seed=3)
    ben, cy = await world.person(), await world.person()
    expected: dict[int, list[str]] = {}
    for number, who in enumerate((ben, cy)):
        for step in range(5):
            item = await taken(who, key)
            assert item
            assert item["context"][-1]["role"] == "user"
            winner = WORDS[step % 3] if number == 0 or step else "both_bad"
            assert await judged(who, key, item["item"], winner, f"Step {step}.") == 204
            expected.setdefault(item["item"], []).append(winner)
        assert await taken(who, key) is None
    await world.settle()
    queue = (await ana.get(f"{QUEUES}/{key}")).json()
    assert (queue["annotated"], queue["finished"], queue["count"]) == (10, 5, 5)
    assert queue["alpha"] == pytest.approx(krippendorff(expected.values()))
    rows = await said(world, ana, key)
    assert [(each["item"], each["winner"]) for each in rows[:5]] == [
        (item, words[0]) for item, words in expected.items()
    ]
    assert {each["category"] for each in rows} == {"code"}
    assert {each["annotator"] for each in rows}.isdisjoint({ben.id, cy.id})
    assert len({each["annotator"] for each in rows}) == 2
    mine = (await ben.get(f"{QUEUES}/{key}")).json()
    assert (mine["mine"], mine["passed"], mine["alpha"], mine["sieve"]) == (5, 0, None, None)


async def test_annotations_change_no_table_of_people(world: World, ana: Person) -> None:
    before = (await ana.get("/evaluations/leaderboard")).content
    votes = (await ana.get("/evaluations/votes")).json()["count"]
    key = await opened(ana, people=1)
    while item := await taken(ana, key):
        assert await judged(ana, key, item["item"], "model_a") == 204
    await world.settle()
    assert (await ana.get("/evaluations/leaderboard")).content == before
    assert (await ana.get("/evaluations/votes")).json()["count"] == votes


async def test_a_seed_draws_the_same_again(world: World, ana: Person) -> None:
    async def drawn(**more: Any) -> list[str]:
        key = await opened(ana, people=1, size=8, **more)
        while item := await taken(ana, key):
            await judged(ana, key, item["item"], "tie")
        return [each["battle_id"] for each in await said(world, ana, key)]

    first = await drawn(seed=11)
    assert await drawn(seed=11) == first
    assert await drawn(seed=12) != first
    model = min(STRENGTHS)
    rows_of = await drawn(seed=11, models=[model], language="en")
    assert set(rows_of) <= {f"b{n}" for n in range(120)}
    voted = {each["battle_id"] for each in await all_votes(ana)}
    assert voted.isdisjoint(await drawn(without_votes=True))


async def all_votes(ana: Person) -> list[Json]:
    return list((await ana.get("/evaluations/votes?limit=100")).json()["items"])


async def test_no_name_of_a_model_reaches_who_judges(world: World, ana: Person) -> None:
    key = await opened(ana, size=40, people=1, models=sorted(STRENGTHS))
    ben = await world.person()
    await world.settle()
    sent = [(await ben.get(path)).text for path in (QUEUES, f"{QUEUES}/{key}")]
    for _ in range(40):
        response = await ben.post(f"{QUEUES}/{key}/take")
        sent.append(response.text)
        if (item := response.json()["item"]) is None:
            break
        await judged(ben, key, item["item"], "tie")
    everything = " ".join(sent).casefold()
    for name in STRENGTHS:
        assert name.casefold() not in everything
    named = (await ana.get(f"{QUEUES}/{key}/annotations")).text
    assert any(name in named for name in STRENGTHS)


async def test_many_at_once_never_do_an_item_more_often_than_planned(
    world: World, ana: Person
) -> None:
    key = await opened(ana, size=6, people=2)
    people = [await world.person() for _ in range(4)]
    chance = random.Random(5)
    skipped: Counter[str] = Counter()

    async def work(who: Person) -> None:
        while item := await taken(who, key):
            if chance.random() < 0.2:
                path = f"{QUEUES}/{key}/items/{item['item']}/skip"
                assert (await who.post(path)).status_code == 204
                skipped[who.id] += 1
            else:
                assert await judged(who, key, item["item"], chance.choice(WORDS)) == 204

    async with asyncio.TaskGroup() as group:
        for who in people:
            group.create_task(work(who))
    rows = await said(world, ana, key)
    pairs = Counter((each["item"], each["annotator"]) for each in rows)
    assert set(pairs.values()) == {1}
    assert max(Counter(each["item"] for each in rows).values()) == 2
    for who in people:
        mine = (await who.get(f"{QUEUES}/{key}")).json()
        assert mine["passed"] == skipped[who.id]


async def test_csv_is_safe_to_open(world: World, ana: Person) -> None:
    key = await opened(ana, people=1, size=1)
    item = await taken(ana, key)
    assert item
    await judged(ana, key, item["item"], "model_b", "=1+1")
    (row,) = await said(world, ana, key)
    text = (await ana.get(f"{QUEUES}/{key}/annotations?format=csv")).text
    (line,) = csv.DictReader(io.StringIO(text))
    assert (line["winner"], line["comment"]) == ("model_b", "'=1+1")
    assert row["comment"] == "=1+1"
    assert line["battle_id"] == row["battle_id"]


async def test_a_queue_is_for_whom_it_names(world: World, ana: Person) -> None:
    ben, cy = await world.person(), await world.person()
    key = await opened(ana, people=1, annotators=[ben.id])
    await world.settle()
    assert [each["id"] for each in (await ben.get(QUEUES)).json()["items"]] == [key]
    assert (await cy.get(QUEUES)).json()["items"] == []
    item = await taken(ben, key)
    assert item
    for response in (
        await cy.get(f"{QUEUES}/{key}"),
        await cy.post(f"{QUEUES}/{key}/take"),
        await cy.post(f"{QUEUES}/{key}/items/0/annotation", json={"winner": "tie"}),
        await cy.post(f"{QUEUES}/{key}/items/0/skip"),
    ):
        assert response.status_code == 404
    for response in (
        await ben.get(f"{QUEUES}/{key}/annotations"),
        await ben.post(f"{QUEUES}/{key}/close"),
        await ben.post(QUEUES, json={"name": "x", "size": 1}),
    ):
        assert response.status_code == 403
    bad = await ben.post(f"{QUEUES}/{key}/items/{item['item']}/annotation", json={"winner": "A"})
    assert (bad.status_code, bad.json()["code"]) == (422, "unknown_winner")
    assert (await ben.post(f"{QUEUES}/{key}/items/99/skip")).status_code == 404
    late = await ben.post(f"{QUEUES}/{key}/items/4/annotation", json={"winner": "tie"})
    assert (late.status_code, late.json()["code"]) == (409, "not_taken")
    assert (await ana.post(f"{QUEUES}/{key}/close")).status_code == 204
    closed = await ben.post(f"{QUEUES}/{key}/take")
    assert (closed.status_code, closed.json()["code"]) == (409, "queue_closed")
    await world.settle()
    assert (await ben.get(QUEUES)).json()["items"] == []
    assert (await ana.get(QUEUES)).json()["items"][0]["state"] == "closed"


async def test_what_cannot_be_drawn_is_refused(ana: Person) -> None:
    for body, word in (
        ({"name": "x", "size": 3, "category": "nothing"}, "No battle"),
        ({"name": " ", "size": 3}, "name"),
        ({"name": "x", "size": 0}, "size"),
        ({"name": "x", "size": 3, "people": 21}, "people"),
        ({"name": "x", "size": 3, "people": 2, "annotators": [ana.id]}, "people"),
    ):
        response = await ana.post(QUEUES, json=body)
        assert response.status_code == 422, response.text
        assert word in response.text
    assert (await ana.get(QUEUES)).json()["items"] == []
