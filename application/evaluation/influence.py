"""The votes whose removal would move a model most."""

from dataclasses import dataclass

import numpy as np

from application.evaluation.bradley_terry import (
    SCALE,
    SCORES,
    laplacian,
    pseudo_inverse,
    sigmoid,
    strengths_of,
)
from application.evaluation.identified import identified
from application.evaluation.votes import OUTCOMES, Counts, Floats, Outcome

MOST = 50


@dataclass(frozen=True, slots=True)
class Pull:
    """What one of so many equal votes, of a pair and an outcome, does to a model's rating.

    `change` is how far the rating moves when it is taken away.
    """

    model_a: str
    model_b: str
    winner: Outcome
    votes: int
    change: float


def pulls(counts: Counts, model: str) -> list[Pull]:
    """The votes that move a model most, largest first; none for one that has no rating."""
    counts = counts.only(identified(counts))
    if model not in counts.models:
        return []
    change = np.where(counts.n > 0, changes(counts, counts.models.index(model)), 0.0).ravel()
    most = np.argsort(-np.abs(change), kind="stable")[:MOST].tolist()
    return [
        Pull(
            model_a=counts.models[counts.a[place // len(OUTCOMES)]],
            model_b=counts.models[counts.b[place // len(OUTCOMES)]],
            winner=OUTCOMES[place % len(OUTCOMES)],
            votes=int(counts.n.flat[place]),
            change=float(change[place]),
        )
        for place in most
        if counts.n.flat[place] > 0
    ]


def changes(counts: Counts, model: int) -> Floats:
    """By pair and outcome (P, 4), what one vote less does to a rating.

    One Newton step from the fit with all votes (D. Pregibon, Annals of Statistics 9, 1981): the
    vote's own part of the information, its leverage, goes with it.
    """
    strengths = strengths_of(counts)
    chance = sigmoid(strengths[counts.a] - strengths[counts.b])
    spread = chance * (1.0 - chance)
    inverse = pseudo_inverse(laplacian(counts, counts.n.sum(axis=1) * spread))
    lever = inverse[model, counts.a] - inverse[model, counts.b]
    own = np.diag(inverse)[counts.a] + np.diag(inverse)[counts.b]
    leverage = spread * (own - 2.0 * inverse[counts.a, counts.b])
    pull = -SCALE * lever / np.maximum(1.0 - leverage, 1e-9)
    found: Floats = pull[:, None] * (SCORES - chance[:, None])
    return found
