"""Agreement, against other reckonings and published numbers."""

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from application.evaluation.agreement import cohen, krippendorff

WORDS = ("model_a", "model_b", "tie", "both_bad")
PAIRS = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS)), min_size=2)


@given(PAIRS)
def test_kappa_is_that_of_statsmodels(pairs: list[tuple[str, str]]) -> None:
    table = np.zeros((4, 4))
    for one, other in pairs:
        table[WORDS.index(one), WORDS.index(other)] += 1
    found = cohen(Counter(pairs))
    assert found.pairs == len(pairs)
    assert found.raw == pytest.approx(np.trace(table) / len(pairs))
    if found.kappa is None:
        assert np.trace(table) == table.max() == len(pairs)
    else:
        with np.errstate(all="ignore"):  # its intervals, when there is no variance
            expected = cohens_kappa(table).kappa
        assert found.kappa == pytest.approx(expected)


def test_without_pairs_there_is_no_kappa() -> None:
    found = cohen({})
    assert (found.pairs, found.raw, found.kappa) == (0, None, None)


# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), nominal data: two observers
# and two values; four observers with gaps. The last is his example with three observers.
@pytest.mark.parametrize(
    ("rows", "alpha"),
    [
        (("0100000000", "1110010010"), 0.095),
        (("123321412...", "1233224125.3", ".3332342251.", "12332441251."), 0.743),
        ((".....34121133.3", "1.213343.......", "..21344.21133.4"), 0.691),
    ],
)
def test_alpha_is_as_published(rows: tuple[str, ...], alpha: float) -> None:
    items = [[each for each in column if each != "."] for column in zip(*rows, strict=True)]
    assert krippendorff(items) == pytest.approx(alpha, abs=6e-4)


ITEMS = st.lists(st.lists(st.sampled_from(WORDS), max_size=5), max_size=12)


@given(ITEMS)
def test_alpha_is_that_of_a_matrix_of_coincidences(items: list[list[str]]) -> None:
    matrix = np.zeros((4, 4))
    for verdicts in items:
        for i, one in enumerate(verdicts):
            for j, other in enumerate(verdicts):
                if i != j:
                    cell = WORDS.index(one), WORDS.index(other)
                    matrix[cell] += 1 / (len(verdicts) - 1)
    margins = matrix.sum(axis=0)
    differing = 1 - np.eye(4)
    expected = (np.outer(margins, margins) * differing).sum()
    found = krippendorff(items)
    if expected == pytest.approx(0):
        assert found is None
    else:
        observed = (matrix * differing).sum()
        assert found == pytest.approx(1 - (margins.sum() - 1) * observed / expected)


@given(st.integers(), st.integers(2, 5))
def test_chance_alone_gives_no_agreement(seed: int, people: int) -> None:
    chance = random.Random(seed)
    found = krippendorff([[chance.choice(WORDS) for _ in range(people)] for _ in range(3_000)])
    assert found == pytest.approx(0, abs=0.1)
