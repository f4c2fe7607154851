"""Reads plain values into dataclasses, and says in plain words what does not fit."""

import math
from collections.abc import Callable, Mapping
from dataclasses import field, fields, is_dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit
from uuid import UUID

from domain.errors import Invalid

T = TypeVar("T")
N = TypeVar("N", int, float)

CHARACTERS_MAX = 2_000
ENTRIES_MAX = 500


def within(least: float, most: float, default: N) -> N:
    """A number between two limits, as the field of a dataclass."""
    found: N = field(default=default, metadata={"least": least, "most": most})
    return found


def parsed(kind: type[T], values: object, place: str = "") -> T:
    """A dataclass with these values; what is left out has its default."""
    if not isinstance(values, Mapping):
        raise Invalid(f"{place or 'This'} must be an object.")
    hints = get_type_hints(kind)
    dot = f"{place}." if place else ""
    for name in values:
        if name not in hints:
            known = ", ".join(hints)
            raise Invalid(f"{dot}{name} is not known here. There are: {known}.")
    found = {
        each.name: checked(values[each.name], hints[each.name], each.metadata, dot + each.name)
        for each in fields(kind)  # type: ignore[arg-type]  # T is a dataclass
        if each.name in values
    }
    try:
        return kind(**found)
    except Invalid as error:
        raise Invalid(f"{dot}{error}") from None


def checked(value: Any, hint: Any, limits: Mapping[str, float], place: str) -> Any:
    """A value, if it is of a kind and within its limits."""
    if is_dataclass(hint):
        return parsed(hint, value, place)  # type: ignore[arg-type]  # hints name classes
    check = CHECKS[get_origin(hint) or hint]
    value = check(value, hint, place)
    if limits and not limits["least"] <= value <= limits["most"]:
        raise Invalid(f"{place} must be between {limits['least']} and {limits['most']}.")
    return value


def _one_of(value: Any, hint: Any, place: str) -> Any:
    allowed = get_args(hint)
    if value not in allowed:
        raise Invalid(f"{place} must be one of: {', '.join(allowed)}.")
    return value


def _truth(value: Any, _: Any, place: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid(f"{place} must be true or false.")
    return value


def _whole(value: Any, _: Any, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Invalid(f"{place} must be a whole number.")
    return value


def _number(value: Any, _: Any, place: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise Invalid(f"{place} must be a number.")
    return float(value)


def _text(value: Any, _: Any, place: str) -> str:
    if not isinstance(value, str) or len(value) > CHARACTERS_MAX or not value.isprintable():
        raise Invalid(f"{place} must be one line of text, of {CHARACTERS_MAX} characters at most.")
    value = value.strip()
    return _address(value, place) if place.endswith("url") and value else value


def _address(url: str, place: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise Invalid(f"{place} is not an address: {error}.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid(f"{place} must begin with http:// or https:// and name a host.")
    if parts.username or parts.password:
        raise Invalid(f"{place} must not carry a name or password; use key.")
    return url.rstrip("/")


def _texts(value: Any, hint: Any, place: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) > ENTRIES_MAX:
        raise Invalid(f"{place} must be a list of {ENTRIES_MAX} texts at most.")
    return tuple(_text(each, hint, f"{place}.{n}") for n, each in enumerate(value))


def _table(value: Any, hint: Any, place: str) -> dict[str, str]:
    if not isinstance(value, Mapping) or len(value) > ENTRIES_MAX:
        raise Invalid(f"{place} must be an object of {ENTRIES_MAX} texts at most.")
    return {
        _text(name, hint, place): _text(each, hint, f"{place}.{name}")
        for name, each in value.items()
    }


def _id(value: Any, _: Any, place: str) -> UUID | None:
    try:
        return None if value is None else UUID(str(value))
    except ValueError:
        raise Invalid(f"{place} must be an id or null.") from None


CHECKS: Mapping[Any, Callable[[Any, Any, str], Any]] = {
    Literal: _one_of,
    bool: _truth,
    int: _whole,
    float: _number,
    str: _text,
    tuple: _texts,
    get_origin(Mapping[str, str]): _table,
    get_origin(UUID | None): _id,
}
