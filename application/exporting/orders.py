"""What is to be exported, and how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from application.exporting.formats import FORMATS, Format
from application.exporting.redaction import Redaction
from domain.errors import Invalid

FORMAT_VERSION = 1
SHARD_ROWS = 100_000
SHARD_ROWS_MAX = 10_000_000
VOTES = ("eligible", "trusted", "all")
WHERE = ("category", "language", "model")


@dataclass(frozen=True, slots=True)
class Order:
    """The wish for an export. Positions are those of the log; `until` None is its end.

    `since` is an earlier export that is kept here: what it had and this one has not is told too.
    """

    formats: Sequence[str]
    after: int = 0
    until: int | None = None
    space: str = ""
    where: Mapping[str, str] = field(default_factory=dict)
    votes: str = "eligible"
    parquet: bool = False
    with_system: bool = False
    distinct: bool = False
    shard_rows: int = SHARD_ROWS
    redact: Sequence[str] = ()
    since: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be done, by name."""
        one_of("format", self.formats, FORMATS)
        one_of("votes", [self.votes], VOTES)
        one_of("where", self.where, WHERE)
        Redaction(self.redact)
        if not self.formats:
            raise Invalid(f"format: choose at least one of {', '.join(FORMATS)}.")
        if not 1 <= self.shard_rows <= SHARD_ROWS_MAX:
            raise Invalid(f"shard_rows is 1 to {SHARD_ROWS_MAX}.")
        if self.after < 0 or (self.until is not None and self.until < self.after):
            raise Invalid("from must be 0 or more, and to must not be before it.")

    @property
    def forms(self) -> list[Format]:
        """The formats, each once, in their order."""
        return [FORMATS[each] for each in dict.fromkeys(self.formats)]

    def filters(self) -> dict[str, Any]:
        """What the manifest says about the choice of rows."""
        return {
            "space": self.space,
            "where": dict(sorted(self.where.items())),
            "votes": self.votes,
            "with_system": self.with_system,
            "distinct": self.distinct,
            "redact": list(self.redact),
        }


def one_of(name: str, values: Any, allowed: Any) -> None:
    """Refuse a value that nobody knows, and say which there are."""
    if unknown := [each for each in values if each not in allowed]:
        raise Invalid(f"{name}: {unknown[0]!r} is none of {', '.join(allowed)}.")
