"""Judges over HTTP: they read battles in workers, and stay apart from people."""

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from application.importing.arena import Source
from application.imports import Import
from application.ports import SYSTEM
from infrastructure.evaluation.lines import LoggedStreams
from projections.judgings import Wanted, judgings, left
from tests.answering import Answering
from tests.arena_sets import simulated
from tests.world import Json, Person

JUDGES = "/evaluations/judges"
SECONDS_MAX = 60.0
WORDS = ("model_a", "model_b", "tie", "both_bad")


async def furnished(answering: Answering, count: int = 60) -> tuple[Person, list[Json]]:
    """An administrator, and the battles of a house where the longer answer is the second."""
    data = simulated(count)
    battles = [
        {**each, "response_b": f"{each['response_b']} Or not."} if number % 3 else each
        for number, each in enumerate(data.battles)
    ]
    services = answering.world.services
    source = Source(SYSTEM.id, "", "club")
    taking = Import(services.log, LoggedStreams(services.lines))
    await taking.run(enumerate(battles, 1), source.battle)
    await taking.run(enumerate(data.votes, 1), source.vote)
    await answering.world.settle()
    return await answering.world.admin(), battles


def complete(battles: list[Json], **where: str) -> dict[str, Json]:
    """Those that can be judged."""
    return {
        each["battle_id"]: each
        for each in battles
        if each["status_a"] == each["status_b"] == "complete"
        and each["model_a"] != each["model_b"]
        and "at your service" not in each["response_a"]
        and all(each[name] == value for name, value in where.items())
    }


async def begun(person: Person, model: str, limit: int = 1_000, **more: Any) -> Json:
    response = await person.post(f"{JUDGES}/runs", json={"model": model, "limit": limit, **more})
    assert response.status_code == 202, response.text
    return dict(response.json())


async def run_of(person: Person, key: str) -> Json:
    return dict((await person.get(f"{JUDGES}/runs/{key}")).json())


async def until(person: Person, key: str, is_so: Callable[[Json], bool]) -> None:
    """Look at a run until something holds."""
    async with asyncio.timeout(SECONDS_MAX):
        while not is_so(await run_of(person, key)):  # noqa: ASYNC110 (another process moves it)
            await asyncio.sleep(0.02)


def has_done(count: int, run: Json) -> bool:
    """Whether so many battles are judged."""
    return int(run["done"]) >= count


async def over(answering: Answering, person: Person, key: str) -> Json:
    """A run when it has ended."""
    await until(person, key, lambda run: run["state"] != "running")
    await answering.world.settle()
    return await run_of(person, key)


async def judged(answering: Answering, person: Person, model: str, **more: Any) -> Json:
    started = await begun(person, model, **more)
    return await over(answering, person, started["judging_id"])


async def said_in(person: Person, run: Json) -> list[Json]:
    """All that was said in a run, over all pages."""
    found: list[Json] = []
    cursor: str | None = ""
    while cursor is not None:
        path = f"{JUDGES}/runs/{run['id']}/judgements?limit=25" + (
            f"&cursor={cursor}" if cursor else ""
        )
        page = (await person.get(path)).json()
        found += page["items"]
        cursor = page["next_cursor"]
    return found


async def test_a_judge_judges_each_battle_twice_and_agrees_with_itself(
    answering: Answering,
) -> None:
    ana, battles = await furnished(answering)
    before = (await ana.get("/evaluations/leaderboard")).content
    run = await judged(answering, ana, "judge_longer")
    expected = complete(battles)
    assert (run["state"], run["done"], run["count"]) == ("finished", len(expected), len(expected))
    assert (run["failed"], run["inconsistent"]) == (0, 0)
    assert run["input_tokens"] > 0
    said = {each["battle_id"]: each for each in await said_in(ana, run)}
    assert said.keys() == expected.keys()
    for key, each in expected.items():
        longer = len(each["response_b"]) - len(each["response_a"])
        winner = "tie" if not longer else "model_b" if longer > 0 else "model_a"
        assert (said[key]["winner"], said[key]["consistent"]) == (winner, True)
    assert len(answering.server.asked) == 2 * len(expected)
    assert (await ana.get("/evaluations/leaderboard")).content == before
    assert (await ana.get("/evaluations/votes")).json()["count"] > 0


async def test_agreement_is_that_of_an_independent_reckoning(answering: Answering) -> None:
    ana, _ = await furnished(answering)
    run = await judged(answering, ana, "judge_longer")
    said = {each["battle_id"]: each for each in await said_in(ana, run)}
    rows = (await ana.get("/evaluations/votes?verdict=counted&limit=100")).json()["items"]
    pairs = [
        (each["winner"], said[each["battle_id"]]) for each in rows if each["battle_id"] in said
    ]
    (judge,) = (await ana.get(JUDGES)).json()["items"]
    kinds = {"": pairs} | {
        name: [pair for pair in pairs if pair[1]["category"] == name]
        for name in judge["categories"]
    }
    assert len(kinds) == 4
    for name, chosen in kinds.items():
        table = np.zeros((4, 4))
        for person, verdict in chosen:
            table[WORDS.index(person), WORDS.index(verdict["winner"])] += 1
        told = judge["categories"][name] if name else judge["agreement"]
        assert told["pairs"] == len(chosen) > 5
        assert told["raw"] == pytest.approx(np.trace(table) / len(chosen))
        with np.errstate(all="ignore"):
            assert told["kappa"] == pytest.approx(cohens_kappa(table).kappa)


async def test_who_likes_what_comes_first_is_inconsistent(answering: Answering) -> None:
    ana, battles = await furnished(answering, 12)
    run = await judged(answering, ana, "judge_first")
    assert run["inconsistent"] == run["done"] == len(complete(battles))
    (judge,) = (await ana.get(JUDGES)).json()["items"]
    assert (judge["inconsistent_share"], judge["opening_share"]) == (1.0, 1.0)
    assert Counter(each["winner"] for each in await said_in(ana, run)) == {"tie": run["done"]}


async def test_the_table_of_a_judge_is_its_own(answering: Answering) -> None:
    ana, battles = await furnished(answering)
    await judged(answering, ana, "judge_longer", where={"category": "code"})
    expected = complete(battles, category="code")
    table = (await ana.get(f"{JUDGES}/leaderboard?judge=judge_longer")).json()
    assert table["totals"]["accepted"] == len(expected)
    wins = Counter(
        each["model_b"]
        for each in expected.values()
        if len(each["response_b"]) > len(each["response_a"])
    )
    for entry in table["entries"]:
        met = [each for each in expected.values() if entry["model"] in each.values()]
        assert (entry["battles"], entry["wins"] >= wins[entry["model"]]) == (len(met), True)
    other = (await ana.get(f"{JUDGES}/leaderboard?judge=judge_longer&category=maths")).json()
    assert other["entries"] == []
    wrong = await ana.get(f"{JUDGES}/leaderboard?judge=judge_longer&method=elo")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_parameter")


async def test_what_says_no_verdict_is_recorded_and_may_be_tried_again(
    answering: Answering,
) -> None:
    ana, battles = await furnished(answering, 9)
    count = len(complete(battles))
    run = await judged(answering, ana, "judge_vague")
    assert (run["state"], run["failed"], run["done"]) == ("finished", count, count)
    for each in await said_in(ana, run):
        assert (each["winner"], each["fault"]) == (None, "unreadable")
        assert "A or B" in each["error"]
    again = await judged(answering, ana, "judge_vague", limit=2)
    assert (again["done"], again["failed"]) == (2, 2)
    (judge,) = (await ana.get(JUDGES)).json()["items"]
    assert (judge["judged"], judge["failed"], judge["agreement"]["pairs"]) == (0, count, 0)


async def test_a_judge_that_fails_again_and_again_is_not_asked_for_ever(
    answering: Answering,
) -> None:
    ana, _ = await furnished(answering, 40)
    run = await judged(answering, ana, "broken")
    assert run["state"] == "failed"
    assert "in a row" in run["reason"]
    assert run["failed"] == run["done"] <= 8


async def test_a_battle_is_judged_once_and_a_limit_holds(answering: Answering) -> None:
    ana, battles = await furnished(answering, 20)
    count = len(complete(battles))
    first = await judged(answering, ana, "judge_longer", limit=5)
    assert (first["count"], first["done"]) == (5, 5)
    second = await judged(answering, ana, "judge_longer")
    assert second["done"] == count - 5
    keys = {each["battle_id"] for run in (first, second) for each in await said_in(ana, run)}
    assert len(keys) == count
    assert len(answering.server.asked) == 2 * count
    nothing = await ana.post(f"{JUDGES}/runs", json={"model": "judge_longer", "limit": 5})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "nothing_to_judge")


async def test_a_killed_worker_judges_nothing_twice(answering: Answering) -> None:
    ana, battles = await furnished(answering)
    count = len(complete(battles))
    started = await begun(ana, "judge_longer")
    key = started["judging_id"]
    for _ in range(3):
        so_far = (await run_of(ana, key))["done"]
        enough = min(so_far + 8, count)
        await until(ana, key, partial(has_done, enough))
        await answering.workers[-1].kill()
        await answering.world.services.lines.run(
            "update work.jobs set leased_until = now() where job = 'judge'", {}
        )
        answering.start_worker()
    run = await over(answering, ana, key)
    assert (run["state"], run["done"], run["failed"]) == ("finished", count, 0)
    keys = [each["battle_id"] for each in await said_in(ana, run)]
    assert len(keys) == len(set(keys)) == count
    in_the_air = 3 * 2 * 4
    assert 2 * count <= len(answering.server.asked) <= 2 * count + in_the_air


async def test_a_run_can_be_stopped(answering: Answering) -> None:
    ana, _ = await furnished(answering)
    started = await begun(ana, "judge_slow")
    await until(ana, started["judging_id"], lambda run: run["done"] > 0)
    stop = f"{JUDGES}/runs/{started['judging_id']}/stop"
    assert (await ana.post(stop)).status_code == 204
    run = await over(answering, ana, started["judging_id"])
    assert run["state"] == "stopped"
    await asyncio.sleep(0.3)
    asked = len(answering.server.asked)
    await asyncio.sleep(0.3)
    assert len(answering.server.asked) == asked < 2 * run["count"]


async def test_no_judge_judges_its_own_answers(answering: Answering) -> None:
    answering.server.listing = ("words", "echo")
    ana = await answering.world.admin()
    asked = await ana.post("/arena/battles", json={"prompt": "Why?"})
    assert asked.status_code == 201, asked.text
    path = f"/arena/battles/{asked.json()['battle_id']}/stream"
    _ = [each async for each in answering.events(ana, path)]
    await answering.world.settle()
    for model in ("words", "echo"):
        own = await ana.post(f"{JUDGES}/runs", json={"model": model, "limit": 5})
        assert own.json()["code"] == "nothing_to_judge"
    wanted = Wanted("judge_first", 1, "", {}, 5)
    async with answering.world.services.reader.read(judgings) as db:
        assert await left(db, wanted) == [asked.json()["battle_id"]]


async def test_wishes_that_make_no_sense_are_refused(answering: Answering) -> None:
    ana, _ = await furnished(answering, 3)
    for body, word in (
        ({"model": "nobody", "limit": 3}, "model"),
        ({"model": "arena:x:a", "limit": 3}, "model"),
        ({"model": "judge_first"}, "limit"),
        ({"model": "judge_first", "limit": 0}, "limit"),
        ({"model": "judge_first", "limit": 3, "where": {"colour": "red"}}, "where"),
    ):
        response = await ana.post(f"{JUDGES}/runs", json=body)
        assert response.status_code == 422, response.text
        assert word in response.text


async def test_judges_are_for_administrators(answering: Answering) -> None:
    ana, _ = await furnished(answering, 3)
    started = await begun(ana, "judge_first")
    ben = await answering.world.person()
    one = f"{JUDGES}/runs/{started['judging_id']}"
    for path in (
        JUDGES,
        f"{JUDGES}/runs",
        one,
        f"{one}/judgements",
        f"{JUDGES}/leaderboard?judge=judge_first",
    ):
        assert (await ben.get(path)).status_code == 403
    assert (await ben.post(f"{one}/stop")).status_code == 403
    body = {"model": "judge_first", "limit": 3}
    assert (await ben.post(f"{JUDGES}/runs", json=body)).status_code == 403
    missing = f"{JUDGES}/runs/{ana.id}"
    assert (await ana.get(missing)).status_code == 404
