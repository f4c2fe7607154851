"""From passages that were found to blocks that are read: each once, neighbours joined."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from application.retrieval.ports import Candidate, Passage


@dataclass(frozen=True, slots=True)
class Block:
    """A run of passages of one document, and the candidates in it, best first.

    `quoted` is the part of the text that was found, without the neighbours around it.
    """

    text: str
    quoted: Passage
    candidates: Sequence[Candidate]


def without_duplicates(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Each text once, where it did best: the same file may have been given twice."""
    found: dict[object, Candidate] = {}
    for each in candidates:
        passage = each.passage
        found.setdefault(passage.hash or (passage.headings, passage.text), each)
    return list(found.values())


def blocks(candidates: Sequence[Candidate], around: Sequence[Passage] = ()) -> list[Block]:
    """Candidates, best first, joined with each other and with what is around them.

    A block stands where its best candidate stood.
    """
    known = {key_of(each): each for each in around}
    places: dict[tuple[object, int], int] = {}
    for place, each in enumerate(candidates):
        known[key_of(each.passage)] = each.passage
        places[key_of(each.passage)] = place
    made = [_block(run, candidates, places) for run in _runs(known) if _holds(run, places)]
    made.sort(key=lambda each: places[key_of(each.candidates[0].passage)])
    return made


def key_of(passage: Passage) -> tuple[object, int]:
    """Where a passage stands."""
    return (passage.document, passage.ordinal)


def _runs(known: Mapping[tuple[object, int], Passage]) -> list[list[Passage]]:
    """Passages that follow each other in one document."""
    runs: list[list[Passage]] = []
    for key in sorted(known, key=lambda each: (repr(each[0]), each[1])):
        passage = known[key]
        last = runs[-1][-1] if runs else None
        if last and last.document == passage.document and last.ordinal + 1 == passage.ordinal:
            runs[-1].append(passage)
        else:
            runs.append([passage])
    return runs


def _holds(run: Sequence[Passage], places: Mapping[tuple[object, int], int]) -> bool:
    return any(key_of(each) in places for each in run)


def _block(
    run: Sequence[Passage],
    candidates: Sequence[Candidate],
    places: Mapping[tuple[object, int], int],
) -> Block:
    hits = [index for index, each in enumerate(run) if key_of(each) in places]
    found = sorted(places[key_of(run[index])] for index in hits)
    middle = run[hits[0] : hits[-1] + 1]
    best = candidates[found[0]].passage
    quoted = replace(best, text=joined(middle), start=middle[0].start, end=middle[-1].end)
    return Block(joined(run), quoted, [candidates[place] for place in found])


def joined(run: Sequence[Passage]) -> str:
    """The text of passages that follow each other; what two of them share stands there once."""
    text = run[0].text
    for before, after in pairwise(run):
        shared = before.end - after.start
        if shared > 0 and text.endswith(after.text[:shared]):
            text += after.text[shared:]
        else:
            text += "\n" + after.text
    return text
