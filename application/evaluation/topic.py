"""Votes weighed by how near their battle is to a topic."""

from dataclasses import dataclass

import numpy as np

from application.evaluation.bradley_terry import KEPT, Fit, Ties, fit
from application.evaluation.votes import OUTCOMES, Counts, Floats, Integers, Outcome


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
    found: Floats = np.maximum(near, 0.0)
    return found


def effective_size(weights: Floats) -> float:
    """(sum w)^2 / sum w^2: how many equal votes would say as much (L. Kish, 1965)."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def summed(votes: Weighed, weights: Floats) -> Counts:
    """The sums of weights by pair and outcome."""
    rows = zip(
        votes.a.tolist(),
        votes.b.tolist(),
        votes.outcomes.tolist(),
        weights.tolist(),
        strict=True,
    )
    names = votes.models
    return Counts.of_rows((names[a], names[b], outcome(o), w) for a, b, o, w in rows if w > 0)


def outcome(place: int) -> Outcome:
    """An outcome by its place."""
    return OUTCOMES[place]


def fit_weighed(counts: Counts, squares: Counts, ties: Ties) -> Fit:
    """Ratings from sums of weights, their intervals from the sums of squares."""
    return fit(counts.with_counts(counts.n * KEPT[ties]), squares=squares.n * KEPT[ties])
