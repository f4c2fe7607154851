"""Intervals by drawing the votes again and again (B. Efron, Annals of Statistics 7, 1979)."""

import numpy as np

from application.evaluation.bradley_terry import MIDDLE, SCALE, strengths_of
from application.evaluation.votes import Counts, Floats

ROUNDS_MAX = 1_000
ENDS = (2.5, 97.5)


def bootstrap(
    counts: Counts,
    strengths: Floats,
    *,
    rounds: int,
    seed: int,
    weights: Floats | None = None,
) -> Floats:
    """The 2.5 and 97.5 percentiles (2, M) of ratings over `rounds` draws of as many votes.

    Votes that have the same pair and outcome are alike, so counts are drawn (multinomial).
    `weights` (P, 1): what a vote of each pair weighs. In a draw a model may win or lose all its
    votes; half a vote spread over all that were cast keeps it finite.
    """
    random = np.random.default_rng(seed)
    shares = counts.n.ravel() / counts.total
    found = np.empty((rounds, len(counts.models)))
    for index in range(rounds):
        drawn = random.multinomial(round(counts.total), shares) + 0.5 * shares
        n = drawn.reshape(counts.n.shape)
        some = counts.with_counts(n if weights is None else n * weights)
        found[index] = MIDDLE + SCALE * strengths_of(some, strengths)
    ends: Floats = np.percentile(found, ENDS, axis=0)
    return ends
