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
    anchor: tuple[str, float] | None = None,
) -> tuple[Floats, Floats]:
    """The 2.5 and 97.5 percentiles of ratings over `rounds` draws of as many votes.

    Votes that have the same pair and outcome are alike, so counts are drawn (multinomial). In a
    draw a model may win or lose all its votes; there its rating ends where the steps end.
    """
    random = np.random.default_rng(seed)
    flat = counts.n.ravel()
    total = round(float(flat.sum()))
    found = np.empty((rounds, len(counts.models)))
    for index in range(rounds):
        drawn = random.multinomial(total, flat / flat.sum()).reshape(counts.n.shape)
        # Half a vote spread over all keeps models that only won or lost in the draw finite.
        some = counts.with_counts(drawn + 0.5 * counts.n / flat.sum())
        these = strengths_of(some, strengths)
        found[index] = MIDDLE + SCALE * (these - these.mean())
    if anchor is not None:
        found += anchor[1] - found[:, [counts.models.index(anchor[0])]]
    lower, upper = np.percentile(found, ENDS, axis=0)
    return lower, upper
