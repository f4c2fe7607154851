"""Pages: a limit, and an opaque place to go on from."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel

from domain.errors import Invalid

T = TypeVar("T")
V = TypeVar("V")

CURSOR_CHARACTERS_MAX = 300
NO_CURSOR = "cursor: not a cursor of this list."
Place = tuple[datetime, UUID]


class Page(BaseModel, Generic[V]):
    """Some of many; `next_cursor` gets the next ones and is null at the end."""

    items: list[V]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class _Paging:
    """Which page is wanted."""

    limit: Annotated[int, Query(ge=1, le=100)] = 50
    cursor: Annotated[
        str | None, Query(max_length=CURSOR_CHARACTERS_MAX, description="`next_cursor` of a page.")
    ] = None

    @property
    def more(self) -> int:
        """One more than wanted, to know whether there is a next page."""
        return self.limit + 1

    def place(self) -> Place | None:
        """Where the page begins, as (time, id) of the last item seen."""
        if not self.cursor:
            return None
        try:
            at, _, key = unpack(self.cursor).partition(" ")
            found = datetime.fromisoformat(at), UUID(key)
        except ValueError:
            raise Invalid(NO_CURSOR) from None
        if found[0].tzinfo is None:
            raise Invalid(NO_CURSOR)
        return found

    def page(
        self, rows: Sequence[T], shown: Callable[[T], V], place: Callable[[T], Place]
    ) -> Page[V]:
        """The page of rows, of which there is one more than wanted if it goes on."""
        some = rows[: self.limit]
        cursor = None
        if len(rows) > self.limit:
            at, key = place(some[-1])
            cursor = pack(f"{at.isoformat()} {key}")
        return Page[V](items=[shown(each) for each in some], next_cursor=cursor)


def pack(text: str) -> str:
    """Make a place opaque."""
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def unpack(cursor: str) -> str:
    """Read an opaque place; ValueError when it is none."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return urlsafe_b64decode(padded).decode()
    except (binascii.Error, UnicodeError) as error:
        raise ValueError("not a cursor") from error


Paging = Annotated[_Paging, Depends()]
