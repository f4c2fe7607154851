"""What administrators choose for documents: where vectors lie, how texts are cut and read."""

from __future__ import annotations

from typing import Any, Self
from uuid import UUID

from domain.aggregate import Aggregate, Created

DOCUMENT_SETTINGS = UUID("5f0e6a54-6f2e-5b43-9d0a-3f3b1d5c7a20")
INNER = (  # sections inside of sections
    ("retrieval", "reranker"),
    ("drives", "google"),
    ("drives", "microsoft"),
)

Values = dict[str, Any]


class DocumentSettings(Aggregate):
    """The choices of an installation, by section; what was never chosen has its default."""

    TOPIC = "document_settings"

    class Event(Aggregate.Event):
        """Anything that happens to the choices."""

    class Opened(Event, Created):
        TOPIC = "document_settings.opened"

    class Changed(Event):
        TOPIC = "document_settings.changed"
        values: dict[str, Any]

        def apply(self, settings: DocumentSettings) -> None:
            settings.values = merged(settings.values, self.values)

    def __init__(self) -> None:
        self.values: Values = {}

    @classmethod
    def open(cls) -> Self:
        """Be ready for the first choice."""
        return cls._create(cls.Opened, id=DOCUMENT_SETTINGS)

    def change(self, before: Values, after: Values) -> None:
        """Record what differs between all choices as they hold now and as they shall hold."""
        if news := difference(before, after):
            self.trigger_event(self.Changed, values=news)


def is_section(place: tuple[str, ...], value: object) -> bool:
    """Whether there are choices below a place, so that a value is no choice by itself."""
    return isinstance(value, dict) and (len(place) == 1 or place in INNER)


def merged(values: Values, news: Values, place: tuple[str, ...] = ()) -> Values:
    """Choices with newer ones put over them."""
    found = dict(values)
    for name, value in news.items():
        inner = (*place, name)
        known = found.get(name, {})
        found[name] = merged(known, value, inner) if is_section(inner, value) else value
    return found


def difference(values: Values, news: Values, place: tuple[str, ...] = ()) -> Values:
    """The choices among the newer ones that say something else."""
    found: Values = {}
    for name, value in news.items():
        inner = (*place, name)
        if is_section(inner, value):
            if differs := difference(values.get(name, {}), value, inner):
                found[name] = differs
        elif name not in values or values[name] != value:
            found[name] = value
    return found
