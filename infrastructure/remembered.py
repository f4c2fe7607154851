"""Aggregates this process has seen lately, so that most commands need not read."""

import copy
from collections import OrderedDict
from datetime import datetime
from enum import Enum
from typing import TypeVar
from uuid import UUID

from domain.aggregate import Aggregate

A = TypeVar("A", bound=Aggregate)

PENDING = "_pending_events"
UNCHANGING = (str, int, float, bool, bytes, UUID, datetime, Enum, type(None))


class Remembered:
    """The aggregates used last; each is a true state of its stream, perhaps not the newest."""

    def __init__(self, count_max: int) -> None:
        self._count_max = count_max
        self._known: OrderedDict[UUID, Aggregate] = OrderedDict()

    def get(self, key: UUID) -> Aggregate | None:
        """What is remembered of a stream; not to be changed by whoever gets it."""
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
        return found

    def put(self, aggregate: Aggregate) -> None:
        """Remember a state without news, unless a newer one is remembered."""
        known = self._known.get(aggregate.id)
        if known is None or known.version < aggregate.version:
            self._known[aggregate.id] = aggregate
        self._known.move_to_end(aggregate.id)
        if len(self._known) > self._count_max:
            self._known.popitem(last=False)

    def forget(self, key: UUID) -> None:
        """Remember nothing of a stream."""
        self._known.pop(key, None)

    def forget_of(self, owner: UUID) -> None:
        """Remember nothing of what belongs to somebody."""
        for key in [each.id for each in self._known.values() if each.owner_id == owner]:
            del self._known[key]


def private_copy(aggregate: A) -> A:
    """An aggregate of one's own in the same state, without news. Aggregates are thin."""
    kind = type(aggregate)
    twin = kind.__new__(kind)
    twin.__dict__.update(
        {
            name: value if isinstance(value, UNCHANGING) else copy.deepcopy(value)
            for name, value in vars(aggregate).items()
            if name != PENDING
        }
    )
    twin.__dict__[PENDING] = []
    return twin
