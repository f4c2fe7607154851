"""Puts texts of many lengths into runs of a model that waste little."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]

TOKENS_EACH = 512  # more at once takes more memory, and is not faster


def runs(rows: Sequence[Sequence[int]], tokens_max: int = TOKENS_EACH) -> Iterator[list[int]]:
    """Which rows to compute together, those of one length beside each other."""
    run: list[int] = []
    for place in sorted(range(len(rows)), key=lambda each: len(rows[each])):
        if run and len(rows[place]) * (len(run) + 1) > tokens_max:
            yield run
            run = []
        run.append(place)
    if run:
        yield run


def padded(rows: Sequence[Sequence[int]], filler: int = 0) -> Ids:
    """Rows as one array."""
    filled = np.full((len(rows), max(map(len, rows))), filler, np.int64)
    for place, row in enumerate(rows):
        filled[place, : len(row)] = row
    return filled
