"""What an answer is written from, besides the conversation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from application.ports import Given
from application.retrieval.ports import Candidate, Passage
from application.retrieval.prompting import Source, prompt_of, quote_of
from domain.answers import Retrieval

FOUND_MAX = 24
NOTHING = (
    "The documents that belong to this conversation were searched, and nothing was found in them "
    "for the question below. Say so plainly before you say anything else."
)


@dataclass(frozen=True, slots=True)
class Material:
    """Sources with their numbers. `attached`: somebody chose where to look."""

    sources: Sequence[Source] = ()
    attached: bool = True
    notes: Sequence[str] = ()
    record: Retrieval | None = None

    @property
    def text(self) -> str:
        """What a language model reads before the question."""
        if self.sources:
            return prompt_of(self.sources, self.notes)
        return "\n".join([*self.notes, NOTHING])

    @property
    def given(self) -> tuple[Given, ...]:
        """What the built-in Reader quotes from."""
        return tuple(
            Given(
                each.n,
                each.block.quoted.text,
                each.citation(),
                each.block.candidates[0].scores.meaning,
            )
            for each in self.sources
        )

    @property
    def citations(self) -> list[dict[str, Any]]:
        """What readers are told of the sources."""
        return [each.citation() for each in self.sources]


def found_of(
    candidates: Sequence[Candidate], sources: Sequence[Source], *, most: int = FOUND_MAX
) -> list[dict[str, Any]]:
    """What was found, as it is recorded, best first: all that is used, and the best of the rest."""
    numbers = {
        key_of(each.passage): source.n for source in sources for each in source.block.candidates
    }
    whole = [each for source in sources for each in source.block.candidates]
    both = {key_of(each.passage): each for each in (*candidates, *whole)}
    rest = most - len(numbers)
    found = []
    for key, each in both.items():
        n = numbers.get(key)
        if n is not None or rest > 0:
            found.append(_recorded(each, n))
            rest -= n is None
    return found


def key_of(passage: Passage) -> tuple[object, ...]:
    """What tells a passage from all others."""
    return (passage.id, passage.file_id, passage.url, passage.ordinal)


def _recorded(each: Candidate, n: int | None) -> dict[str, Any]:
    passage, scores = each.passage, each.scores
    found: dict[str, Any] = {
        "passage_id": None if passage.id is None else str(passage.id),
        "file_id": None if passage.file_id is None else str(passage.file_id),
        "url": passage.url,
        "page": passage.page,
        "scores": {
            "words": rounded(scores.words),
            "meaning": rounded(scores.meaning),
            "fused": rounded(scores.fused),
            "rerank": rounded(scores.rerank),
        },
        "used": n is not None,
        "n": n,
    }
    if passage.file_id is None:
        found |= {"title": passage.name, "quote": quote_of(passage)}
    if passage.knowledge_id is not None:
        found["knowledge_id"] = str(passage.knowledge_id)
    return found


def rounded(score: float | None) -> float | None:
    """A score with the digits that say something."""
    return None if score is None else round(score, 5)
