"""Tables about a topic, with the model that is built in."""

import random
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from application.command import carry_out
from application.evaluation.bradley_terry import SCALE
from application.importing.arena import Source
from application.imports import RecordLines
from application.ports import SYSTEM
from infrastructure.checkpoints import request_rebuild
from infrastructure.embeddings.local import LocalEmbedder
from infrastructure.settings import Settings
from tests.http.test_leaderboards import BOARD, rebuilt, refused
from tests.ingesting import Ingesting, eventually, open_ingesting
from tests.world import Json, Person

MODELS = ("baker", "coder", "poet")
CODE = "How do I {} in Python?"
FOOD = "What is a good recipe for {}?"
WHATS = {
    CODE: ("sort a list", "read a file", "parse JSON", "write a class", "call an API", "use regex"),
    FOOD: ("apple pie", "tomato soup", "rye bread", "fried rice", "pancakes", "lentil stew"),
}
SCORES = {"model_a": 1.0, "model_b": 0.0, "tie": 0.5, "both_bad": 0.5}
ABOUT_CODE = "topic=programming+in+Python"
ABOUT_FOOD = "topic=cooking+and+baking"


def lines(count: int = 400, seed: int = 5) -> tuple[list[Json], list[Json]]:
    """Battles and votes: the coder is better at code, the baker at food. Two have no words."""
    chance = random.Random(seed)
    battles, votes = [], []
    for number in range(count):
        kind = chance.choice((CODE, FOOD))
        a, b = chance.sample(MODELS, 2)
        gap = strength(a, kind) - strength(b, kind)
        winner = "model_a" if chance.random() < 1 / (1 + np.exp(-gap)) else "model_b"
        winner = chance.choice(("tie", "both_bad")) if chance.random() < 0.15 else winner
        prompt = f"{kind.format(chance.choice(WHATS[kind]))} Case {number}."
        battle = {"battle_id": f"b{number}", "model_a": a, "model_b": b, "tstamp": 1e9 + number}
        prompt = "" if number < 2 else prompt
        battles.append({**battle, "prompt": prompt, "response_a": "A", "response_b": "B"})
        act = {"battle_id": f"b{number}", "action": "cast", "winner": winner}
        votes.append({"seq": number, "voter": f"v{number % 40}", "tstamp": 2e9 + number, **act})
    return battles, votes


def strength(model: str, kind: str) -> float:
    return {("coder", CODE): 2.0, ("baker", FOOD): 2.0}.get((model, kind), 0.0)


async def recorded(product: Ingesting, *more: tuple[list[Json], list[Json]]) -> None:
    source = Source(SYSTEM.id, "", "club")
    for battles, votes in more:
        told = [source.battle(each, 1) for each in battles]
        told += [source.vote(each, 1) for each in votes]
        news = [event for each in told for event in each]
        await carry_out(RecordLines(news), log=product.world.services.log, actor=SYSTEM)
    await product.world.settle()


@pytest.fixture
async def product(database: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Ingesting]:
    settings = Settings.from_env(
        {},
        data=tmp_path / "data",
        database_url=database,
        redis_url=redis_url,
        ollama_base_url="off",
    )
    async with open_ingesting(settings) as product:
        yield product


async def board(person: Person, query: str) -> Json:
    response = await person.get(f"{BOARD}?{query}")
    assert response.status_code == 200, response.text
    found: Json = response.json()
    return found


async def read_by_worker(product: Ingesting, person: Person) -> None:
    """Ask once, and wait until a worker has read everything."""
    await board(person, ABOUT_CODE)
    product.start_worker()

    async def is_read() -> bool:
        return not (await board(person, ABOUT_CODE))["topic"]["reading"]

    await eventually(is_read)


async def test_the_first_who_asks_has_the_questions_read(product: Ingesting) -> None:
    ana = await product.world.admin()
    assert (await board(ana, ABOUT_CODE))["topic"] == {
        "text": "programming in Python",
        "effective": 0,
        "votes": 0,
        "without": 0,
        "reading": 0,
    }
    assert await product.rows("select 1 from work.jobs where job = 'read_questions'") == []
    await recorded(product, lines())
    first = await board(ana, ABOUT_CODE)
    assert (first["topic"]["votes"], first["topic"]["without"]) == (0, 400)
    assert (first["topic"]["reading"], first["entries"]) == (400, [])
    await read_by_worker(product, ana)
    code, food = await board(ana, ABOUT_CODE), await board(ana, ABOUT_FOOD)
    assert [each["entries"][0]["model"] for each in (code, food)] == ["coder", "baker"]
    for each in (code, food):
        assert (each["topic"]["votes"], each["topic"]["without"]) == (398, 2)
        assert 100 < each["topic"]["effective"] < 330
        assert each["totals"]["accepted"] == 400
        assert each["params"]["topic"] == each["topic"]["text"]
        entry = each["entries"][0]
        assert entry["lower"] < entry["rating"] < entry["upper"]
    assert "topic" not in (await board(ana, ""))
    assert "topic" not in (await board(ana, ""))["params"]


def fitted(votes: list[tuple[str, str, str]], weights: Any) -> tuple[Any, Any]:
    """Ratings and their errors as a general linear model has them."""
    design = np.zeros((len(votes), len(MODELS)))
    for row, (a, b, _) in zip(design, votes, strict=True):
        row[MODELS.index(a)], row[MODELS.index(b)] = 1, -1
    shift = np.vstack([np.eye(len(MODELS) - 1), -np.ones(len(MODELS) - 1)])
    glm = sm.GLM(
        [SCORES[each] for *_, each in votes],
        design @ shift,
        family=sm.families.Binomial(),
        var_weights=weights,
    ).fit(tol=1e-12, cov_type="HC0")
    errors = SCALE * np.sqrt(np.diag(shift @ glm.cov_params() @ shift.T))
    return 1000 + SCALE * (shift @ glm.params), errors


async def test_the_numbers_are_those_of_a_general_model(product: Ingesting) -> None:
    ana = await product.world.admin()
    data = lines()
    await recorded(product, data)
    await read_by_worker(product, ana)
    battles, votes = data[0][2:], data[1][2:]
    async with aclosing(LocalEmbedder()) as model:
        rows = await model.embed([each["prompt"] for each in battles])
        [topic] = await model.embed(["programming in Python"])
    weights = np.maximum(0.0, (rows @ topic).astype(np.float64))
    games = [
        (each["model_a"], each["model_b"], vote["winner"])
        for each, vote in zip(battles, votes, strict=True)
    ]
    near = weights > 0
    ratings, errors = fitted(
        [each for each, some in zip(games, near, strict=True) if some], weights[near]
    )
    found = await board(ana, ABOUT_CODE)
    size = weights.sum() ** 2 / (weights**2).sum()
    assert found["topic"]["effective"] == pytest.approx(size, rel=0.002)
    for each in found["entries"]:
        place = MODELS.index(each["model"])
        assert each["rating"] == pytest.approx(ratings[place], abs=0.5)
        assert each["lower"] == pytest.approx(ratings[place] - 1.96 * errors[place], abs=1.5)
        assert each["upper"] == pytest.approx(ratings[place] + 1.96 * errors[place], abs=1.5)


ADDRESSES = (
    f"{BOARD}?{ABOUT_CODE}",
    f"{BOARD}?{ABOUT_FOOD}&ties=drop_both_bad&votes=all&anchor=poet:1000",
    f"{BOARD}?{ABOUT_FOOD}&as_of=import:club@250",
    f"{BOARD}/history?{ABOUT_CODE}&model=coder&days=2",
)


async def test_a_rebuilt_read_model_says_the_same_of_a_topic(product: Ingesting) -> None:
    ana = await product.world.admin()
    await recorded(product, lines())
    await read_by_worker(product, ana)
    responses = [await ana.get(each) for each in ADDRESSES]
    before = [each.content for each in responses]
    tag = responses[0].headers["etag"]
    again = await ana.get(ADDRESSES[0], headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    vectors = await product.rows("select count(*) from documents.embeddings")
    services = product.world.services
    assert await request_rebuild(services.lines, "votes") is not None
    await rebuilt(product.world)
    services.boards.forget()
    assert [(await ana.get(each)).content for each in ADDRESSES] == before
    earlier = responses[2].json()
    assert (earlier["topic"]["votes"], earlier["topic"]["without"]) == (249, 2)
    assert await product.rows("select count(*) from documents.embeddings") == vectors


async def test_in_whatever_order_questions_are_read_the_table_is_the_same(
    product: Ingesting,
) -> None:
    ana = await product.world.admin()
    battles, votes = lines(300)
    chance = random.Random(11)
    chance.shuffle(battles)
    services = product.world.services
    await recorded(product, (battles[:100], votes))
    await read_by_worker(product, ana)
    some = await board(ana, ABOUT_CODE)
    assert some["totals"]["dropped"] == {"unknown_battle": 200}
    await recorded(product, (battles[100:], []))
    await read_by_worker(product, ana)
    late = await board(ana, ABOUT_CODE)
    await services.lines.run("delete from evaluation.questions", {})
    await services.lines.run("update evaluation.reading set position = 0", {})
    services.boards.forget()
    await services.lines.run("update evaluation.reading set changes = changes + 1", {})
    assert (await board(ana, ABOUT_CODE))["topic"]["reading"] == 300
    await read_by_worker(product, ana)
    assert (await board(ana, ABOUT_CODE)) == late
    assert late["topic"]["votes"] == 298


async def test_where_a_topic_says_nothing_it_is_refused(product: Ingesting) -> None:
    ana = await product.world.admin()
    await recorded(product, lines(20))
    for path in (f"{BOARD}/matrix", f"{BOARD}/models/coder/influence", "/evaluations/votes"):
        found = refused(await ana.get(f"{path}?topic=cats"), 422, "bad_parameter")
        assert found["parameter"] == "topic"
        assert found["allowed"]
    refused(await ana.get(f"{BOARD}?topic=cats&anchor=nobody:1"), 404, "unknown_model")
    assert (await ana.get(f"{BOARD}/changes?from=1&topic=cats")).status_code == 200
