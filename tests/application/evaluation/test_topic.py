"""Ratings by votes near a topic."""

import numpy as np
import pytest
import statsmodels.api as sm

from application.evaluation.bradley_terry import SCALE, fit, kept
from application.evaluation.topic import (
    Weighed,
    effective_size,
    fit_weighed,
    weights_of,
)
from application.evaluation.votes import OUTCOMES, Counts, Game
from tests.application.evaluation.worlds import games


def weighed(votes: list[Game], weights: np.ndarray) -> Weighed:
    models = tuple(sorted({name for v in votes for name in (v.model_a, v.model_b)}))
    return Weighed(
        models,
        np.array([models.index(each.model_a) for each in votes], np.int64),
        np.array([models.index(each.model_b) for each in votes], np.int64),
        np.array([OUTCOMES.index(each.winner) for each in votes], np.int64),
        weights,
    )


def test_equal_weights_change_nothing() -> None:
    votes = games(5, 900)
    plain = fit(kept(Counts.of(votes), "drop_all"))
    same = fit_weighed(weighed(votes, np.full(900, 0.25)), "drop_all")
    assert same.models == plain.models
    assert same.ratings() == pytest.approx(plain.ratings())
    assert same.errors() == pytest.approx(plain.errors())


def test_weighed_ratings_are_those_of_a_general_model() -> None:
    votes = games(5, 1_500, seed=3)
    weights = np.random.default_rng(1).random(1_500)
    found = fit_weighed(weighed(votes, weights))
    design = np.zeros((len(votes), 5))
    for row, each in zip(design, votes, strict=True):
        row[found.models.index(each.model_a)] = 1
        row[found.models.index(each.model_b)] = -1
    outcomes = [{"model_a": 1.0, "model_b": 0.0}.get(each.winner, 0.5) for each in votes]
    shift = np.vstack([np.eye(4), -np.ones(4)])
    glm = sm.GLM(outcomes, design @ shift, family=sm.families.Binomial(), var_weights=weights).fit(
        tol=1e-12, cov_type="HC0"
    )
    errors = SCALE * np.sqrt(np.diag(shift @ glm.cov_params() @ shift.T))
    assert np.abs(found.ratings() - 1000 - SCALE * (shift @ glm.params)).max() < 0.5
    assert np.abs(found.errors() - errors).max() < 1.5


def test_votes_without_weight_name_nobody() -> None:
    votes = [*games(3, 300), *[Game("far", "model-00", "tie")] * 9, Game("far", "far", "tie")]
    weights = np.concatenate([np.full(300, 0.5), np.zeros(10)])
    assert "far" not in fit_weighed(weighed(votes, weights)).models
    assert fit_weighed(weighed(votes, np.zeros(310))).models == ()
    assert fit_weighed(weighed([], np.zeros(0))).models == ()


def test_votes_far_from_a_topic_weigh_nothing() -> None:
    battles = np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    weights = weights_of(np.array([3.0, 0.0]), battles)
    assert weights == pytest.approx([1.0, 0.0, 0.0, 0.0, 0.5**0.5])
    assert effective_size(weights[:4]) == 1.0
    assert effective_size(np.ones(7)) == pytest.approx(7)
    assert effective_size(np.zeros(3)) == 0
