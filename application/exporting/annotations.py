"""Annotations of queues as they leave the house: people under pseudonyms."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from typing import Any

from application.exporting.pseudonyms import Pseudonyms

COLUMNS = (
    "item",
    "battle_id",
    "model_a",
    "model_b",
    "category",
    "language",
    "annotator",
    "winner",
    "comment",
    "at",
)


def annotations_of(
    rows: Iterable[Mapping[str, Any]], names: Pseudonyms
) -> Iterator[dict[str, Any]]:
    """One row for each annotation, with these columns."""
    for row in rows:
        at = row["at"].astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        yield {
            **{name: row[name] for name in COLUMNS},
            "annotator": names.of(str(row["annotator"])),
            "at": at,
        }
