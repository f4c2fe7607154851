"""Cuts texts into passages, along their structure: sections, pages, paragraphs, sentences."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from application.documents.atoms import Atom, Count, Splitter, estimate, spread
from application.documents.blocks import HEADING_CHARACTERS_MAX, Block, blocks
from domain.errors import Invalid

TOKENS_MIN, TOKENS_MAX = 32, 4096
VERSION = 1  # to be raised when the same settings cut otherwise
JOINT = " > "


@dataclass(frozen=True, slots=True)
class Cutting:
    """How long passages are, how much they share, and whether headings are embedded too."""

    tokens: int = 256
    overlap: int = 32
    contextual: bool = True

    def __post_init__(self) -> None:
        for name in ("tokens", "overlap"):
            if type(getattr(self, name)) is not int:
                raise Invalid(f"{name} must be a whole number.")
        if not TOKENS_MIN <= self.tokens <= TOKENS_MAX:
            raise Invalid(f"tokens must be between {TOKENS_MIN} and {TOKENS_MAX}.")
        if not 0 <= self.overlap <= self.tokens // 2:
            raise Invalid("overlap must not be negative or more than half of tokens.")
        if type(self.contextual) is not bool:
            raise Invalid("contextual must be true or false.")

    @property
    def key(self) -> str:
        """A short name that is the same for the same settings, everywhere and always."""
        text = f"{VERSION}/{self.tokens}/{self.overlap}/{int(self.contextual)}"
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a text: `text[start:end]`, after the header row where a table was cut.

    `page` is None where the text has no pages; `tokens` is what `text` takes.
    """

    ordinal: int
    text: str
    headings: str
    page: int | None
    start: int
    end: int
    tokens: int
    contextual: bool = True

    @property
    def embedded(self) -> str:
        """What is turned into a vector."""
        return f"{self.headings}\n{self.text}" if self.contextual and self.headings else self.text

    @property
    def hash(self) -> bytes:
        """The SHA-256 of what is embedded."""
        return hashlib.sha256(self.embedded.encode("utf-8", "replace")).digest()


def cut(text: str, cutting: Cutting, count: Count = estimate, title: str = "") -> list[Passage]:
    """All passages of a text, in order; every character but blanks is in at least one of them.

    `count` tells how many tokens a text has, blanks being none; the estimate needs no model. By
    it, no passage with its headings takes more than `cutting.tokens`.
    """
    cutter = Cutter(text, cutting, count, title)
    for block in blocks(text):
        cutter.take(block)
    cutter.close()
    return cutter.passages


class Cutter:
    """Fills one passage after another with pieces."""

    def __init__(self, text: str, cutting: Cutting, count: Count, title: str) -> None:
        self.text = text
        self.cutting = cutting
        self.count = count
        self.title = " ".join(title.split())[:HEADING_CHARACTERS_MAX]
        self.passages: list[Passage] = []
        self.splitter = Splitter(text, count)
        self.headline = lru_cache(64)(self._headline)
        self.has_pages = "\f" in text
        self._begin()

    def _begin(self, atoms: tuple[Atom, ...] = ()) -> None:
        self.atoms = list(atoms)
        self.carried = len(atoms)  # how many are in the passage before too
        self.tokens = sum(each.tokens for each in atoms)
        self.header = ""  # of the table that this passage begins within
        self.body: tuple[str, ...] | None = None  # the headings that all of its content shares
        self.page = 1
        self.last: tuple[str, ...] = ()

    def take(self, block: Block) -> None:
        """Add a part of the text, and close passages as they become full."""
        if self.atoms and self._parts(block):
            self.close()
        room = self.cutting.tokens - self.headline(block.path)[1]
        header = self._header(block, room) if block.kind == "table" else None
        header_tokens = header.tokens if header else 0
        pieces = self.splitter.atoms(block, room - header_tokens)
        taken, total = take_while(pieces, room)
        whole = total <= room < self.tokens + total
        if whole and self.body is not None and self._rather_whole(block, room):
            self._turn(total, room)
        for atom in chain(taken, pieces):
            if self.atoms and self.tokens + self._gap(atom) + atom.tokens > room:
                self._turn(atom.tokens, room)
            if not self.atoms and header and atom.start > header.start:
                self.header = self.text[header.start : header.end]
                self.tokens = header_tokens
            self._add(atom, block)

    def close(self) -> None:
        """End the passage that is being filled."""
        if not self.atoms:
            return
        start, end = self.atoms[0].start, self.atoms[-1].end
        text = self.text[start:end]
        path = self.last if self.body is None else self.body
        headings = self.headline(path, max(0, self.cutting.tokens - self.tokens))[0]
        self.passages.append(
            Passage(
                len(self.passages),
                f"{self.header}\n{text}" if self.header else text,
                headings,
                self.page if self.has_pages else None,
                start,
                end,
                self.tokens,
                self.cutting.contextual,
            )
        )
        self._begin()

    def _add(self, atom: Atom, block: Block) -> None:
        if self.atoms:
            self.tokens += self._gap(atom)
        self.atoms.append(atom)
        self.tokens += atom.tokens
        self.page, self.last = block.page, block.path
        if block.kind != "heading":
            self.body = block.path if self.body is None else common(self.body, block.path)

    def _turn(self, needed: int, room: int) -> None:
        """Go on in a new passage, which begins with the last sentences of this one."""
        if len(self.atoms) == self.carried:  # there is no room for them after all
            self._begin()
            return
        atoms = self.atoms
        self.close()
        free = min(self.cutting.overlap, room - needed)
        first = len(atoms)
        while first > 1 and atoms[first - 1].kind == "prose":
            free -= atoms[first - 1].tokens
            if free < 0:
                break
            first -= 1
        self._begin(tuple(atoms[first:]))

    def _parts(self, block: Block) -> bool:
        """Whether a part must not be in the passage before it.

        Pages are never mixed. A new section begins a new passage, unless there is almost nothing
        in the last one and both are in the same section.
        """
        if block.page != self.page:
            return True
        if block.kind != "heading" or self.body is None:
            return False
        small = self.tokens < self.cutting.tokens // 8
        return not (small and common(self.body, block.path[:-1]))

    def _rather_whole(self, block: Block, room: int) -> bool:
        return block.kind in {"code", "table"} or 2 * self.tokens >= room

    def _gap(self, atom: Atom) -> int:
        return spread(atom.start - self.atoms[-1].end)

    def _header(self, block: Block, room: int) -> Atom | None:
        """The first row of a table, unless it is too long to be repeated."""
        start = self.splitter.trimmed(block.start, block.end)[0]
        end = self.text.find("\n", start, block.end)
        if end < 0:
            return None
        start, end = self.splitter.trimmed(start, end)
        tokens = self.splitter.measure(start, end)
        return Atom(start, end, tokens, "table") if 3 * tokens <= room else None

    def _headline(self, path: tuple[str, ...], room: int | None = None) -> tuple[str, int]:
        """As many headings as may stand before a passage, from the inside, and their tokens."""
        quarter = self.cutting.tokens // 4
        most = quarter if room is None or not self.cutting.contextual else min(quarter, room)
        names = list(path)
        if self.title and names[:1] != [self.title]:
            names.insert(0, self.title)
        while names:
            line = JOINT.join(names)
            tokens = max(self.count(line), spread(len(line)))
            if tokens <= most:
                return line, tokens if self.cutting.contextual else 0
            names.pop(0)
        return "", 0


def take_while(atoms: Iterator[Atom], room: int) -> tuple[list[Atom], int]:
    """The first pieces until they are too many, and how much they take."""
    taken: list[Atom] = []
    total = 0
    for atom in atoms:
        gap = spread(atom.start - taken[-1].end) if taken else 0
        taken.append(atom)
        total += atom.tokens + gap
        if total > room:
            break
    return taken, total


def common(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """The headings that two places share."""
    shared = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        shared += 1
    return one[:shared]
