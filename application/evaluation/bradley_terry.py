"""Bradley-Terry ratings from counts, with intervals.

R. A. Bradley and M. E. Terry, "Rank analysis of incomplete block designs", Biometrika 39 (1952).
The interval is that of the sandwich estimator (P. J. Huber, 1967; H. White, Econometrica 50,
1982): pinv(H) G pinv(H). Both H and G follow from counts alone, so no vote is looked at twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Literal

import numpy as np

from application.evaluation.votes import Counts, Floats

Ties = Literal["half", "drop_both_bad", "drop_all"]
TIES: tuple[Ties, ...] = ("half", "drop_both_bad", "drop_all")
MIDDLE = 1000.0
SCALE = 400.0 / log(10.0)
Z95 = 1.959963984540054
STEPS_MAX = 100
TOLERANCE = 1e-10
PAIR_VOTES_MIN = 50.0
RIDGE = 1e-9
# Of the outcomes in order: how much of a win it is for the first model.
SCORES: Floats = np.array([1.0, 0.0, 0.5, 0.5])
KEPT = {
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


def kept(counts: Counts, ties: Ties = "half", *, even: bool = False) -> Counts:
    """Counts as a policy on ties has them; `even` has each pair weigh 1 / max(its votes, 50)."""
    n = counts.n * KEPT[ties]
    if even:
        n = n / np.maximum(n.sum(axis=1, keepdims=True), PAIR_VOTES_MIN)
    return counts.with_counts(n)


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x))."""
    found: Floats = 0.5 * (1.0 + np.tanh(0.5 * x))
    return found


def laplacian(counts: Counts, weights: Floats) -> Floats:
    """The matrix (M, M) of pairs with these weights (P,)."""
    size = len(counts.models)
    found = np.zeros((size, size))
    np.add.at(found, (counts.a, counts.b), -weights)
    np.add.at(found, (counts.b, counts.a), -weights)
    found[np.diag_indices(size)] -= found.sum(axis=1)
    return found


def solid(bend: Floats) -> Floats:
    """A Laplacian that can be inverted: strengths have mean 0, and parts that never met, too."""
    size = len(bend)
    found = bend + 1.0 / size
    found[np.diag_indices(size)] += RIDGE * max(float(bend.diagonal().max()), 1.0)
    return found


def pseudo_inverse(bend: Floats) -> Floats:
    """That of the Laplacian of a connected graph: (L + J/M)^-1 - J/M, J all ones.

    Unlike by singular values, it never depends on which of them is taken for zero.
    """
    size = len(bend)
    return np.asarray(np.linalg.inv(bend + 1.0 / size), np.float64) - 1.0 / size


def gradient(counts: Counts, strengths: Floats) -> Floats:
    """Of the log-likelihood, by strength."""
    chance = sigmoid(strengths[counts.a] - strengths[counts.b])
    pull = counts.n @ SCORES - counts.n.sum(axis=1) * chance
    size = len(counts.models)
    found = np.zeros(size)
    np.add.at(found, counts.a, pull)
    np.add.at(found, counts.b, -pull)
    return found


def strengths_of(counts: Counts, start: Floats | None = None) -> Floats:
    """The strengths that make the votes most likely, by Newton's method with halved steps."""
    size = len(counts.models)
    now = np.zeros(size) if start is None else centred(start)
    if not size:
        return now
    total = counts.n.sum(axis=1)
    best = likelihood(counts, now)
    for _ in range(STEPS_MAX):
        chance = sigmoid(now[counts.a] - now[counts.b])
        bend = laplacian(counts, total * chance * (1.0 - chance))
        step = np.linalg.solve(solid(bend), gradient(counts, now))
        while True:
            there = now + step
            value = likelihood(counts, there)
            if value >= best - TOLERANCE or np.abs(step).max() < TOLERANCE:
                break
            step = step / 2.0
        now, best = centred(there), value
        if np.abs(step).max() < TOLERANCE:
            break
    return now


def likelihood(counts: Counts, strengths: Floats) -> float:
    """The logarithm of how likely the votes are."""
    gap = strengths[counts.a] - strengths[counts.b]
    won = counts.n @ SCORES
    lost = counts.n.sum(axis=1) - won
    return float(-(won * np.logaddexp(0.0, -gap) + lost * np.logaddexp(0.0, gap)).sum())


def fit(counts: Counts, start: Floats | None = None, *, squares: Floats | None = None) -> Fit:
    """Strengths with their sandwich covariance.

    `squares`: where counts are sums of weights, the sums of their squares; else those of counts
    that were weighted pair by pair follow from `counts`, each vote weighing the same.
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
    """A fit in which each pair weighs 1 / max(its votes, 50), with honest intervals."""
    plain = kept(counts, ties)
    weight = 1.0 / np.maximum(plain.n.sum(axis=1, keepdims=True), PAIR_VOTES_MIN)
    return fit(plain.with_counts(plain.n * weight), squares=plain.n * weight**2)


def interval(ratings: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """Lower and upper ends that hold 95 % under a normal distribution."""
    return ratings - Z95 * errors, ratings + Z95 * errors
