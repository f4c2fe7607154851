"""The numbers, against implementations that are not ours."""

from collections import Counter
from time import perf_counter

import choix
import numpy as np
import pytest
import statsmodels.api as sm

from application.evaluation.bootstrap import bootstrap
from application.evaluation.bradley_terry import (
    SCALE,
    Ties,
    even_weights,
    fit,
    fit_even,
    interval,
    kept,
    strengths_of,
)
from application.evaluation.table import table
from application.evaluation.votes import OUTCOMES, Counts, Game
from tests.application.evaluation.worlds import games, many

RATING, BOUND = 0.5, 1.5


def reference(
    votes: list[Game], models: tuple[str, ...], weights: list[float] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Ratings and standard errors by a binomial GLM with HC0 errors, one row for each vote."""
    place = {name: index for index, name in enumerate(models)}
    design = np.zeros((len(votes), len(models)))
    for row, each in zip(design, votes, strict=True):
        row[place[each.model_a]], row[place[each.model_b]] = 1.0, -1.0
    outcomes = [{"model_a": 1.0, "model_b": 0.0}.get(each.winner, 0.5) for each in votes]
    shift = np.vstack([np.eye(len(models) - 1), -np.ones(len(models) - 1)])  # the sum is zero
    model = sm.GLM(outcomes, design @ shift, family=sm.families.Binomial(), var_weights=weights)
    found = model.fit(tol=1e-12, cov_type="HC0")
    errors = np.sqrt(np.diag(shift @ found.cov_params() @ shift.T))
    return 1000 + SCALE * (shift @ found.params), SCALE * errors


def test_ratings_and_intervals_are_those_of_a_general_model() -> None:
    votes = games(8, 3_000)
    counts = Counts.of(votes)
    found = fit(kept(counts))
    ratings, errors = reference(votes, counts.models)
    assert np.abs(found.ratings() - ratings).max() < RATING
    lower, upper = interval(found.ratings(), found.errors())
    assert np.abs(lower - (ratings - 1.959964 * errors)).max() < BOUND
    assert np.abs(upper - (ratings + 1.959964 * errors)).max() < BOUND


@pytest.mark.parametrize("ties", ["drop_both_bad", "drop_all"])
def test_ties_may_be_left_out(ties: Ties) -> None:
    votes = games(6, 2_000, seed=3)
    out = {"drop_both_bad": {"both_bad"}, "drop_all": {"tie", "both_bad"}}[ties]
    counts = Counts.of(votes)
    found = fit(kept(counts, ties))
    ratings, errors = reference([each for each in votes if each.winner not in out], counts.models)
    assert np.abs(found.ratings() - ratings).max() < RATING
    assert np.abs(found.errors() - errors).max() < BOUND


def test_wins_alone_give_what_choix_gives() -> None:
    votes = games(7, 2_000, seed=5, ties=0.0)
    counts = Counts.of(votes)
    place = {name: index for index, name in enumerate(counts.models)}
    data = [
        (place[v.model_a], place[v.model_b])
        if v.winner == "model_a"
        else (place[v.model_b], place[v.model_a])
        for v in votes
    ]
    strengths = choix.opt_pairwise(len(counts.models), data, alpha=1e-9, tol=1e-10)
    ratings = 1000 + SCALE * (strengths - strengths.mean())
    assert np.abs(fit(kept(counts)).ratings() - ratings).max() < RATING


def test_pairs_may_weigh_the_same_however_often_they_met() -> None:
    votes = games(5, 350, seed=7)
    votes += [Game("model-00", "model-04", "model_b")] * 2_000
    counts = Counts.of(votes)
    found = fit_even(counts, "half")
    met = Counter(frozenset((each.model_a, each.model_b)) for each in votes)
    weights = [1 / max(met[frozenset((each.model_a, each.model_b))], 50) for each in votes]
    ratings, errors = reference(votes, counts.models, weights)
    assert np.abs(found.ratings() - ratings).max() < RATING
    assert np.abs(found.errors() - errors).max() < BOUND
    ends = bootstrap(counts, found.strengths, rounds=300, seed=4, weights=even_weights(counts))
    assert np.abs(ends - np.array(interval(found.ratings(), found.errors()))).max() < 20


def test_the_sandwich_and_the_bootstrap_say_the_same() -> None:
    counts = kept(Counts.of(games(6, 4_000, seed=11)))
    found = fit(counts)
    lower, upper = interval(found.ratings(), found.errors())
    again = bootstrap(counts, found.strengths, rounds=400, seed=1)
    assert np.abs(again[0] - lower).max() < 6
    assert np.abs(again[1] - upper).max() < 6
    twice = bootstrap(counts, found.strengths, rounds=50, seed=9)
    same = bootstrap(counts, found.strengths, rounds=50, seed=9)
    assert np.array_equal(twice, same)


def test_an_anchor_holds_one_model_where_it_is() -> None:
    found = fit(kept(Counts.of(games(4, 800))))
    anchored = found.ratings(("model-02", 1_200.0))
    assert anchored[found.models.index("model-02")] == pytest.approx(1_200)
    assert np.diff(anchored) == pytest.approx(np.diff(found.ratings()))


def test_who_stands_first_makes_no_difference() -> None:
    votes = games(5, 500, seed=13)
    flip = {"model_a": "model_b", "model_b": "model_a"}
    turned = [
        Game(v.model_b, v.model_a, flip.get(v.winner, v.winner))  # type: ignore[arg-type]
        for v in votes
    ]
    one, two = Counts.of(votes), Counts.of(turned)
    assert np.array_equal(one.n, two.n)
    assert one.models == two.models
    assert set(OUTCOMES) == {"model_a", "model_b", "tie", "both_bad"}


def test_ratings_are_found_wherever_the_steps_begin() -> None:
    counts = kept(Counts.of(games(6, 900, seed=17)))
    found = strengths_of(counts)
    for start in (np.arange(6.0) * 5, np.array([30.0, 0, 0, 0, 0, -30.0])):
        assert strengths_of(counts, start) == pytest.approx(found, abs=1e-8)
    lopsided = Counts.of([*[Game("x", "y", "model_a")] * 9_999, Game("x", "y", "model_b")])
    gap = strengths_of(lopsided)
    assert gap[0] - gap[1] == pytest.approx(np.log(9_999))
    small = lopsided.with_counts(lopsided.n * 1e-9)
    assert fit(small).strengths == pytest.approx(gap)


def test_what_has_no_best_strengths_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.evaluation.bradley_terry.STEPS_MAX", 5)
    never_lost = Counts.of([Game("x", "y", "model_a")])
    found = strengths_of(never_lost)
    assert np.isfinite(found).all()
    assert found[0] > found[1]
    assert strengths_of(Counts.of([])).tolist() == []
    assert fit(Counts.of([])).ratings().tolist() == []


def test_two_hundred_models_and_a_million_votes_are_quick() -> None:
    counts = many(200, 1_000_000)
    took = []
    for _ in range(3):
        began = perf_counter()
        found = table(counts)
        took.append(perf_counter() - began)
    assert min(took) < 3
    assert {each.model for each in found[:20]} > {f"model-{place:03}" for place in range(10)}
    assert [each.rank is not None and each.rank > 150 for each in found[-20:]] == [True] * 20
