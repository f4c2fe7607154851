"""ZIP archives: every member that can be read, under its name. Names never touch a disk."""

import re
from collections.abc import Iterator
from contextlib import suppress
from zipfile import ZipInfo

from infrastructure.loaders.base import Draft, Source, Unreadable
from infrastructure.loaders.cleaning import clean
from infrastructure.loaders.packages import Package, opened
from infrastructure.loaders.reading import text_of

NAME_CHARS_MAX = 200
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")  # signs that turn letters around
LINK_MODE = 0o120000
MODES = 0o170000
NOT_TOLD = ("__MACOSX", ".DS_Store", "Thumbs.db", ".git")
FATAL = frozenset(("too_large", "memory"))  # these are about the archive, not about one member


def read(source: Source) -> Draft:
    """All members in the order of their names."""
    if source.depth >= source.reading.limits.depth_max:
        raise Unreadable("too_large", "There are archives in archives in archives.")
    with opened(source) as package:
        members = [each for each in package.members if _is_told(each)]
        parts = list(_parts(package, sorted(members, key=safe_name)))
    if not parts:
        raise Unreadable("empty", "The archive is empty.")
    return Draft(parts)


def _parts(package: Package, members: list[ZipInfo]) -> Iterator[str]:
    refusals: list[Unreadable] = []
    for member in members:
        name = safe_name(member)
        try:
            text = _member(package, member, name)
        except Unreadable as refusal:
            if refusal.kind in FATAL:
                raise
            refusals.append(refusal)
            text = f"(Not read: {refusal.message})"
        yield f"# {name}\n\n{text}"
    if refusals and len(refusals) == len(members):
        first = refusals[0]
        raise Unreadable(first.kind, f"Nothing in the archive can be read. {first.message}")


def _member(package: Package, member: ZipInfo, name: str) -> str:
    outer = package.source
    source = Source(name, package.read(member), outer.reading, outer.depth + 1)
    return deeper(text_of(source).text.replace("\f", "\n\n"))


def deeper(text: str) -> str:
    """The same text with each heading one level below."""
    lines = text.split("\n")
    fence = ""
    for at, line in enumerate(lines):
        if fence:
            fence = "" if line == fence else fence
        elif line.startswith("```"):
            fence = line[: len(line) - len(line.lstrip("`"))]
        elif line.startswith("#") and line.lstrip("#").startswith(" ") and line[:6] != "#" * 6:
            lines[at] = f"#{line}"
    return "\n".join(lines)


def _is_told(member: ZipInfo) -> bool:
    is_link = (member.external_attr >> 16) & MODES == LINK_MODE
    return not (member.is_dir() or is_link or any(each in member.filename for each in NOT_TOLD))


def safe_name(member: ZipInfo) -> str:
    """A name to show: no way out of a folder, no control characters, in its real letters."""
    name = member.filename
    with suppress(ValueError):
        name = name.encode("cp437").decode("utf-8")  # many programs forget to say that it is UTF-8
    parts = " ".join(TURNING.sub("", clean(name)).split()).replace("\\", "/").split("/")
    kept = [part for part in parts if part not in {"", ".", ".."} and not part.endswith(":")]
    return "/".join(kept)[-NAME_CHARS_MAX:] or "without a name"
