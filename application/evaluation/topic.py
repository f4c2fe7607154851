"""Votes weighed by how near their battle is to a topic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from application.evaluation.bradley_terry import Fit, Ties, fit, kept
from application.evaluation.identified import identified
from application.evaluation.votes import OUTCOMES, Counts, Floats, Integers


@dataclass(frozen=True, slots=True)
class Weighed:
    """Votes one by one: models and outcome by place (V,), and weights (V,)."""

    models: tuple[str, ...]
    a: Integers
    b: Integers
    outcomes: Integers
    weights: Floats


def weights_of(topic: Floats, battles: Floats) -> Floats:
    """max(0, cosine) of a topic (D,) with each battle (V, D)."""
    length = np.linalg.norm(battles, axis=1) * np.linalg.norm(topic)
    near = np.divide(battles @ topic, length, out=np.zeros(len(battles)), where=length > 0)
    found: Floats = np.clip(near, 0.0, 1.0)
    return found


def effective_size(weights: Floats) -> float:
    """(sum w)^2 / sum w^2: how many equal votes would say as much (L. Kish, 1965)."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def fit_weighed(votes: Weighed, ties: Ties = "half") -> Fit:
    """Ratings from weighed votes; each vote's part of the spread is the square of its weight."""
    counts = kept(summed(votes, votes.weights), ties)
    squares = kept(summed(votes, votes.weights**2), ties)
    names = identified(counts)
    return fit(counts.only(names), squares=squares.only(names).n)


def summed(votes: Weighed, weights: Floats) -> Counts:
    """The sums of weights by pair and outcome; votes of the same pair share a row."""
    size, kinds = len(votes.models), len(OUTCOMES)
    turned = votes.a > votes.b
    low, high = np.minimum(votes.a, votes.b), np.maximum(votes.a, votes.b)
    seen = np.where(turned & (votes.outcomes < 2), 1 - votes.outcomes, votes.outcomes)  # noqa: PLR2004
    apart = low < high
    pairs, rows = np.unique((low * size + high)[apart], return_inverse=True)
    cells = rows * kinds + seen[apart]
    n = np.bincount(cells, weights[apart], len(pairs) * kinds).astype(np.float64)
    return Counts(votes.models, pairs // max(size, 1), pairs % max(size, 1), n.reshape(-1, kinds))
