"""The smallest pieces that a text is cut into: sentences, rows, paragraphs of code."""

import re
import string
from collections.abc import Callable, Iterator
from typing import NamedTuple

from application.documents.blocks import Block, Kind

Count = Callable[[str], int]

CHARACTERS_A_TOKEN_MAX = 16

LETTERS = string.ascii_letters.encode()
DIGITS = string.digits.encode()

CLOSING = r"\"'\u201d\u2019\u00bb)\]"  # quotes and brackets
WIDE_END = r"\u3002\uff01\uff1f"  # Chinese and Japanese write no blank after it
SENTENCE = re.compile(
    rf"(?<=[.!?\u2026])[{CLOSING}]*\s+(?=[^\sa-z])"  # an end, and what can begin a sentence
    rf"|(?<=[{WIDE_END}])(?![{WIDE_END}\u300d\u300f\u201d\uff09])"
    r"|\n(?=[ \t]*(?:[-*+•]|\d{1,9}[.)])[ \t])"  # the next item of a list
)
ABBREVIATED = re.compile(
    r"(?:^|\n)[ \t]*\d{1,9}\.$|"  # the number of an item
    r"(?:^|[\s(\[\"'])"
    r"(?:[^\W\d_]|Mrs?|Ms|Dr|Prof|St|Nr|No|Fig|Abb|Vol|Bd|Art|Sec|vs|cf|vgl|ca|bzw|approx"
    r"|(?:[^\W\d_]\.)+[^\W\d_])\.$"
)
ABBREVIATED_CHARACTERS_MAX = 12
ROW = re.compile(r"\n")
GAP = re.compile(r"\n[ \t]*\n")
BORDERS: dict[Kind, re.Pattern[str]] = {"prose": SENTENCE, "table": ROW, "code": GAP}


class Atom(NamedTuple):
    """A piece without blanks around it."""

    start: int
    end: int
    tokens: int
    kind: Kind


def estimate(text: str) -> int:
    """About how many tokens a text has for a common model, and rather too many than too few.

    Latin letters count 0.3, digits 0.6, marks 1 and all other characters 1.25: within some
    percent for English and for code; texts in other languages differ more from model to model.
    """
    visible = "".join(text.split())
    ascii_only = visible.encode("ascii", "ignore")
    no_letters = ascii_only.translate(None, LETTERS)
    marks = len(no_letters.translate(None, DIGITS))
    letters = len(ascii_only) - len(no_letters)
    digits = len(no_letters) - marks
    others = len(visible) - len(ascii_only)
    return -(-(6 * letters + 12 * digits + 20 * marks + 25 * others) // 20)


def spread(characters: int) -> int:
    """What a stretch counts at least: blanks and words without end are no tokens, but long."""
    return characters // CHARACTERS_A_TOKEN_MAX


class Splitter:
    """Takes parts of one text to pieces."""

    def __init__(self, text: str, count: Count) -> None:
        self.text = text
        self.count = count

    def measure(self, start: int, end: int) -> int:
        """How much a stretch of the text takes."""
        return max(self.count(self.text[start:end]), spread(end - start))

    def atoms(self, block: Block, room: int) -> Iterator[Atom]:
        """The pieces of a part; none takes more room than there is."""
        for start, end in self._spans(block):
            tokens = self.measure(start, end)
            if tokens <= room:
                yield Atom(start, end, tokens, block.kind)
            else:
                yield from self._hard(Atom(start, end, tokens, block.kind), room)

    def trimmed(self, start: int, end: int) -> tuple[int, int]:
        """A stretch without the blanks around it."""
        piece = self.text[start:end]
        end = start + len(piece.rstrip())
        return start + len(piece) - len(piece.lstrip()) if end > start else end, end

    def _spans(self, block: Block) -> Iterator[tuple[int, int]]:
        begin = block.start
        for place in self._borders(block):
            start, end = self.trimmed(begin, place)
            if start < end:
                yield start, end
            begin = place
        start, end = self.trimmed(begin, block.end)
        if start < end:
            yield start, end

    def _borders(self, block: Block) -> Iterator[int]:
        if block.kind not in BORDERS:
            return
        for match in BORDERS[block.kind].finditer(self.text, block.start, block.end):
            place = match.start()
            if block.kind == "prose" and self.text[place - 1] == ".":
                before = self.text[max(block.start, place - ABBREVIATED_CHARACTERS_MAX) : place]
                if ABBREVIATED.search(before) and "\n" not in match.group():
                    continue
            yield match.end()

    def _hard(self, atom: Atom, room: int) -> Iterator[Atom]:
        """Cut what is too long at line ends, else at blanks, else anywhere."""
        size = max(1, (atom.end - atom.start) * room // atom.tokens)
        start = atom.start
        while start < atom.end:
            stop = self._border(start, min(atom.end, start + size), atom.end)
            while (tokens := self.measure(start, stop)) > room and stop - start > 1:
                stop = self._border(start, start + (stop - start) // 2, atom.end)
            first, last = self.trimmed(start, stop)
            if first < last:
                yield Atom(first, last, tokens, atom.kind)
            start = stop

    def _border(self, start: int, stop: int, end: int) -> int:
        if stop >= end:
            return end
        middle = start + (stop - start) // 2
        for mark in ("\n", " "):
            place = self.text.rfind(mark, middle, stop)
            if place > start:
                return place
        return stop
