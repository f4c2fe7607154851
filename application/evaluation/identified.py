"""Which models can be compared at all."""

from collections.abc import Iterator, Sequence

import numpy as np

from application.evaluation.votes import Counts, Integers

SIZE_MIN = 2
Ways = Sequence[Sequence[int]]


def beaten(counts: Counts) -> Ways:
    """For each model whom it beat at least once; a tie counts for both."""
    found: list[list[int]] = [[] for _ in counts.models]
    for a, b, (won, lost, *ties) in zip(
        counts.a.tolist(), counts.b.tolist(), counts.n.tolist(), strict=True
    ):
        if won > 0 or any(tie > 0 for tie in ties):
            found[a].append(b)
        if lost > 0 or any(tie > 0 for tie in ties):
            found[b].append(a)
    return found


def islands(counts: Counts) -> Integers:
    """For each model the number of its island: between islands nobody compared."""
    ways: list[list[int]] = [[] for _ in counts.models]
    met = counts.n.sum(axis=1) > 0
    for a, b in zip(counts.a[met].tolist(), counts.b[met].tolist(), strict=True):
        ways[a].append(b)
        ways[b].append(a)
    found = np.zeros(len(ways), np.int64)
    for number, part in enumerate(Parts(ways)):
        found[part] = number
    return found


class Parts:
    """The strongly connected parts of a graph (R. Tarjan, SIAM J. Computing 1, 1972)."""

    def __init__(self, ways: Ways) -> None:
        self._ways = ways
        self._number = [-1] * len(ways)  # in the order of the first visit
        self._low = [0] * len(ways)  # the smallest number that is reached from here
        self._open: list[int] = []
        self._is_open = [False] * len(ways)
        self._count = 0

    def __iter__(self) -> Iterator[list[int]]:
        for root in range(len(self._ways)):
            if self._number[root] < 0:
                yield from self._from(root)

    def _from(self, root: int) -> Iterator[list[int]]:
        """All parts that are first reached from here, without recursion."""
        self._enter(root)
        path = [(root, iter(self._ways[root]))]
        while path:
            here, ways = path[-1]
            there = next((each for each in ways if self._is_news(here, each)), None)
            if there is not None:
                self._enter(there)
                path.append((there, iter(self._ways[there])))
                continue
            path.pop()
            if path:
                above = path[-1][0]
                self._low[above] = min(self._low[above], self._low[here])
            if self._low[here] == self._number[here]:
                yield self._closed(here)

    def _enter(self, here: int) -> None:
        self._number[here] = self._low[here] = self._count
        self._count += 1
        self._open.append(here)
        self._is_open[here] = True

    def _is_news(self, here: int, there: int) -> bool:
        """Whether one was never there; where one was, that may lead further back."""
        if self._number[there] < 0:
            return True
        if self._is_open[there]:
            self._low[here] = min(self._low[here], self._number[there])
        return False

    def _closed(self, first: int) -> list[int]:
        """The part that begins with `first`."""
        found = [first]
        while (each := self._open.pop()) != first:
            found.append(each)
        for each in found:
            self._is_open[each] = False
        return sorted(found)


def identified(counts: Counts) -> tuple[str, ...]:
    """The models of the largest strongly connected part; of equal ones that with more votes.

    Where votes are equal too, the part with the first name is taken. Outside of it likelihood has
    no maximum, or nothing says how far parts are from each other.
    """
    size = len(counts.models)
    total = counts.n.sum(axis=1)
    votes = np.bincount(counts.a, total, size) + np.bincount(counts.b, total, size)
    best = max(
        Parts(beaten(counts)),
        key=lambda part: (len(part), float(votes[part].sum()), -part[0]),
        default=[],
    )
    return tuple(counts.models[each] for each in best) if len(best) >= SIZE_MIN else ()
