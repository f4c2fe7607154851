"""How much may be read: what fits into a number of tokens."""

from collections.abc import Sequence
from dataclasses import replace

from application.answering.context import BYTES_PER_TOKEN, tokens_of
from application.retrieval.ports import Candidate, Passage

AROUND_TOKENS = 24  # number, name and headings of a passage
TOKENS_MIN = 64  # a beginning shorter than that says nothing


def weight(passage: Passage) -> int:
    """About how many tokens a passage takes, with what stands around it."""
    return tokens_of(passage.text) + tokens_of(passage.headings) + AROUND_TOKENS


def fitting(
    candidates: Sequence[Candidate], count: int, tokens: int
) -> tuple[list[Candidate], int]:
    """The best candidates that fit, and how many tokens are left.

    When not even the best one fits, its beginning does.
    """
    found: list[Candidate] = []
    for each in candidates:
        if len(found) == count:
            break
        needed = weight(each.passage)
        if needed <= tokens:
            found.append(each)
            tokens -= needed
        elif not found and tokens >= TOKENS_MIN:
            found.append(replace(each, passage=_beginning(each.passage, tokens)))
            tokens = 0
    return found, tokens


def room_around(
    candidates: Sequence[Candidate], around: Sequence[Passage], reach: int, tokens: int
) -> list[Passage]:
    """Which neighbours fit, those of the best candidates first."""
    chosen = {(each.passage.document, each.passage.ordinal) for each in candidates}
    found: list[Passage] = []
    for each in candidates:
        for passage in _nearest(each.passage, around, reach):
            key = (passage.document, passage.ordinal)
            if key not in chosen and (needed := tokens_of(passage.text)) <= tokens:
                chosen.add(key)
                found.append(passage)
                tokens -= needed
    return found


def _nearest(passage: Passage, around: Sequence[Passage], reach: int) -> list[Passage]:
    """The neighbours of one passage, the nearest first."""
    near = [
        (abs(each.ordinal - passage.ordinal), each.ordinal, each)
        for each in around
        if each.document == passage.document
    ]
    return [each for distance, _, each in sorted(near, key=lambda n: n[:2]) if distance <= reach]


def _beginning(passage: Passage, tokens: int) -> Passage:
    room = int((tokens - AROUND_TOKENS) * BYTES_PER_TOKEN)
    text = passage.text.encode("utf-8", "replace")[: max(room, 0)].decode("utf-8", "ignore")
    return replace(passage, text=text, end=min(passage.end, passage.start + len(text)))
