"""Bradley-Terry ratings from counts, with intervals.

R. A. Bradley and M. E. Terry, "Rank analysis of incomplete block designs", Biometrika 39 (1952).
The interval is that of the sandwich estimator (P. J. Huber, 1967; H. White, Econometrica 50,
1982): pinv(H) G pinv(H). Both H and G follow from counts alone, so no vote is looked at twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, log1p
from typing import Literal

import numpy as np

from application.evaluation.votes import Counts, Floats, Integers

Ties = Literal["half", "drop_both_bad", "drop_all"]
TIES: tuple[Ties, ...] = ("half", "drop_both_bad", "drop_all")
MIDDLE = 1000.0
SCALE = 400.0 / log(10.0)
Z95 = 1.959963984540054
STEPS_MAX = 100
TOLERANCE = 1e-9
PAIR_VOTES_MIN = 50.0
RIDGE = 1e-9
# Of the outcomes in order: how much of a win it is for the first model.
SCORES: Floats = np.array([1.0, 0.0, 0.5, 0.5])
KEPT: dict[Ties, Floats] = {
    "half": np.array([1.0, 1.0, 1.0, 1.0]),
    "drop_both_bad": np.array([1.0, 1.0, 1.0, 0.0]),
    "drop_all": np.array([1.0, 1.0, 0.0, 0.0]),
}


@dataclass(frozen=True, slots=True)
class Fit:
    """Strengths (M,) on the scale of logits, with mean 0, and their covariance (M, M)."""

    models: tuple[str, ...]
    strengths: Floats
    covariance: Floats

    def ratings(self, anchor: tuple[str, float] | None = None) -> Floats:
        """Ratings; an anchor says what one model has."""
        found: Floats = MIDDLE + SCALE * centred(self.strengths)
        if anchor is None:
            return found
        return found + (anchor[1] - float(found[self.models.index(anchor[0])]))

    def errors(self) -> Floats:
        """Standard errors of the ratings."""
        found: Floats = SCALE * np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        return found


def centred(strengths: Floats) -> Floats:
    """The same strengths with mean 0; none stay none."""
    return strengths - strengths.mean() if len(strengths) else strengths


def kept(counts: Counts, ties: Ties = "half") -> Counts:
    """Counts as a policy on ties has them."""
    return counts.with_counts(counts.n * KEPT[ties])


def even_weights(counts: Counts) -> Floats:
    """1 / max(votes of the pair, 50), (P, 1): what a vote weighs where pairs weigh the same."""
    found: Floats = 1.0 / np.maximum(counts.n.sum(axis=1, keepdims=True), PAIR_VOTES_MIN)
    return found


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x))."""
    found: Floats = 0.5 * (1.0 + np.tanh(0.5 * x))
    return found


def laplacian(counts: Counts, weights: Floats) -> Floats:
    """The matrix (M, M) of pairs with these weights (P,)."""
    size = len(counts.models)
    cells = sums(counts.a * size + counts.b, weights, size**2).reshape(size, size)
    across = cells + cells.T
    found: Floats = np.diag(across.sum(axis=1)) - across
    return found


def sums(places: Integers, values: Floats, size: int) -> Floats:
    """The sum of the values of each place."""
    found: Floats = np.bincount(places, values, size).astype(np.float64)
    return found


def scale_of(bend: Floats) -> float:
    """How large the numbers of a Laplacian are; 1 where all are 0."""
    return float(bend.diagonal().max(initial=0.0)) or 1.0


def solid(bend: Floats) -> Floats:
    """A Laplacian that can be inverted: strengths have mean 0, and parts that never met, too."""
    size, scale = len(bend), scale_of(bend)
    found = bend + scale / size
    found[np.diag_indices(size)] += RIDGE * scale
    return found


def pseudo_inverse(bend: Floats) -> Floats:
    """That of the Laplacian of a connected graph: (L + J/M)^-1 - J/M, J all ones.

    Unlike by singular values, it never depends on which of them is taken for zero. J has the
    scale of L, so that small weights lose no digits.
    """
    size, scale = len(bend), scale_of(bend)
    found = np.asarray(np.linalg.inv(bend + scale / size), np.float64)
    return found - 1.0 / (scale * size)


def gradient(counts: Counts, strengths: Floats) -> Floats:
    """Of the log-likelihood, by strength."""
    chance = sigmoid(strengths[counts.a] - strengths[counts.b])
    pull = counts.n @ SCORES - counts.n.sum(axis=1) * chance
    size = len(counts.models)
    return sums(counts.a, pull, size) - sums(counts.b, pull, size)


def strengths_of(counts: Counts, start: Floats | None = None) -> Floats:
    """The strengths that make the votes most likely, by damped Newton steps.

    A step that moves no gap by more than r is taken by log(1 + r) / r: the logistic function is
    self-concordant enough (F. Bach, Electronic Journal of Statistics 4, 2010) that each such step
    is uphill, wherever it starts, and near the top it is a whole one.
    """
    size = len(counts.models)
    now = np.zeros(size) if start is None else centred(start)
    if not size:
        return now
    total = counts.n.sum(axis=1)
    for _ in range(STEPS_MAX):
        chance = sigmoid(now[counts.a] - now[counts.b])
        bend = laplacian(counts, total * chance * (1.0 - chance))
        step = np.linalg.solve(solid(bend), gradient(counts, now))
        reach = float(np.abs(step[counts.a] - step[counts.b]).max(initial=0.0))
        if reach > 0.0:
            now = centred(now + step * (log1p(reach) / reach))
        if reach < TOLERANCE:
            break
    return now


def fit(counts: Counts, start: Floats | None = None, *, squares: Floats | None = None) -> Fit:
    """Strengths with their sandwich covariance.

    `squares`: where counts are sums of weights, the sums of their squares (P, 4).
    """
    if not counts.models:
        return Fit((), np.zeros(0), np.zeros((0, 0)))
    strengths = strengths_of(counts, start)
    chance = sigmoid(strengths[counts.a] - strengths[counts.b])
    bend = laplacian(counts, counts.n.sum(axis=1) * chance * (1.0 - chance))
    spread = counts.n if squares is None else squares
    meat = laplacian(counts, (spread * (SCORES - chance[:, None]) ** 2).sum(axis=1))
    inverse = pseudo_inverse(bend)
    return Fit(counts.models, strengths, inverse @ meat @ inverse)


def fit_even(counts: Counts, ties: Ties) -> Fit:
    """A fit in which each pair weighs the same however often it met, with honest intervals."""
    plain = kept(counts, ties)
    weights = even_weights(plain)
    return fit(plain.with_counts(plain.n * weights), squares=plain.n * weights**2)


def interval(ratings: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """Lower and upper ends that hold 95 % under a normal distribution."""
    return ratings - Z95 * errors, ratings + Z95 * errors
