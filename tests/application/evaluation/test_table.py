"""The whole way from acts to the table."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from application.evaluation.eligibility import Policy, effective, judged
from application.evaluation.ranks import ranks
from application.evaluation.table import Choice, Entry, table
from application.evaluation.votes import Action, Bout, Counts, Game
from tests.application.evaluation.worlds import START, games

ACT = Action(1, "ana", "b", "cast", "model_a", after_reveal=False, at=START)


def counted(acts: list[Action], bouts: dict[str, Bout]) -> list[Entry]:
    games = [
        Game(bouts[each.vote.battle].model_a, bouts[each.vote.battle].model_b, each.vote.winner)
        for each in judged(effective(acts), bouts, Policy())
        if each.reason is None
    ]
    return table(Counts.of(games))


def campaign(count: int = 200) -> tuple[list[Action], dict[str, Bout]]:
    votes = games(4, count)
    bouts = {
        f"b{n}": Bout(f"b{n}", each.model_a, each.model_b, prompt=f"p{n}")
        for n, each in enumerate(votes)
    }
    acts = [
        replace(
            ACT,
            position=n,
            voter=f"v{n % 9}",
            battle=f"b{n}",
            winner=each.winner,
            at=START + timedelta(minutes=n),
        )
        for n, each in enumerate(votes)
    ]
    return acts, bouts


def test_who_takes_everything_back_leaves_the_table_as_it_was() -> None:
    acts, bouts = campaign()
    rest = [each for each in acts if each.voter != "v3"]
    back = [
        replace(each, position=1_000 + each.position, kind="retract", winner=None)
        for each in acts
        if each.voter == "v3"
    ]
    assert counted([*acts, *back], bouts) == counted(rest, bouts)
    everything = [
        replace(each, position=9_000 + each.position, kind="retract", winner=None) for each in acts
    ]
    assert counted([*acts, *everything], bouts) == []


def test_unknown_battles_and_self_pairs_name_nobody() -> None:
    acts, bouts = campaign()
    odd = [
        replace(ACT, position=500, battle="unknown"),
        replace(ACT, position=501, battle="self"),
    ]
    assert counted([*acts, *odd], bouts | {"self": Bout("self", "me", "me")}) == counted(
        acts, bouts
    )
    assert counted(odd, {"self": Bout("self", "me", "me")}) == []


def test_every_choice_keeps_tallies_and_order() -> None:
    counts = Counts.of(games(6, 3_000, seed=21))
    plain = {each.model: each for each in table(counts)}
    for choice in (
        Choice(ties="drop_all"),
        Choice(ties="drop_both_bad", even=True),
        Choice(even=True, rounds=60, seed=2),
        Choice(anchor=("model-03", 1_500.0)),
    ):
        found = table(counts, choice)
        for each in found:
            same = plain[each.model]
            assert (each.wins, each.losses, each.ties, each.both_bad) == (
                same.wins,
                same.losses,
                same.ties,
                same.both_bad,
            )
        assert all((one.rating or 0) >= (two.rating or 0) for one, two in pairwise(found))
        lower, upper = (
            np.array([getattr(each, end) for each in found]) for end in ("lower", "upper")
        )
        assert [each.rank for each in found] == ranks(lower, upper).tolist()


@pytest.mark.parametrize("even", [False, True])
def test_drawn_intervals_are_about_those_reckoned(even: bool) -> None:  # noqa: FBT001
    counts = Counts.of([*games(5, 2_000), *[Game("model-00", "model-01", "tie")] * 3_000])
    anchor = ("model-01", 1_100.0)
    reckoned = table(counts, Choice(even=even, anchor=anchor))
    drawn = table(counts, Choice(even=even, anchor=anchor, rounds=200, seed=1))
    for one, two in zip(reckoned, drawn, strict=True):
        assert one.rating == two.rating
        assert one.lower is not None
        assert one.upper is not None
        assert two.lower == pytest.approx(one.lower, abs=8)
        assert two.upper == pytest.approx(one.upper, abs=8)
    assert next(each for each in drawn if each.model == "model-01").rating == pytest.approx(1_100)


def test_an_anchor_without_a_rating_moves_nothing() -> None:
    counts = Counts.of([*games(3, 300), Game("champion", "model-00", "model_a")])
    assert table(counts, Choice(anchor=("champion", 2_000.0))) == table(counts)
    ties = Counts.of([Game("x", "y", "tie"), Game("x", "y", "both_bad")])
    dropped = table(ties, Choice(ties="drop_all"))
    assert [(each.rating, each.reason) for each in dropped] == [(None, "not_identified")] * 2
    assert [(each.ties, each.both_bad, each.win_rate) for each in dropped] == [(1, 1, 0.5)] * 2
