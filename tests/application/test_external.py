"""What comes from external knowledge: one order, each passage for itself, nothing trusted."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from application.documents.ports import Unfit
from application.ports import Unavailable
from application.retrieval.external import (
    TEXT_CHARACTERS_MAX,
    Base,
    Inquiry,
    Piece,
    ranked,
    still_readable,
    web_address,
)
from application.retrieval.merge import blocks, without_duplicates
from application.retrieval.sources import Source

ANA = UUID(int=10)
HOUSE = Base(UUID(int=1), "House", Source(seconds=1))
GARDEN = Base(UUID(int=2), "Garden", Source(seconds=1))
TEA, ROSES = Piece("Tea is brewed at 70 degrees.", score=0.9), Piece("Roses are cut.", score=0.1)


@dataclass
class Known:
    """Sources that answer, raise, or are silent."""

    answers: dict[UUID, Sequence[Piece] | Exception | None]
    bases: Sequence[Base] = (HOUSE, GARDEN)
    away: bool = False
    asked: list[tuple[UUID, str]] = field(default_factory=list)

    async def readable(self, user_id: UUID, knowledge_ids: Collection[UUID]) -> Sequence[Base]:
        assert user_id == ANA
        if self.away:
            raise Unavailable("It is gone.")
        return [each for each in self.bases if each.id in knowledge_ids]

    async def ask(self, base: Base, query: str, limit: int) -> Sequence[Piece]:
        self.asked.append((base.id, query))
        found = self.answers[base.id]
        if found is None:
            await asyncio.sleep(60)
        if isinstance(found, Exception):
            raise found
        return list(found or ())[:limit]


async def test_all_are_asked_all_questions_at_once() -> None:
    known = Known({HOUSE.id: [TEA], GARDEN.id: [ROSES]})
    looked = await Inquiry(known, ["tea", "roses"]).run(ANA, [HOUSE.id, GARDEN.id])
    assert len(known.asked) == 4
    assert {each.passage.text for each in looked.candidates} == {TEA.text, ROSES.text}
    assert {each.passage.knowledge_id for each in looked.candidates} == {HOUSE.id, GARDEN.id}
    assert looked.problems == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Unavailable("It is away."), "Garden: It is away."),
        (Unfit("It has no text."), "Garden: It has no text."),
        (None, "Garden: no answer within 1 seconds."),
    ],
)
async def test_one_that_fails_is_told_once_and_hurts_nobody(
    answer: Exception | None, said: str
) -> None:
    known = Known({HOUSE.id: [TEA], GARDEN.id: answer})
    looked = await Inquiry(known, ["tea", "roses"]).run(ANA, [HOUSE.id, GARDEN.id])
    assert looked.problems == [said]
    assert [each.passage.text for each in looked.candidates] == [TEA.text]


async def test_nothing_attached_costs_nothing() -> None:
    assert not (await Inquiry(None, ["tea"]).run(ANA, [HOUSE.id])).candidates
    known = Known({}, away=True)
    assert not (await Inquiry(known, ["tea"]).run(ANA, [])).problems
    looked = await Inquiry(known, ["tea"]).run(ANA, [HOUSE.id])
    assert looked.problems == ["External knowledge: It is gone."]
    assert not (await Inquiry(Known({}), ["tea"]).run(ANA, [UUID(int=9)])).milliseconds


def test_order_comes_of_the_source_and_of_words() -> None:
    pieces = [Piece("Nothing of it.", score=0.5), Piece("The tea is green.", score=0.49)]
    found = ranked(["green tea"], [HOUSE], [[[*pieces, Piece("Far away.", score=0.1)]]])
    assert found[0].passage.text == "The tea is green."
    assert all(each.scores.meaning is None for each in found)  # another scale than ours


def test_each_passage_stands_for_itself_and_once() -> None:
    page = "https://example.org/a"
    pieces = [Piece("One.", url=page, score=3), Piece("Two.", url=page, score=2), Piece("One.")]
    found = without_duplicates(ranked(["one"], [HOUSE], [[pieces]]))
    assert len(found) == len(blocks(found)) == 2


def test_what_a_source_says_is_kept_small_and_harmless() -> None:
    piece = Piece("a\x00b" * 9_000, "A\ntitle " * 200, "javascript:alert(1)", score=1)
    [found] = ranked(["q"], [HOUSE], [[[piece]]])
    assert found.passage.url is None
    assert len(found.passage.text) == TEXT_CHARACTERS_MAX
    assert "\n" not in found.passage.name
    [unnamed] = ranked(["q"], [HOUSE], [[[Piece("text")]]])
    assert unnamed.passage.name == "House"


@pytest.mark.parametrize(
    "url",
    ["", "file:///etc/passwd", "http://", "http://[x", "https://x/\n", "http://x/" + "y" * 2001],
)
def test_only_addresses_of_the_web_become_links(url: str) -> None:
    assert web_address(url) is None
    assert web_address(" https://example.org/a ") == "https://example.org/a"


async def test_what_may_not_be_asked_any_more_is_not_used_again() -> None:
    found: list[dict[str, Any]] = [
        {"n": 1},
        {"n": 2, "knowledge_id": str(HOUSE.id)},
        {"n": 3, "knowledge_id": None},
    ]
    known = Known({}, bases=[GARDEN])
    assert [each["n"] for each in await still_readable(known, ANA, found)] == [1, 3]
    assert len(await still_readable(Known({}), ANA, found)) == 3
