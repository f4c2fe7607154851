"""Draws the two models of a battle. The same seed and inputs give the same draw.

`weighted` draws the first model by weight and the second by weight among the rest, where rivals
of the first get half of the chances, as in FastChat's arena; `informative` prefers the pairs whose
next vote is expected to narrow intervals most.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from application.evaluation.bradley_terry import laplacian, pseudo_inverse, sigmoid, strengths_of
from application.evaluation.votes import OUTCOMES, Counts, Floats, Integers

VERSION = 1
BOOST = 5.0
SHARE_MIN = 0.05
HALF = 0.5
PAIRS_MIN = 2
PRIOR_VOTES = 0.5


@dataclass(frozen=True, slots=True)
class Pool:
    """Who may be drawn. `weights`: 1 where left out; `targets` are drawn BOOST times as often.

    `outages` are never drawn; `rivals` names whom a model meets in half of its battles.
    """

    models: Sequence[str]
    weights: Mapping[str, float] = field(default_factory=dict)
    targets: Sequence[str] = ()
    outages: Sequence[str] = ()
    rivals: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def weight(self, model: str) -> float:
        """How often a model is drawn, next to others."""
        if model in self.outages:
            return 0.0
        return max(self.weights.get(model, 1.0), 0.0) * (BOOST if model in self.targets else 1.0)

    @property
    def live(self) -> list[str]:
        """Those that can be drawn, in the order of their names."""
        return sorted(each for each in set(self.models) if self.weight(each) > 0)


@dataclass(frozen=True, slots=True)
class Pair:
    """A draw: who stands where, and how likely this pair was, whichever way round."""

    model_a: str
    model_b: str
    probability: float


class TooFew(ValueError):
    """There are not enough models to draw from."""


def draw(pool: Pool, seed: int, *, sampler: str = "weighted", counts: Counts | None = None) -> Pair:
    """Draw two models and who stands on which side."""
    live = pool.live
    if len(live) < PAIRS_MIN:
        raise TooFew("A battle needs two models that can be drawn.")
    pairs = list(combinations(live, 2))
    if sampler == "informative" and counts is not None:
        chances = informative(pairs, counts)
    else:
        chances = weighted(pool, pairs)
    dice = random.Random(seed)  # noqa: S311 (a draw that can be repeated, no secret)
    index = dice.choices(range(len(pairs)), chances.tolist())[0]
    first, second = pairs[index]
    if dice.random() < HALF:
        first, second = second, first
    return Pair(first, second, float(chances[index]))


def draw_one(pool: Pool, seed: int) -> tuple[str, float]:
    """Draw one model, and how likely it was."""
    live = pool.live
    if not live:
        raise TooFew("There is no model that can be drawn.")
    weights = [pool.weight(each) for each in live]
    chosen = random.Random(seed).choices(live, weights)[0]  # noqa: S311
    return chosen, pool.weight(chosen) / sum(weights)


def weighted(pool: Pool, pairs: Sequence[tuple[str, str]]) -> Floats:
    """The chance of each pair: one model by weight, then the other by weight among the rest."""
    live = pool.live
    place = {name: index for index, name in enumerate(live)}
    weights = np.array([pool.weight(each) for each in live])
    others = np.tile(weights, (len(live), 1))
    for name, rivals in pool.rivals.items():
        known = [place[each] for each in rivals if each in place]
        if name in place and known:
            others[place[name], known] = weights.sum() / len(known)
    np.fill_diagonal(others, 0.0)
    ordered = weights[:, None] * others / others.sum(axis=1, keepdims=True)
    a, b = places_of(pairs, place)
    found: Floats = ordered[a, b] + ordered[b, a]
    return found / float(found.sum())


def informative(pairs: Sequence[tuple[str, str]], counts: Counts) -> Floats:
    """The chance of each pair by how much one more vote narrows intervals, with a least share.

    Both names of a pair stand in their order, as in `combinations(sorted(models), 2)`.

    A vote between i and j adds q (e_i - e_j)(e_i - e_j)' to the information, q = p(1-p). By
    Sherman and Morrison the variance of model k falls by q (Cd)_k^2 / (1 + q d'Cd), with d = e_i -
    e_j and C the covariance, and the width of its interval by that over 2 sqrt(C_kk). Half a tie
    between all pairs keeps C finite where nobody voted yet.
    """
    known = with_prior(pairs, counts)
    strengths = strengths_of(known)
    chance = sigmoid(strengths[known.a] - strengths[known.b])
    bend = laplacian(known, known.n.sum(axis=1) * chance * (1.0 - chance))
    spread = pseudo_inverse(bend)
    falls = spread @ (spread / (2.0 * np.sqrt(np.diag(spread)))[:, None])
    q = chance * (1.0 - chance)
    gains = q * across(falls, known) / (1.0 + q * across(spread, known))
    return with_least_share(gains / gains.sum())


def with_prior(pairs: Sequence[tuple[str, str]], counts: Counts) -> Counts:
    """Counts of these pairs, in their order, with half a tie each."""
    models = tuple(sorted({name for pair in pairs for name in pair}))
    a, b = places_of(pairs, {name: index for index, name in enumerate(models)})
    row = np.full((len(models), len(models)), -1)
    row[a, b] = np.arange(len(pairs))
    n = np.zeros((len(pairs), len(OUTCOMES)))
    n[:, 2] = PRIOR_VOTES
    known = counts.only(models)
    to = np.searchsorted(models, known.models) if known.models else np.zeros(0, np.int64)
    rows = row[to[known.a], to[known.b]]
    n[rows[rows >= 0]] += known.n[rows >= 0]
    return Counts(models, a, b, n)


def places_of(
    pairs: Sequence[tuple[str, str]], place: Mapping[str, int]
) -> tuple[Integers, Integers]:
    """Pairs of names as places."""
    found = np.array([(place[a], place[b]) for a, b in pairs], np.int64)
    return found[:, 0], found[:, 1]


def across(matrix: Floats, pairs: Counts) -> Floats:
    """What d'Md is for each pair, with d = e_a - e_b."""
    a, b = pairs.a, pairs.b
    found: Floats = matrix[a, a] + matrix[b, b] - 2.0 * matrix[a, b]
    return found


def with_least_share(chances: Floats) -> Floats:
    """Chances of which none is below 5 %; of many pairs, none below half of an even share."""
    least = min(SHARE_MIN, HALF / len(chances))
    found: Floats = least + (1.0 - least * len(chances)) * chances
    return found
