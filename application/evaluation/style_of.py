"""How an answer looks, counted in its Markdown."""

import re
from dataclasses import dataclass

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
TOKEN = re.compile(r"\w+|[^\w\s]")
HEADER = re.compile(r" {0,3}#{1,6}[ \t]+\S")
ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\S")
BOLD = re.compile(r"\*\*[^\s*][^*\n]*\*\*|__[^\s_][^_\n]*__")


@dataclass(frozen=True, slots=True)
class Style:
    """How an answer looks."""

    tokens: float = 0
    headers: float = 0
    lists: float = 0
    bold: float = 0

    @property
    def numbers(self) -> tuple[float, float, float, float]:
        """All of it, in the order of the weights."""
        return self.tokens, self.headers, self.lists, self.bold


def style_of(text: str) -> Style:
    """Tokens are words and single signs, of all the text.

    Headers are lines that begin with one to six #, lists the lines that begin an item, bold what
    stands between two pairs of stars or low lines; inside of fenced code there are none of them.
    """
    prose = outside_of_code(text)
    return Style(
        tokens=sum(1 for _ in TOKEN.finditer(text)),
        headers=sum(1 for line in prose if HEADER.match(line)),
        lists=sum(1 for line in prose if ITEM.match(line)),
        bold=sum(len(BOLD.findall(line)) for line in prose),
    )


def outside_of_code(text: str) -> list[str]:
    """The lines outside of fenced code; a fence that is never closed goes to the end."""
    found, fence = [], ""
    for line in text.splitlines():
        mark = FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip(" \t`~"):
                fence = ""
        elif mark:
            fence = mark[1]
        else:
            found.append(line)
    return found
