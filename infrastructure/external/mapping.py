"""From what a source answers to passages, by the names an administrator gave."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from application.documents.ports import Unfit
from application.retrieval.external import Piece
from application.retrieval.sources import Fields

NAMES_SHOWN_MAX = 20
TEXT_CHARACTERS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Found:
    """One passage as it was answered: its fields, and how well it fits."""

    values: Mapping[str, Any]
    score: float
    id: str = ""


def pieces_of(found: Sequence[Found], fields: Fields, name: str) -> list[Piece]:
    """Passages; Unfit says which field is missing when none of them has a text."""
    pieces = [piece for each in found if (piece := piece_of(each, fields)).text.strip()]
    if found and not pieces:
        raise Unfit(f"{name} has no text in the field {fields.text}. {known_names(found[0])}")
    return pieces


def piece_of(found: Found, fields: Fields) -> Piece:
    """One passage."""
    values = found.values
    return Piece(
        text=said(value_at(values, fields.text))[:TEXT_CHARACTERS_MAX],
        title=said(value_at(values, fields.title)),
        url=said(value_at(values, fields.link)),
        page=page_of(value_at(values, fields.page)),
        id=said(value_at(values, fields.id)) or found.id,
        score=found.score if math.isfinite(found.score) else 0.0,
    )


def unused(found: Sequence[Found], fields: Fields) -> list[str]:
    """The names that no passage has, of those that were given."""
    named = (fields.title, fields.link, fields.page, fields.id)
    return [
        name
        for name in dict.fromkeys(named)
        if name and all(value_at(each.values, name) is None for each in found)
    ]


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """A value by its name, or with dots by the names of what it lies in."""
    if not path:
        return None
    if path in values:
        return values[path]
    found: Any = values
    for name in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def said(value: object) -> str:
    """A text or a number as text; nothing else is one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


def page_of(value: object) -> int | None:
    """A page, if it can be one."""
    text = said(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < len("1000000") else None


def known_names(found: Found) -> str:
    """Which fields there are instead."""
    names = [str(each)[:60] for each in list(found.values)[:NAMES_SHOWN_MAX]]
    return f"There are: {', '.join(names)}." if names else "There are no fields at all."
