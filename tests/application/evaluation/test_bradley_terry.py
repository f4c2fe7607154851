"""The numbers, against implementations that are not ours."""

import choix
import numpy as np
import pytest
import statsmodels.api as sm

from application.evaluation.bootstrap import bootstrap
from application.evaluation.bradley_terry import (
    SCALE,
    Ties,
    fit,
    fit_even,
    interval,
    kept,
)
from application.evaluation.style import Styled, fit_styled, standardised
from application.evaluation.topic import effective_size, weights_of
from application.evaluation.votes import OUTCOMES, Counts, Game
from tests.application.evaluation.worlds import games, names

RATING, BOUND = 0.5, 1.5


def long_form(votes: list[Game], models: tuple[str, ...]) -> tuple[np.ndarray, ...]:
    """Design, outcome and frequency weights: a tie is half a win and half a loss."""
    place = {name: index for index, name in enumerate(models)}
    rows, outcomes, weights = [], [], []
    for each in votes:
        row = np.zeros(len(models))
        row[place[each.model_a]], row[place[each.model_b]] = 1.0, -1.0
        parts = {"model_a": [(1, 1.0)], "model_b": [(0, 1.0)]}
        for outcome, weight in parts.get(each.winner, [(1, 0.5), (0, 0.5)]):
            rows.append(row)
            outcomes.append(outcome)
            weights.append(weight)
    return np.array(rows), np.array(outcomes, float), np.array(weights)


def reference(votes: list[Game], models: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Ratings and standard errors by a GLM, with the meat summed vote by vote."""
    design, outcomes, weights = long_form(votes, models)
    shift = np.vstack([np.eye(len(models) - 1), -np.ones(len(models) - 1)])  # the sum is zero
    found = sm.GLM(
        outcomes, design @ shift, family=sm.families.Binomial(), freq_weights=weights
    ).fit(tol=1e-12)
    strengths = shift @ found.params
    place = {name: index for index, name in enumerate(models)}
    meat = np.zeros((len(models), len(models)))
    bread = np.zeros((len(models), len(models)))
    for each in votes:
        row = np.zeros(len(models))
        row[place[each.model_a]], row[place[each.model_b]] = 1.0, -1.0
        chance = 1 / (1 + np.exp(-row @ strengths))
        score = {"model_a": 1.0, "model_b": 0.0}.get(each.winner, 0.5)
        meat += (score - chance) ** 2 * np.outer(row, row)
        bread += chance * (1 - chance) * np.outer(row, row)
    inverse = np.linalg.pinv(bread, rcond=1e-10)
    errors = np.sqrt(np.diag(inverse @ meat @ inverse))
    return 1000 + SCALE * strengths, SCALE * errors


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
    votes = games(5, 1_500, seed=7)
    votes += [Game("model-00", "model-04", "model_b")] * 2_000
    counts = Counts.of(votes)
    found = fit_even(counts, "half")
    design, outcomes, weights = long_form(votes, counts.models)
    met = {
        (counts.models[a], counts.models[b]): total
        for a, b, total in zip(counts.a, counts.b, counts.n.sum(axis=1), strict=True)
    }
    per_vote = []
    for each in votes:
        low, high = sorted((each.model_a, each.model_b))
        share = 1 / max(met[low, high], 50)
        per_vote += [share] * (1 if each.winner in ("model_a", "model_b") else 2)
    shift = np.vstack([np.eye(4), -np.ones(4)])
    glm = sm.GLM(
        outcomes,
        design @ shift,
        family=sm.families.Binomial(),
        freq_weights=weights * np.array(per_vote),
    ).fit(tol=1e-12)
    assert np.abs(found.ratings() - (1000 + SCALE * (shift @ glm.params))).max() < RATING


def test_the_sandwich_and_the_bootstrap_say_the_same() -> None:
    counts = kept(Counts.of(games(6, 4_000, seed=11)))
    found = fit(counts)
    lower, upper = interval(found.ratings(), found.errors())
    again = bootstrap(counts, found.strengths, rounds=400, seed=1)
    assert np.abs(again[0] - lower).max() < 6
    assert np.abs(again[1] - upper).max() < 6
    twice = bootstrap(counts, found.strengths, rounds=50, seed=9)
    same = bootstrap(counts, found.strengths, rounds=50, seed=9)
    assert np.array_equal(twice[0], same[0])
    assert np.array_equal(twice[1], same[1])


def test_an_anchor_holds_one_model_where_it_is() -> None:
    found = fit(kept(Counts.of(games(4, 800))))
    anchored = found.ratings(("model-02", 1_200.0))
    assert anchored[found.models.index("model-02")] == pytest.approx(1_200)
    assert np.diff(anchored) == pytest.approx(np.diff(found.ratings()))


def test_looks_that_decide_are_taken_out() -> None:
    """Two equal models, one of which writes longer, and voters who like length."""
    random = np.random.default_rng(2)
    count = 6_000
    a, b = np.zeros(count, np.int64), np.ones(count, np.int64)
    raw = np.column_stack([random.normal(0.3, 1.0, count), *random.normal(0, 1, (3, count))])
    chance = 1 / (1 + np.exp(-0.8 * raw[:, 0]))
    scores = (random.random(count) < chance).astype(float)
    styled = Styled(tuple(names(2)), a, b, scores, standardised(raw))
    found, weights = fit_styled(styled)
    assert weights["tokens"] == pytest.approx(0.8, abs=0.1)
    assert abs(weights["headers"]) < 0.1
    design = np.column_stack([np.ones(count), styled.features])
    logit = sm.Logit(scores, design).fit(disp=0)
    gap = found.strengths[0] - found.strengths[1]
    assert SCALE * abs(gap - logit.params[0]) < BOUND
    errors = sm.Logit(scores, design).fit(disp=0, cov_type="HC0").bse
    spread = np.sqrt(found.covariance[0, 0] + found.covariance[1, 1] - 2 * found.covariance[0, 1])
    assert SCALE * abs(spread - errors[0]) < BOUND


def test_votes_far_from_a_topic_weigh_nothing() -> None:
    battles = np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0], [0.0, 0.0]])
    weights = weights_of(np.array([3.0, 0.0]), battles)
    assert weights.tolist() == [1.0, 0.0, 0.0, 0.0]
    assert effective_size(weights) == 1.0
    assert effective_size(np.ones(7)) == pytest.approx(7)
    assert effective_size(np.zeros(3)) == 0


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
