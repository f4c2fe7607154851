"""Battles of this house, from their events to the table."""

from typing import Any
from uuid import UUID, uuid4

from application.command import carry_out
from application.imports import RecordLines
from application.ports import SYSTEM
from domain.aggregate import Aggregate
from domain.battles import Battle, Side, Winner
from domain.evaluation_settings import EvaluationSettings
from tests.world import Person, World

BOARD = "/evaluations/leaderboard"
STYLE = {"tokens": 10, "headers": 0, "lists": 0, "bold": 0}


def fought(owner: UUID, prompt: str, *, ended: bool = True) -> Battle:
    names = {"a": "mistral", "b": "llama"}
    sides = {slot: Side(uuid4(), model, [model]) for slot, model in names.items()}
    battle = Battle.start(
        uuid4(),
        owner=owner,
        chat_id=uuid4(),
        question_id=uuid4(),
        sides=sides,
        draw=None,
        entry="arena",
        blind=True,
        prompt_key=prompt,
    )
    if ended:
        battle.finish_side("a", "complete", style=STYLE, leaked=False)
        battle.finish_side("b", "complete", style=STYLE, leaked=False)
    return battle


async def recorded(world: World, *told: Aggregate) -> dict[str, str]:
    done = await carry_out(RecordLines(told), log=world.services.log, actor=SYSTEM)
    return {"Read-After": str(done.position)}


async def totals(ana: Person, after: dict[str, str], query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = (await ana.get(f"{BOARD}?{query}", headers=after)).json()["totals"]
    return found


async def test_votes_count_change_and_go(world: World) -> None:
    ana = await world.admin()
    me = UUID(ana.user["id"])
    battle = fought(me, "p1")
    battle.cast(Winner.MODEL_A, by=me)
    first = await recorded(world, battle)
    found = (await ana.get(BOARD, headers=first)).json()
    assert found["totals"] == {"votes": 1, "accepted": 1, "dropped": {}, "voters": 1}
    assert [each["rating"] for each in found["entries"]] == [None, None]
    battle.cast(Winner.TIE, by=me)
    battle.assign_topic(category="code", language="en", tags=[], classifier="c", version=1)
    second = await recorded(world, battle)
    tied = (await ana.get(f"{BOARD}?category=code", headers=second)).json()["entries"]
    assert [(each["ties"], each["rating"]) for each in tied] == [(1, 1000.0), (1, 1000.0)]
    as_of = (await ana.get(f"{BOARD}?as_of={first['Read-After']}")).json()
    assert as_of["entries"] == found["entries"]
    battle.retract(by=me)
    assert (await totals(ana, await recorded(world, battle)))["votes"] == 0


async def test_a_battle_without_a_vote_tells_nobody_who_is_in_it(world: World) -> None:
    ana = await world.admin()
    battle = fought(UUID(ana.user["id"]), "p1")
    history = f"{BOARD}/history?model=mistral"
    after = await recorded(world, battle)
    assert (await ana.get(history, headers=after)).status_code == 404
    battle.cast(Winner.MODEL_A, by=battle.owner)
    after = await recorded(world, battle)
    assert (await ana.get(history, headers=after)).status_code == 200


async def test_another_policy_holds_for_all_votes(world: World) -> None:
    ana = await world.admin()
    me = UUID(ana.user["id"])
    battles = [fought(me, f"p{number}") for number in range(5)]
    for each in battles:
        each.cast(Winner.MODEL_B, by=me)
    before = await recorded(world, *battles)
    settings = EvaluationSettings.open()
    policy = {"prompt_votes_max": 20, "voter_day_votes_max": 50, "version": 1}
    settings.change({"policy": policy}, {"policy": {**policy, "voter_day_votes_max": 3}})
    after = await recorded(world, settings)
    body = (await ana.get(BOARD, headers=after)).json()
    assert (body["policy_version"], body["totals"]["dropped"]) == (2, {"voter_daily_cap": 2})
    earlier = await totals(ana, after, f"as_of={before['Read-After']}")
    assert earlier["accepted"] == 5


async def test_nobody_sees_by_the_difference_whom_his_vote_was_for(world: World) -> None:
    ana, bob = await world.admin(), await world.person()
    theirs, his = fought(UUID(ana.user["id"]), "p1"), fought(UUID(bob.user["id"]), "p2")
    theirs.cast(Winner.TIE, by=theirs.owner)
    before = await recorded(world, theirs)
    queries = ("", "votes=all", "votes=trusted", "method=elo", "style=on", "category=code")
    paths = [f"{BOARD}?{each}" for each in queries]
    paths += [f"{BOARD}/matrix", f"{BOARD}/history?model=llama"]
    then = [(await bob.get(each, headers=before)).json() for each in paths]

    his.cast(Winner.MODEL_A, by=his.owner)
    after = await recorded(world, his)
    for path, known in zip(paths, then, strict=True):
        now = (await bob.get(path, headers=after)).json()
        assert without_places(now) == without_places(known), path
    assert (await totals(ana, after))["accepted"] == 2
    his.retract(by=his.owner)
    his.cast(Winner.MODEL_B, by=his.owner)
    assert (await totals(bob, await recorded(world, his)))["accepted"] == 1
    his.reveal()
    assert (await totals(bob, await recorded(world, his)))["accepted"] == 2


def without_places(found: Any) -> Any:
    """A table, but for what says how far the log and its voters are."""
    totals = {k: v for k, v in found.get("totals", {}).items() if k != "voters"}
    points = [{**each, "position": None} for each in found.get("points", [])]
    return {**found, "position": None, "totals": totals, "points": points}
