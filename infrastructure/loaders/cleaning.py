"""Text as it may be stored: valid, without control characters, lines that end in one way."""

import re
from collections.abc import Iterable
from unicodedata import is_normalized, normalize

from infrastructure.loaders.base import Limits, Unreadable

TITLE_CHARS_MAX = 300
LINE_ENDS = re.compile("\r\n|[\r\f\v\x85\u2028\u2029]")
UNFIT = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]")
GAPS = re.compile("\n{4,}")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def clean(text: str) -> str:
    """A text without what no text should have; a form feed becomes a line end."""
    text = UNFIT.sub("", LINE_ENDS.sub("\n", text))
    if not is_normalized("NFC", text):
        text = normalize("NFC", text)
    return GAPS.sub("\n\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip("\n")


def joined(parts: Iterable[str], limits: Limits, *, paged: bool) -> tuple[str, int]:
    """All parts as one text of limited length, and how many there were."""
    taken: list[str] = []
    left = limits.text_bytes_max
    for part in parts:
        if text := clean(part):
            left -= len(text.encode()) + 2
        if left < 0:
            raise Unreadable("too_large", "The file has more text than can be kept.")
        if text or paged:
            taken.append(text)
    return ("\f" if paged else "\n\n").join(taken), len(taken)


def title_of(title: str, text: str) -> str:
    """The given title, or the first heading, on one line."""
    found = title.strip() or next((each[1] for each in HEADING.finditer(text)), "")
    return " ".join(clean(found).split())[:TITLE_CHARS_MAX]
