"""Which models can be compared at all."""

import numpy as np
from numpy.typing import NDArray

from application.evaluation.votes import Counts

SIZE_MIN = 2


def reached(counts: Counts) -> NDArray[np.bool_]:
    """Who leads to whom (M, M): from winner to loser, ties both ways, over any number of others."""
    size = len(counts.models)
    beaten = np.eye(size, dtype=np.float32)
    ties = counts.n[:, 2:].sum(axis=1) > 0
    won, lost = (counts.n[:, 0] > 0) | ties, (counts.n[:, 1] > 0) | ties
    beaten[counts.a[won], counts.b[won]] = 1.0
    beaten[counts.b[lost], counts.a[lost]] = 1.0
    while True:  # each turn doubles how many steps are known
        further = np.minimum(beaten @ beaten, 1.0)
        if np.array_equal(further, beaten):
            return beaten > 0
        beaten = further


def identified(counts: Counts) -> tuple[str, ...]:
    """The models of the largest strongly connected part; of equal ones that with more votes.

    Outside of it likelihood has no maximum, or nothing says how far parts are from each other.
    """
    if not counts.models:
        return ()
    ways = reached(counts)
    parts = np.unique(ways & ways.T, axis=0)
    size = len(counts.models)
    total = counts.n.sum(axis=1)
    votes = np.bincount(counts.a, total, size) + np.bincount(counts.b, total, size)
    best = max(parts, key=lambda part: (part.sum(), votes[part].sum(), -int(part.argmax())))
    if best.sum() < SIZE_MIN:
        return ()
    return tuple(counts.models[each] for each in np.flatnonzero(best))
