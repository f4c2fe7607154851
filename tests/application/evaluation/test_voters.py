"""Odd voters, and how close a short look at them is."""

import random

import numpy as np
import pytest

from application.evaluation.bradley_terry import sigmoid, strengths_of
from application.evaluation.voters import VOTES_MIN, suspicions
from application.evaluation.votes import Counts, Game
from tests.application.evaluation.worlds import names, said


def crowd(voters: int, votes: int, models: int, seed: int = 5) -> dict[str, list[Game]]:
    dice = random.Random(seed)
    called = names(models)
    found: dict[str, list[Game]] = {}
    for voter in range(voters):
        mine = found.setdefault(f"honest-{voter:03}", [])
        for _ in range(votes):
            a, b = dice.sample(range(models), 2)
            mine.append(Game(called[a], called[b], said(dice, a, b, models)))
    return found


def exactly(voter: str, cast: dict[str, list[Game]], out: frozenset[str]) -> float:
    """The score of a voter by a fit that is made anew without him, vote by vote."""
    rest = Counts.of(v for other, mine in cast.items() if other not in {voter, *out} for v in mine)
    strengths = dict(zip(rest.models, strengths_of(rest), strict=True))
    pulled: dict[str, list[float]] = {}
    against, spread = 0.0, 0.0
    for each in cast[voter]:
        gap = strengths[each.model_a] - strengths[each.model_b]
        p = float(sigmoid(np.array(gap)))
        off = {"model_a": 1.0, "model_b": 0.0}.get(each.winner, 0.5) - p
        for name, sign in ((each.model_a, 1), (each.model_b, -1)):
            pulled.setdefault(name, []).append(sign * off)
            pulled.setdefault(f"{name} spread", []).append(p * (1 - p))
        against -= off if p >= 0.5 else -off
        spread += p * (1 - p)
    by_model = [
        abs(sum(pulled[name])) / sum(pulled[f"{name} spread"]) ** 0.5
        for name in pulled
        if not name.endswith("spread")
    ]
    return float(max(*by_model, against / spread**0.5))


def test_scores_are_those_of_fits_made_without_each_voter() -> None:
    cast = crowd(40, 60, 6)
    cast["stuffer"] = [Game("model-05", name, "model_a") for name in names(5)] * 12
    found = {each.voter: each for each in suspicions(cast)}
    assert [each.voter for each in found.values() if each.is_flagged] == ["stuffer"]
    assert found["stuffer"].favourite == "model-05"
    assert found["stuffer"].votes == 60
    out = frozenset({"stuffer"})
    for voter, each in found.items():
        assert each.score == pytest.approx(exactly(voter, cast, out), rel=0.03, abs=0.05)


def test_who_brings_most_votes_of_a_model_is_still_judged_by_others() -> None:
    """By far most is known of the newcomer from its friend, whose votes make it look strong."""
    cast = crowd(30, 40, 4)
    rare = [Game("newcomer", "model-03", "model_b"), Game("newcomer", "model-00", "model_b")]
    for voter in list(cast)[:15]:
        cast[voter] += [*rare, Game("newcomer", "model-03", "model_a")]
    cast["friend"] = [Game("newcomer", name, "model_a") for name in names(4)] * 25
    found = {each.voter: each for each in suspicions(cast)}
    assert [each.voter for each in found.values() if each.is_flagged] == ["friend"]
    assert found["friend"].favourite == "newcomer"


def test_several_who_agree_are_found_one_after_the_other() -> None:
    """Many stuffers bend the odds, so that some are only seen when others are left out."""
    cast = crowd(60, 40, 6)
    for number in range(6):
        cast[f"stuffer-{number}"] = [Game("model-05", name, "model_a") for name in names(5)] * 16
    flagged = {each.voter for each in suspicions(cast) if each.is_flagged}
    assert flagged == {f"stuffer-{number}" for number in range(6)}


def test_few_votes_are_no_ground_for_suspicion() -> None:
    cast = crowd(20, 40, 4)
    against = [Game("model-03", "model-00", "model_a")]
    cast["few"] = against * (VOTES_MIN - 1)
    assert "few" not in {each.voter for each in suspicions(cast)}
    cast["few"] = against * VOTES_MIN
    assert {each.voter for each in suspicions(cast) if each.is_flagged} == {"few"}


def test_where_nobody_else_compared_there_are_no_odds() -> None:
    alone = suspicions({"alone": [Game("x", "y", "model_a")] * 50})
    assert [each.score for each in alone] == [0.0]
    assert suspicions({"itself": [Game("x", "x", "model_a")] * 50}) == []
    cast = crowd(20, 40, 4)
    for voter, votes in list(cast.items()):
        far = [Game(f"far-{v.model_a}", f"far-{v.model_b}", v.winner) for v in votes]
        cast[f"far-{voter}"] = far
    cast["itself"] = [Game("model-01", "model-01", "model_a")] * 50
    cast["bridge"] = [Game("far-model-03", "model-00", "model_a")] * 50
    assert not any(each.is_flagged for each in suspicions(cast))


def test_rounds_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.evaluation.voters.ROUNDS_MAX", 1)
    cast = crowd(20, 40, 4)
    cast["stuffer"] = [Game("model-03", name, "model_a") for name in names(3)] * 20
    assert {each.voter for each in suspicions(cast) if each.is_flagged} == {"stuffer"}


def test_votes_that_were_cleared_are_not_looked_at_but_make_odds() -> None:
    cast = crowd(30, 60, 6)
    stuffed = [Game("model-05", name, "model_a") for name in names(5)] * 12
    assert "stuffer" in {
        each.voter for each in suspicions({**cast, "stuffer": stuffed}) if each.is_flagged
    }
    found = suspicions(cast, settled=stuffed)
    assert not any(each.is_flagged for each in found)
    plain = {each.voter: each.score for each in suspicions(cast)}
    assert any(abs(each.score - plain[each.voter]) > 0.01 for each in found)
    again = suspicions({**cast, "stuffer": stuffed}, settled=stuffed)
    assert {each.voter for each in again if each.is_flagged} == {"stuffer"}


def test_outcasts_never_make_odds() -> None:
    cast = crowd(30, 60, 6)
    few = {**cast, "few": [Game("model-05", "model-00", "model_a")] * (VOTES_MIN - 1)}
    outcast = {each.voter: each for each in suspicions(few, outcast=frozenset({"few", "gone"}))}
    plain = {each.voter: each.score for each in suspicions(cast)}
    assert {name: each.score for name, each in outcast.items() if name != "few"} == plain
    assert outcast["few"].votes == VOTES_MIN - 1
