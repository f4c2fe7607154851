"""Ranks that only differ where intervals do."""

import numpy as np

from application.evaluation.votes import Floats, Integers


def ranks(lower: Floats, upper: Floats) -> Integers:
    """1 + how many models have their lower end above one's upper end."""
    ordered = np.sort(lower)
    found: Integers = 1 + len(lower) - np.searchsorted(ordered, upper, side="right")
    return found
