"""The votes whose removal would move a model most."""

from dataclasses import dataclass

from application.evaluation.bradley_terry import (
    SCALE,
    SCORES,
    laplacian,
    pseudo_inverse,
    sigmoid,
    strengths_of,
)
from application.evaluation.votes import OUTCOMES, Counts, Outcome

MOST = 50


@dataclass(frozen=True, slots=True)
class Pull:
    """How far one vote of a pair and outcome has moved a model's rating."""

    model_a: str
    model_b: str
    winner: Outcome
    votes: int
    change: float


def pulls(counts: Counts, model: str) -> list[Pull]:
    """By pair and outcome what taking one such vote away does to a rating, largest first.

    One Newton step from the fit with all votes: votes that are alike move it alike.
    """
    strengths = strengths_of(counts)
    chance = sigmoid(strengths[counts.a] - strengths[counts.b])
    spread = chance * (1.0 - chance)
    inverse = pseudo_inverse(laplacian(counts, counts.n.sum(axis=1) * spread))
    row = inverse[counts.models.index(model)]
    lever = row[counts.a] - row[counts.b]
    # Leverage of the vote itself: without it, the information is smaller by its own part.
    own = inverse[counts.a, counts.a] + inverse[counts.b, counts.b]
    own = spread * (own - 2.0 * inverse[counts.a, counts.b])
    found = [
        Pull(
            model_a=counts.models[counts.a[pair]],
            model_b=counts.models[counts.b[pair]],
            winner=OUTCOMES[place],
            votes=int(n),
            change=float(
                -SCALE * lever[pair] * (SCORES[place] - chance[pair]) / max(1.0 - own[pair], 1e-9)
            ),
        )
        for pair, cells in enumerate(counts.n)
        for place, n in enumerate(cells)
        if n > 0
    ]
    return sorted(found, key=lambda each: (-abs(each.change), each.model_a, each.model_b))[:MOST]
