"""The fields of a line, and what is said when one is not as it must be."""

import math
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

NAME_CHARACTERS_MAX = 300
TEXT_CHARACTERS_MAX = 2_000_000
SEQ_MAX = 2**62


class Malformed(Exception):
    """A line that cannot be taken over, and why."""


class Fields:
    """One line, read field by field."""

    def __init__(self, record: object) -> None:
        if not isinstance(record, Mapping):
            raise Malformed("not an object")
        self._record: Mapping[Any, Any] = record

    def raw(self, name: str) -> Any:
        """A field as it is; None when it is not there."""
        return self._record.get(name)

    def name(self, name: str, *, default: str | None = None) -> str:
        """A short text; without default it must be there and say something."""
        value = self._record.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or (not value and default is None):
            raise Malformed(f"{name}: a text is needed")
        if len(value) > NAME_CHARACTERS_MAX:
            raise Malformed(f"{name}: more than {NAME_CHARACTERS_MAX} characters")
        return value

    def text(self, name: str) -> str:
        """A text of any kind; left out or null it is empty."""
        value = self._record.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise Malformed(f"{name}: a text is needed")
        if len(value) > TEXT_CHARACTERS_MAX:
            raise Malformed(f"{name}: more than {TEXT_CHARACTERS_MAX} characters")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false."""
        value = self._record.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise Malformed(f"{name}: true or false is needed")
        return value

    def one_of(self, name: str, allowed: Collection[str], default: str | None = None) -> str:
        """One of some words."""
        value = self._record.get(name, default)
        if not isinstance(value, str) or value not in allowed:
            raise Malformed(f"{name}: must be one of {', '.join(allowed)}")
        return value

    def number(self, name: str) -> int:
        """A whole number that counts something."""
        value = self._record.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < SEQ_MAX:
            raise Malformed(f"{name}: a whole number is needed")
        return value

    def time(self, name: str) -> datetime:
        """A time in seconds since 1970."""
        value = self._record.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Malformed(f"{name}: seconds since 1970 are needed")
        try:
            return datetime.fromtimestamp(value, UTC)
        except (OverflowError, OSError, ValueError):
            raise Malformed(f"{name}: no time that can be kept") from None

    def style(self, name: str) -> dict[str, float] | None:
        """Counts of how an answer looks; None when they are not given."""
        value = self._record.get(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise Malformed(f"{name}: an object is needed")
        return {part: self._count(name, value, part) for part in STYLE}

    @staticmethod
    def _count(name: str, value: Mapping[Any, Any], part: str) -> float:
        found = value.get(part, 0)
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise Malformed(f"{name}.{part}: a number is needed")
        if not math.isfinite(found) or found < 0:
            raise Malformed(f"{name}.{part}: a number that is not negative is needed")
        return found


STYLE = ("tokens", "headers", "lists", "bold")
