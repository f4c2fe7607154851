"""Ratings without looks, against a fit that was written down as the rule says it."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize

from application.evaluation.bradley_terry import SCALE, Fit, fit, kept
from application.evaluation.style import Styled, features_of, fit_styled, standardised
from application.evaluation.style_of import Style, style_of
from application.evaluation.votes import Counts, Game
from tests.application.evaluation.worlds import games, names


def styled(count: int, models: int, taste: float, seed: int = 2) -> Styled:
    """Votes of people who like length; later models write longer."""
    dice = np.random.default_rng(seed)
    a = dice.integers(0, models, count)
    b = (a + 1 + dice.integers(0, models - 1, count)) % models
    raw = dice.normal(0, 1, (count, 4))
    raw[:, 0] += 0.3 * (a - b)
    skills = np.linspace(0.8, -0.8, models)
    features = standardised(raw)
    chance = 1 / (1 + np.exp(skills[b] - skills[a] - taste * features[:, 0]))
    scores = (dice.random(count) < chance).astype(float)
    scores[dice.random(count) < 0.2] = 0.5
    return Styled(tuple(names(models)), a, b, scores, features)


def by_the_rule(votes: Styled) -> tuple[np.ndarray, np.ndarray]:
    """The least mean loss plus 0.5 * 1e-4 * |w|^2 over the weights of looks."""
    size = len(votes.models)

    def loss(found: np.ndarray) -> float:
        strengths, weights = found[:size], found[size:]
        gap = strengths[votes.a] - strengths[votes.b] + votes.features @ weights
        lost = votes.scores * np.logaddexp(0, -gap) + (1 - votes.scores) * np.logaddexp(0, gap)
        return float(lost.mean() + 0.5 * 1e-4 * (weights**2).sum())

    found = minimize(loss, np.zeros(size + 4), method="BFGS", options={"gtol": 1e-7}).x
    return 1000 + SCALE * (found[:size] - found[:size].mean()), found[size:]


def test_ratings_and_weights_are_those_of_the_rule() -> None:
    votes = styled(4_000, 5, taste=0.8)
    found, weights = fit_styled(votes)
    ratings, expected = by_the_rule(votes)
    assert np.abs(found.ratings() - ratings).max() < 0.5
    assert list(weights.values()) == pytest.approx(expected, abs=1e-3)
    assert weights["tokens"] == pytest.approx(0.8 * 0.8, abs=0.1)  # a fifth are ties
    assert abs(weights["headers"]) < 0.1


def test_intervals_are_those_of_a_general_model() -> None:
    votes = styled(4_000, 5, taste=0.8)
    found, _ = fit_styled(votes)
    design = np.zeros((len(votes.scores), 5))
    design[np.arange(len(design)), votes.a] += 1
    design[np.arange(len(design)), votes.b] -= 1
    shift = np.vstack([np.eye(4), -np.ones(4)])
    glm = sm.GLM(
        votes.scores, np.column_stack([design @ shift, votes.features]), sm.families.Binomial()
    ).fit(tol=1e-12, cov_type="HC0")
    errors = SCALE * np.sqrt(np.diag(shift @ glm.cov_params()[:4, :4] @ shift.T))
    assert np.abs(found.errors() - errors).max() < 0.5


def test_looks_that_never_differ_change_nothing() -> None:
    votes = games(5, 1_500)
    plain = fit(kept(Counts.of(votes)))
    place = {name: index for index, name in enumerate(plain.models)}
    same = Style(7, 1, 0, 3)
    found, weights = fit_styled(
        Styled(
            plain.models,
            np.array([place[each.model_a] for each in votes]),
            np.array([place[each.model_b] for each in votes]),
            np.array([{"model_a": 1.0, "model_b": 0.0}.get(v.winner, 0.5) for v in votes]),
            features_of([(same, same)] * len(votes)),
        )
    )
    assert found.ratings() == pytest.approx(plain.ratings(), abs=1e-4)
    assert found.errors() == pytest.approx(plain.errors(), abs=1e-4)
    assert set(weights.values()) == {0.0}


def test_only_ties_and_only_wins_end_all_the_same() -> None:
    a, b = np.zeros(3, np.int64), np.ones(3, np.int64)
    ties, _ = fit_styled(Styled(("x", "y"), a, b, np.full(3, 0.5), np.zeros((3, 4))))
    assert ties.ratings().tolist() == [1000, 1000]
    wins, _ = fit_styled(Styled(("x", "y"), a, b, np.ones(3), np.zeros((3, 4))))
    assert np.isfinite(wins.ratings()).all()


def test_features_are_shares_without_a_middle() -> None:
    sides = [(Style(30, 0, 2, 0), Style(10, 0, 0, 0)), (Style(10, 0, 0, 0), Style(30, 0, 2, 0))]
    assert features_of(sides).tolist() == [[1, 0, 1, 0], [-1, 0, -1, 0]]
    assert features_of([]).shape == (0, 4)
    mixed = features_of([*sides, (Style(5, 1), Style(1, 1)), (Style(), Style())])
    assert mixed.mean(axis=0) == pytest.approx([0] * 4)
    assert mixed.std(axis=0) == pytest.approx([1, 0, 1, 0])


def test_voters_who_like_length_do_not_make_a_model_better() -> None:
    votes = styled(6_000, 4, taste=1.0)
    plain = fit(
        Counts.of(
            Game(
                votes.models[a],
                votes.models[b],
                "tie" if score == 0.5 else "model_a" if score else "model_b",
            )
            for a, b, score in zip(votes.a, votes.b, votes.scores, strict=True)
        )
    )
    true = np.linspace(0.8, -0.8, 4) * SCALE * 0.8  # a fifth of all votes are ties
    found, _ = fit_styled(votes)
    assert off(found, true) < off(plain, true) / 2


def off(found: Fit, true: np.ndarray) -> float:
    return float(np.abs(found.ratings() - 1000 - true).max())


@pytest.mark.parametrize(
    ("text", "headers", "lists", "bold"),
    [
        ("", 0, 0, 0),
        ("# One\n####### seven\n#none\n##\n\nx", 1, 0, 0),
        ("- a\n  * b\n+ c\n1. d\n2) e\n-none\n1.none", 0, 5, 0),
        ("**a** and __b__ but ** not ** nor ****", 0, 0, 2),
        ("**a\nb**", 0, 0, 0),
        ("~~~\n# no\n```\n- no\n~~~\n- yes", 0, 1, 0),
        ("````\n```\n# no\n# no\n````\n# yes", 1, 0, 0),
        ("```never closed\n- no\n**no**", 0, 0, 0),
    ],
)
def test_marks_are_counted_line_by_line(text: str, headers: int, lists: int, bold: int) -> None:
    found = style_of(text)
    assert (found.headers, found.lists, found.bold) == (headers, lists, bold)


def test_a_text_that_is_all_fences_takes_no_time() -> None:
    assert style_of("```x\n" * 200_000).lists == 0
    assert style_of("**a" * 200_000).bold < 200_000
