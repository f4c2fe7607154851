"""Draws the two models of a battle. The same seed and inputs give the same draw.

`weighted` draws the first model by weight and the second by weight among the rest, with pairs of
targets preferred, as FastChat's arena does; `informative` prefers the pairs whose next vote is
expected to narrow intervals most.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from application.evaluation.bradley_terry import laplacian, pseudo_inverse, sigmoid
from application.evaluation.voters import smoothed_strengths
from application.evaluation.votes import Counts, Floats, Outcome

VERSION = 1
BOOST = 5.0
SHARE_MIN = 0.05
HALF = 0.5
PAIRS_MIN = 2


@dataclass(frozen=True, slots=True)
class Pool:
    """Who may be drawn. `weights`: 1 where left out; `targets` are drawn BOOST times as often.

    `outages` are never drawn; `rivals` names whom a target meets more often than others.
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
    total = sum(pool.weight(each) for each in pool.live)

    def chance(first: str, second: str) -> float:
        rest = sum(each_weight(first, each) for each in pool.live if each != first)
        return pool.weight(first) / total * each_weight(first, second) / rest

    def each_weight(first: str, second: str) -> float:
        return pool.weight(second) * (BOOST if second in pool.rivals.get(first, ()) else 1.0)

    found = np.array([chance(a, b) + chance(b, a) for a, b in pairs], np.float64)
    return found / float(found.sum())


def informative(pairs: Sequence[tuple[str, str]], counts: Counts) -> Floats:
    """The chance of each pair by how much one more vote narrows intervals, with a least share.

    A vote between i and j adds p(1-p)(e_i - e_j)(e_i - e_j)' to the information. By Sherman and
    Morrison the sum of all variances falls by p(1-p) |C d|^2 / (1 + p(1-p) d'Cd), with d = e_i -
    e_j and C the covariance; that is taken for the fall of the widths. Half a vote between all
    pairs keeps C finite where nobody voted yet.
    """
    models = sorted({name for pair in pairs for name in pair})
    rows: list[tuple[str, str, Outcome, float]] = [(a, b, "tie", 0.5) for a, b in pairs]
    known = counts.only(models)
    met = zip(known.a.tolist(), known.b.tolist(), known.n.sum(axis=1).tolist(), strict=True)
    rows += [(known.models[a], known.models[b], "tie", n) for a, b, n in met]
    every = Counts.of_rows(rows)
    place = {name: index for index, name in enumerate(every.models)}
    strengths = _strengths(known, models, place)
    chance = sigmoid(strengths[every.a] - strengths[every.b])
    bend = laplacian(every, every.n.sum(axis=1) * chance * (1.0 - chance))
    covariance = pseudo_inverse(bend)
    gains = np.empty(len(pairs))
    for index, (first, second) in enumerate(pairs):
        i, j = place[first], place[second]
        p = float(sigmoid(np.array([strengths[i] - strengths[j]]))[0])
        narrow = covariance[:, i] - covariance[:, j]
        alone = p * (1.0 - p)
        gains[index] = alone * float(narrow @ narrow) / (1.0 + alone * float(narrow[i] - narrow[j]))
    return with_least_share(gains / gains.sum() if gains.sum() > 0 else np.ones(len(pairs)))


def with_least_share(chances: Floats) -> Floats:
    """Chances of which none is below 5 % of what an even draw would give it."""
    even = 1.0 / len(chances)
    mixed: Floats = SHARE_MIN * even + (1.0 - SHARE_MIN) * chances / chances.sum()
    return mixed


def _strengths(known: Counts, models: Sequence[str], place: Mapping[str, int]) -> Floats:
    """Strengths of those who met, 0 for the others."""
    found = np.zeros(len(models))
    if known.models:
        for name, strength in zip(known.models, smoothed_strengths(known, None), strict=True):
            found[place[name]] = strength
    return found
