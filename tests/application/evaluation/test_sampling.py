"""Who is drawn, and how often."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from application.evaluation.bradley_terry import laplacian, pseudo_inverse, sigmoid, strengths_of
from application.evaluation.sampling import Pool, draw, informative, weighted
from application.evaluation.votes import Counts, Floats, Game
from tests.application.evaluation.worlds import games, names

PAIRS = list(combinations(names(4), 2))


def test_chances_are_how_often_pairs_are_drawn() -> None:
    pool = Pool(
        names(4),
        weights={"model-00": 3.0},
        targets=["model-01"],
        rivals={"model-02": ["model-03", "elsewhere"]},
    )
    expected = weighted(pool, PAIRS)
    drawn = [draw(pool, seed) for seed in range(4_000)]
    seen = Counter(tuple(sorted((each.model_a, each.model_b))) for each in drawn)
    for pair, chance in zip(PAIRS, expected, strict=True):
        assert seen[pair] / 4_000 == pytest.approx(chance, abs=0.03)
    assert {each.probability for each in drawn} <= set(expected.tolist())
    first = sum(each.model_a < each.model_b for each in drawn)
    assert 1_850 < first < 2_150


def test_a_rival_is_met_in_half_of_the_battles() -> None:
    rivals = {
        "model-02": ["model-03", "model-04"],
        "elsewhere": ["model-00"],
        "model-05": ["elsewhere"],
    }
    pool = Pool(names(40), rivals=rivals)
    pairs = list(combinations(names(40), 2))
    chances = dict(zip(pairs, weighted(pool, pairs), strict=True))
    for rival in ("model-03", "model-04"):
        ours = chances["model-02", rival]
        assert ours == pytest.approx(1 / 40 * 20 / (40 + 37) + 1 / 40 / 39)
    assert sum(chances.values()) == pytest.approx(1)


def test_an_outage_ends_even_a_boost() -> None:
    pool = Pool(names(3), targets=["model-01"], outages=["model-01"])
    assert {draw(pool, seed).probability for seed in range(20)} == {1.0}


def widths(counts: Counts, strengths: Floats) -> Floats:
    """The widths of intervals that the information gives."""
    chance = sigmoid(strengths[counts.a] - strengths[counts.b])
    bend = laplacian(counts, counts.n.sum(axis=1) * chance * (1 - chance))
    found: Floats = np.sqrt(np.diag(pseudo_inverse(bend)))
    return found


def test_pairs_are_preferred_by_how_much_a_vote_narrows() -> None:
    votes = [each for each in games(4, 400) if "model-03" not in (each.model_a, each.model_b)]
    votes += [Game("model-03", "model-02", "tie")] * 40
    chances = informative(PAIRS, Counts.of(votes))
    some = Counts.of([*votes, *(Game(a, b, "tie") for a, b in PAIRS)])
    some = some.with_counts(some.n - [0, 0, 0.5, 0])  # half a tie between all
    strengths = strengths_of(some)
    falls = []
    for row in range(len(PAIRS)):
        more = some.n.copy()
        more[row, 0] += 1
        before, after = widths(some, strengths), widths(some.with_counts(more), strengths)
        falls.append(float((before - after).sum()))
    expected = 0.05 + 0.7 * np.array(falls) / sum(falls)
    assert chances == pytest.approx(expected, abs=0.002)


@pytest.mark.parametrize("models", [2, 4, 7, 30])
def test_no_live_pair_is_forgotten(models: int) -> None:
    pairs = list(combinations(names(models), 2))
    chances = informative(pairs, Counts.of(games(models, 4_000)))
    assert chances.min() >= min(0.05, 0.5 / len(pairs)) - 1e-12
    assert chances.sum() == pytest.approx(1)


def test_an_informative_draw_can_be_done_again() -> None:
    counts = Counts.of([*games(4, 300), *(Game("gone", name, "tie") for name in names(4))])
    pool = Pool(names(4), outages=["model-03"])
    for seed in range(20):
        one = draw(pool, seed, sampler="informative", counts=counts)
        assert one == draw(pool, seed, sampler="informative", counts=counts)
        assert {one.model_a, one.model_b} <= set(names(3))
