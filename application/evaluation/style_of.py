"""How an answer looks, counted in its Markdown."""

import re

from application.evaluation.votes import Style

FENCED = re.compile(r"^(```|~~~).*?^\1[^\S\n]*$", re.MULTILINE | re.DOTALL)
TOKEN = re.compile(r"\w+|[^\w\s]")
HEADER = re.compile(r"^#{1,6}\s+\S", re.MULTILINE)
ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\S", re.MULTILINE)
BOLD = re.compile(r"\*\*[^\s*][^*\n]*\*\*|__[^\s_][^_\n]*__")


def style_of(text: str) -> Style:
    """Tokens are words and signs, of all the text; marks inside of fenced code are none."""
    prose = FENCED.sub("", text)
    return Style(
        tokens=len(TOKEN.findall(text)),
        headers=len(HEADER.findall(prose)),
        lists=len(ITEM.findall(prose)),
        bold=len(BOLD.findall(prose)),
    )
