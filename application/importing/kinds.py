"""What can be imported, and of which files it consists."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from domain.errors import Invalid, TooLarge

MODELS_BYTES_MAX = 16 * 1024 * 1024
FILE_BYTES_MAX = 8 * 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kind:
    """The parts that must be there, and those that may."""

    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()
    spaced: bool = True


KINDS: Mapping[str, Kind] = {
    "arena": Kind(("battles", "votes"), ("models",)),
    "arena-table": Kind(("table",)),
    "openwebui-feedback": Kind(("feedback",), spaced=False),
}


def check_parts(name: str, parts: Collection[str], space: str) -> None:
    """Refuse what does not make an import of this kind."""
    kind = KINDS.get(name)
    if kind is None:
        raise Invalid(f"kind: must be one of {', '.join(KINDS)}.")
    for each in kind.needed:
        if each not in parts:
            raise Invalid(f"files: {each} is missing.")
    allowed = kind.needed + kind.optional
    for each in parts:
        if each not in allowed:
            raise Invalid(f"files: {each[:40]} is no part of {name}; it has {', '.join(allowed)}.")
    if space and not kind.spaced:
        raise Invalid(f"space: {name} always goes to the common one.")
    if space != space.strip():
        raise Invalid("space: begins or ends with a blank.")


def check_size(part: str, size: int) -> None:
    """Refuse a file that is empty or too large."""
    if not size:
        raise Invalid(f"{part}: the file is empty.")
    most = MODELS_BYTES_MAX if part == "models" else FILE_BYTES_MAX
    if size > most:
        raise TooLarge(f"{part}: a file has at most {most} bytes.")
