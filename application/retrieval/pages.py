"""Pages of the web in pieces, and which of them share words with a query."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from application.documents.ports import Hit, WebPage
from application.retrieval.ports import Passage, Ranking

PAGE_CHARACTERS_MAX = 200_000
PIECE_CHARACTERS = 1_200
K1, B = 1.2, 0.75  # the usual constants of BM25
WORD = re.compile(r"\w+")
HEADING = re.compile(r"#{1,6} +(.+)")
HEADING_LINE = re.compile(r"^(#{1,6} .*)$", re.MULTILINE)
BLANK = re.compile(r"\n[ \t]*\n")


def cut(page: WebPage) -> list[Passage]:
    """The pieces of a page: paragraphs together up to a length, under their heading."""
    pieces: list[Passage] = []
    heading, text = "", ""
    for paragraph in paragraphs(page.text[:PAGE_CHARACTERS_MAX]):
        found = HEADING.fullmatch(paragraph)
        if text and (found or len(text) + len(paragraph) > PIECE_CHARACTERS):
            pieces.append(_piece(page, len(pieces), heading, text))
            text = ""
        if found:
            heading = found[1]
        else:
            text = f"{text}\n\n{paragraph}".strip()
    if text:
        pieces.append(_piece(page, len(pieces), heading, text))
    return pieces


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text; one that is very long comes in parts."""
    found = (each.strip() for each in BLANK.split(HEADING_LINE.sub(r"\n\1\n", text)))
    return [
        each[begin : begin + PIECE_CHARACTERS]
        for each in found
        for begin in range(0, len(each), PIECE_CHARACTERS)
    ]


def _piece(page: WebPage, ordinal: int, heading: str, text: str) -> Passage:
    return Passage(
        page.title or page.url,
        text,
        url=page.url,
        ordinal=ordinal,
        headings=heading,
        hash=sha256(f"{heading}\n{text}".encode("utf-8", "replace")).digest(),
    )


def by_words(query: str, keys: Sequence[UUID], pieces: Sequence[Passage]) -> Ranking:
    """Pieces that share words with a query, by BM25."""
    counts = [Counter(words(f"{each.name} {each.headings} {each.text}")) for each in pieces]
    mean = sum(each.total() for each in counts) / len(counts)
    scores = [0.0] * len(pieces)
    for word in set(words(query)):
        holding = sum(word in each for each in counts)
        rarity = math.log(1 + (len(counts) - holding + 0.5) / (holding + 0.5))
        for place, each in enumerate(counts):
            if n := each[word]:
                scores[place] += (
                    rarity * n * (K1 + 1) / (n + K1 * (1 - B + B * each.total() / mean))
                )
    hits = best_first(keys, scores)
    return Ranking("words", [each for each in hits if each.score > 0])


def best_first(keys: Sequence[UUID], scores: Sequence[float]) -> list[Hit]:
    """Keys with their scores; equals stay in their order."""
    found = [Hit(key, score) for key, score in zip(keys, scores, strict=True)]
    return sorted(found, key=lambda each: -each.score)


def words(text: str) -> list[str]:
    """The words of a text, in small letters."""
    return WORD.findall(text.lower())
