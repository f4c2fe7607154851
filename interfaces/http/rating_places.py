"""Where a page of opinions begins: at the value they are sorted by, and an id."""

import json
from datetime import datetime
from uuid import UUID

from domain.errors import Invalid
from interfaces.http.paging import NO_CURSOR, pack, unpack
from projections.ratings import RatingRow, Sort

NUMBER_MAX = 1_000


def pack_place(row: RatingRow) -> str:
    """The place after an opinion."""
    return pack(json.dumps([row.place, str(row.id)]))


def place_of(cursor: str | None, sort: Sort) -> tuple[str, UUID] | None:
    """Where a page begins in this order; Invalid when it is no place there."""
    if cursor is None:
        return None
    try:
        place, key = json.loads(unpack(cursor))
        return checked(place, sort), UUID(key)
    except (ValueError, TypeError, AttributeError):
        raise Invalid(NO_CURSOR) from None


def checked(place: object, sort: Sort) -> str:
    """A place that PostgreSQL can read; else ValueError."""
    if not isinstance(place, str) or not place.isprintable():
        raise ValueError(place)
    if sort == "date" and datetime.fromisoformat(place).tzinfo is None:
        raise ValueError(place)
    if sort == "value" and abs(int(place)) > NUMBER_MAX:
        raise ValueError(place)
    return place
