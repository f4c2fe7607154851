"""Opinions as files, for spreadsheets and programs; rows are written as they come."""

import json
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal

from infrastructure.exports.writers import csv_line
from interfaces.http.fields import zulu
from projections.ratings import RatingRow

Format = Literal["csv", "json"]
Pages = AsyncIterable[list[RatingRow]]

COLUMNS = (
    "id",
    "value",
    "score",
    "model",
    "base_model",
    "user_id",
    "user_name",
    "user_email",
    "chat_id",
    "answer_id",
    "created_at",
    "changed_at",
    "reasons",
    "tags",
    "comment",
)
CONTENT: dict[str, Any] = {
    "text/csv": {"schema": {"type": "string"}},
    "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
}


def as_dict(row: RatingRow) -> dict[str, Any]:
    """An opinion as JSON has it."""
    special = {
        "user_id": row.owner_id,
        "created_at": zulu(row.created_at),
        "changed_at": zulu(row.changed_at),
    }
    found = {name: special.get(name) or getattr(row, name) for name in COLUMNS}
    return {name: str(each) if name.endswith("id") else each for name, each in found.items()}


@dataclass(frozen=True, slots=True)
class Csv:
    """Rows of a spreadsheet, with a head."""

    media_type: str = "text/csv"

    async def write(self, pages: Pages) -> AsyncIterator[str]:
        """The head, and a piece for every page."""
        yield csv_line(COLUMNS)
        async for rows in pages:
            yield "".join(csv_line(tuple(as_dict(row).values())) for row in rows)


@dataclass(frozen=True, slots=True)
class Json:
    """One array of objects."""

    media_type: str = "application/json"

    async def write(self, pages: Pages) -> AsyncIterator[str]:
        """The array, and a piece for every page."""
        before = "["
        async for rows in pages:
            yield before + ",\n".join(json.dumps(as_dict(row)) for row in rows)
            before = ",\n"
        yield "]" if before != "[" else "[]"


WRITERS: dict[Format, Csv | Json] = {"csv": Csv(), "json": Json()}
