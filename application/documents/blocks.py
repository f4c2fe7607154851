"""Which parts a text has: headings, tables, code and prose, page by page."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

LINE = re.compile(r"[^\n\f]*[\n\f]?")
LEVELS_MAX = 6
HEADING_CHARACTERS_MAX = 200
FENCE = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})")

Kind = Literal["heading", "prose", "table", "code"]


class Block(NamedTuple):
    """A part of a text, under the headings that hold there; pages count from one."""

    kind: Kind
    start: int
    end: int
    path: tuple[str, ...]
    page: int


def blocks(text: str) -> Iterator[Block]:
    """All parts in their order; what lies between them is blank."""
    scanner = Scanner()
    for match in LINE.finditer(text):
        yield from scanner.take(match.group(), match.start(), match.end())
    yield from scanner.flush()


class Scanner:
    """Goes through a text line by line."""

    def __init__(self) -> None:
        self.page = 1
        self.headings: list[tuple[int, str]] = []
        self.path: tuple[str, ...] = ()
        self.fence = ""
        self.kind: Kind | None = None
        self.start = self.end = 0

    def take(self, line: str, start: int, end: int) -> Iterator[Block]:
        """The parts that end before or with this line."""
        kind, begins = self._kind(line.strip())
        if kind != self.kind or begins:
            yield from self.flush()
            self.kind, self.start = kind, start
        self.end = end
        if kind == "heading":
            self._enter(line.strip())
            yield from self.flush()
        if line.endswith("\f"):
            yield from self.flush()
            self.page += 1
            self.fence = ""  # one that was never closed spoils its page at most

    def flush(self) -> Iterator[Block]:
        """The part that was being read, if there is one."""
        if self.kind:
            yield Block(self.kind, self.start, self.end, self.path, self.page)
        self.kind = None

    def _kind(self, line: str) -> tuple[Kind | None, bool]:
        """What a line is, and whether it begins a new part in any case."""
        if self.fence:
            if line.startswith(self.fence) and not line.strip(self.fence[0]):
                self.fence = ""
            return "code", False
        if line[:1] in {"`", "~"} and (fence := FENCE.match(line)):
            self.fence = fence.group()
            return "code", True
        if line[:1] == "#" and level_of(line):
            return "heading", True
        return plain_kind(line), False

    def _enter(self, line: str) -> None:
        level = level_of(line)
        while self.headings and self.headings[-1][0] >= level:
            self.headings.pop()
        self.headings.append((level, name_of(line)))
        self.path = tuple(name for _, name in self.headings if name)


def plain_kind(line: str) -> Kind | None:
    """What a line is that has no meaning for the lines after it; blank ones are nothing."""
    if not line:
        return None
    return "table" if line[0] == "|" or " | " in line else "prose"


def level_of(line: str) -> int:
    """The level of a heading, or 0 for other lines."""
    level = len(line) - len(line.lstrip("#"))
    is_heading = level <= LEVELS_MAX and line[level : level + 1] in {" ", "\t"}
    return level if is_heading else 0


def name_of(line: str) -> str:
    """What a heading says, without the marks around it; of endless ones the beginning."""
    name = line.lstrip("#").strip()
    bare = name.rstrip("#")
    if not bare or bare[-1].isspace():
        name = bare
    return " ".join(name.split())[:HEADING_CHARACTERS_MAX].rstrip()
