"""What the built-in reranker promises beyond the others: time, memory, and the rest undisturbed."""

import asyncio
from collections.abc import AsyncGenerator
from time import monotonic

import numpy as np
import pytest

from application.documents.ports import Unfit
from infrastructure.embeddings.minilm import MiniLM, package_folder
from infrastructure.rerankers import late
from infrastructure.rerankers.late import LateModel, LateReranker, Read, compared, learnt

TEXTS = ["The cat sleeps on the sofa.", "Interest rates rose in spring.", ""]
QUERY = "What did the cost of money do?"
LONG = [
    f"Room {n} of the old house. " + "The floor was swept and the lamp lit. " * 30
    for n in range(30)
]


@pytest.fixture
async def reranker() -> AsyncGenerator[LateReranker, None]:
    reranker = LateReranker()
    yield reranker
    await reranker.aclose()


async def test_meaning_decides_and_every_time_alike(reranker: LateReranker) -> None:
    once = await reranker.rerank(QUERY, TEXTS)
    assert [each.place for each in once] == [1, 0, 2]
    assert await reranker.rerank(QUERY, TEXTS) == once
    other = LateReranker()
    assert await other.rerank(QUERY, TEXTS) == once
    await other.aclose()


async def test_a_text_is_as_good_however_many_stand_beside_it(reranker: LateReranker) -> None:
    twice = await reranker.rerank(QUERY, [TEXTS[1], TEXTS[1]])
    assert [each.place for each in twice] == [0, 1]
    assert twice[0].score == twice[1].score


async def test_what_was_not_read_in_time_stays_last_in_its_order() -> None:
    hasty = LateReranker(read_seconds_max=0)
    ranked = await hasty.rerank(QUERY, TEXTS)
    assert [(each.place, each.score) for each in ranked] == [(0, 0.0), (1, 0.0), (2, 0.0)]
    await hasty.aclose()
    asked = Read([1], np.full((1, 4), 0.5, np.float16))
    assert compared(asked, [None, asked]) == [0.0, pytest.approx(1.0, abs=0.01)]


async def test_the_rest_goes_on_while_it_reads(reranker: LateReranker) -> None:
    await reranker.rerank(QUERY, TEXTS)
    reading = asyncio.create_task(reranker.rerank("Which room was swept?", LONG))
    longest = 0.0
    while not reading.done():
        begun = monotonic()
        await asyncio.sleep(0.01)
        longest = max(longest, monotonic() - begun)
    assert len(await reading) == len(LONG)
    assert longest < 0.5


async def test_a_quick_question_does_not_wait_for_a_long_one(reranker: LateReranker) -> None:
    await reranker.rerank(QUERY, TEXTS)
    reading = asyncio.create_task(reranker.rerank("Which room was swept?", LONG))
    await asyncio.sleep(0.05)
    await reranker.rerank(QUERY, TEXTS)
    assert not reading.done()
    await reading


def test_no_more_is_kept_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late, "KEPT_TOKENS_MAX", 30)
    model = LateModel(MiniLM(package_folder()))
    for each in (*TEXTS, "A fourth one."):
        learnt(model, [(each, model.tokens([each])[0])])
        learnt(model, [(each, model.tokens([each])[0])])
    kept = [each for each in (*TEXTS, "A fourth one.") if model.kept(each)]
    assert kept[-1] == "A fourth one."
    assert sum(len(found.ids) for each in kept if (found := model.kept(each))) <= 30
    monkeypatch.setattr(late, "KEPT_TOKENS_MAX", 0)
    learnt(model, [("Alone.", model.tokens(["Alone."])[0])])
    assert model.kept("Alone.") is None


async def test_it_is_loaded_when_needed_and_let_go() -> None:
    reranker = LateReranker(idle_seconds=0.2)
    await reranker.rerank(QUERY, [])
    states = [reranker.is_loaded]
    await reranker.rerank(QUERY, TEXTS)
    states.append(reranker.is_loaded)
    await asyncio.sleep(0.5)
    states.append(reranker.is_loaded)
    await reranker.aclose()
    assert states == [False, True, False]


async def test_missing_weights_are_said_plainly() -> None:
    def load() -> MiniLM:
        raise FileNotFoundError("the package is not installed")

    reranker = LateReranker(load)
    with pytest.raises(Unfit, match="The built-in reranker cannot be loaded: the package is not"):
        await reranker.rerank(QUERY, TEXTS)
    await reranker.aclose()
