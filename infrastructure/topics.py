"""Which topic of the log is which class of the domain."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

import domain
from domain.aggregate import Aggregate, topic_of


def aggregates() -> Iterator[type[Aggregate]]:
    """All kinds of aggregates the domain has."""
    for module in iter_modules(domain.__path__):
        import_module(f"domain.{module.name}")
    for kind in Aggregate.__subclasses__():
        if kind.__module__.startswith("domain."):
            yield kind


def events_of(kind: type[Aggregate]) -> Iterator[type[Aggregate.Event]]:
    """All kinds of events an aggregate has."""
    for each in vars(kind).values():
        if isinstance(each, type) and issubclass(each, Aggregate.Event) and "TOPIC" in vars(each):
            yield each


@cache
def topics() -> MappingProxyType[str, tuple[type[Aggregate.Event], type[Aggregate]]]:
    """Event class and aggregate class of every topic there is."""
    return MappingProxyType(
        {topic_of(event): (event, kind) for kind in aggregates() for event in events_of(kind)}
    )
