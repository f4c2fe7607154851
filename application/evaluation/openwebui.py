"""Ratings as Open WebUI reckons them, so that people can compare before they leave.

Elo with K = 32, start 1000, over feedback in the order of `created_at`, then `id`. Each sibling of
an answer is one game: a thumb up (1) is won, a thumb down (-1) lost, anything else is a draw and
skipped. An answer that names itself as a sibling wins and loses, which moves nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

START = 1000.0
K = 32.0
SPREAD = 400.0


@dataclass(frozen=True, slots=True)
class Feedback:
    """A thumb on an answer, and whom it was shown beside."""

    id: str
    created_at: float
    model: str
    value: int
    siblings: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    user: str = ""
    comment: str = ""
    reason: str = ""
    score: int | None = None
    message: str = ""


@dataclass(slots=True)
class Standing:
    """Where a model stands."""

    model: str
    rating: float = START
    won: int = 0
    lost: int = 0
    tags: Counter[str] = field(default_factory=Counter)


class Unusable(Exception):
    """A record says nothing about a model, and why."""


def feedback_of(record: Any) -> Feedback:
    """A record of their export; nulls, words and numbers are taken for what they mean."""
    if not isinstance(record, Mapping):
        raise Unusable("no_record")
    data, meta = mapping(record.get("data")), mapping(record.get("meta"))
    model = text(data.get("model_id"))
    if not model:
        raise Unusable("no_model")
    value = thumb(data.get("rating"))
    if value is None:
        raise Unusable("no_rating")
    siblings = data.get("sibling_model_ids")
    tags = data.get("tags") or meta.get("tags")
    return Feedback(
        id=text(record.get("id")),
        created_at=number(record.get("created_at")) or 0.0,
        model=model,
        value=value,
        siblings=texts(siblings),
        tags=texts(tags),
        user=text(record.get("user_id")),
        comment=text(data.get("comment")),
        reason=text(data.get("reason")),
        score=score(mapping(data.get("details")).get("rating")),
        message=text(meta.get("message_id")),
    )


def standings(records: Iterable[Feedback]) -> list[Standing]:
    """All models that were rated or stood beside one that was, best first."""
    found: dict[str, Standing] = {}

    def of(model: str) -> Standing:
        return found.setdefault(model, Standing(model))

    for each in sorted(records, key=lambda each: (each.created_at, each.id)):
        mine = of(each.model)
        mine.tags.update(each.tags)
        for sibling in each.siblings:
            other = of(sibling)
            if each.value != 0:
                play(mine, other, 1.0 if each.value > 0 else 0.0)
    return sorted(found.values(), key=lambda each: (-each.rating, each.model))


def play(mine: Standing, other: Standing, outcome: float) -> None:
    """One game; `outcome` is 1 when won, 0 when lost."""
    expected = 1.0 / (1.0 + 10.0 ** ((other.rating - mine.rating) / SPREAD))
    change = K * (outcome - expected)
    mine.rating += change
    other.rating -= change
    winner, loser = (mine, other) if outcome else (other, mine)
    winner.won += 1
    loser.lost += 1


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def text(value: Any) -> str:
    """Words, or none; a whole number is taken for a word."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""


def texts(value: Any) -> tuple[str, ...]:
    """All words in a list; a word alone is a list of one."""
    found: Sequence[Any] = [value] if isinstance(value, str) else value
    if not isinstance(found, list | tuple):
        return ()
    return tuple(text(each) for each in found if text(each))


def number(value: Any) -> float | None:
    """A finite number, also one that is written as words."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def thumb(value: Any) -> int | None:
    """1 or -1 for a thumb, 0 for any other number; None for what is none."""
    found = number(value)
    if found is None:
        return None
    return int(found) if found in (1.0, -1.0) else 0


def score(value: Any) -> int | None:
    """A score of 1 to 10."""
    found = number(value)
    return int(found) if found is not None and 1 <= found <= 10 else None  # noqa: PLR2004
