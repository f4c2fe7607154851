"""What is promised of finding and citing: not less than this, on a part of the quality check.

The limits lie well below what is measured (docs/retrieval-quality.md): they do not tell a good
change from a bad one, but a step that works from one that does not.
"""

from pathlib import Path

import pytest

from infrastructure.settings import Settings
from tests.ingesting import open_ingesting
from tests.quality.library import HYBRID, MEANING, RERANKED, WAYS, WORDS, Way, shelved
from tests.quality.measuring import Outcomes, measured
from tests.quality.questions import Question, questions, texts

FILES = ("austen-northanger-abbey.txt", "coolidge-message-1923.txt", "lincoln-message-1863.txt")
HERE = questions(FILES)


@pytest.mark.parametrize("question", questions(), ids=lambda each: each.text)
def test_answers_stand_in_the_texts(question: Question) -> None:
    known = texts()
    assert len(question.quotes) == sum(
        Question("exact", "", None, [quote]).is_in(text)
        for quote in question.quotes
        for text in known.values()
    )
    if question.file is not None:
        assert question.is_in(known[question.file])


@pytest.fixture
async def found(database: str, redis_url: str, tmp_path: Path) -> dict[Way, Outcomes]:
    settings = Settings.from_env(
        {},
        data=tmp_path / "data",
        database_url=database,
        redis_url=redis_url,
        ollama_base_url="off",
    )
    async with open_ingesting(settings) as product:
        library = await shelved(product, FILES)
        outcomes: dict[Way, Outcomes] = {}
        for way in WAYS:
            await library.choose(way)
            outcomes[way] = await measured(library, HERE)
    return outcomes


async def test_passages_are_found_and_cited(found: dict[Way, Outcomes]) -> None:
    shown = {way.name: (each.recall(), each.reciprocal_rank()) for way, each in found.items()}
    assert found[WORDS].recall() >= 0.5, shown
    assert found[MEANING].recall() >= 0.6, shown
    assert found[HYBRID].recall() >= 0.7, shown
    assert found[RERANKED].recall() >= 0.75, shown
    assert found[HYBRID].recall() >= found[WORDS].recall() - 0.05, shown
    assert found[HYBRID].reciprocal_rank() >= found[WORDS].reciprocal_rank() - 0.05, shown
    assert found[HYBRID].recall("exact") >= 0.75, shown
    assert found[HYBRID].read() >= 0.75
    assert found[HYBRID].cited() >= 0.45
    assert found[HYBRID].exactness() >= 0.45
    assert found[HYBRID].declined() >= 0.6
