"""What every reranker promises: all texts, the best first, or a reason in plain words."""

import json
import math
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from application.documents.ports import Reranker, Unfit
from application.documents.settings import Reranker as Choice
from application.ports import Unavailable
from infrastructure.embeddings.wire import INT64, Graph
from infrastructure.models.http import Limits, open_client
from infrastructure.rerankers.registry import Rerankers
from tests.embedding_server import MODEL, EmbeddingServer, embedding_server

KEY = "sk-test-0123456789"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "harbour", "ship", "cat", "where", "is", "the"]
QUERY = "where is the ship"
TEXTS = ["the cat", "the ship is the ship", "cat cat cat", "where is the ship"]


def write_model(folder: Path, *, classes: int = 1, output: int | None = None) -> None:
    """A cross-encoder of ten words: it counts those of the text that are ship, less the cats."""
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", [("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    worth = np.zeros((len(WORDS), output or classes), np.float32)
    worth[WORDS.index("ship"), -1], worth[WORDS.index("cat"), -1] = 1, -1
    graph = Graph()
    graph.constant("worth", worth)
    graph.constant("axis", np.array([2]))
    graph.constant("tokens", np.array([1]))
    graph.node("Gather", ("worth", "input_ids"), "each")
    graph.node("Mul", ("attention_mask", "token_type_ids"), "mask")
    graph.node("Cast", ("mask",), "floats", to=1)
    graph.node("Unsqueeze", ("floats", "axis"), "weights")
    graph.node("Mul", ("each", "weights"), "weighed")
    graph.node("ReduceSum", ("weighed", "tokens"), "logits", keepdims=0)
    axes = ("batch", "length")
    inputs = dict.fromkeys(("input_ids", "attention_mask", "token_type_ids"), (INT64, axes))
    data = graph.model(inputs, {"logits": ("batch", output or classes)})  # type: ignore[arg-type]
    (folder / "model.onnx").write_bytes(data)


@pytest.fixture
async def rerankers() -> AsyncGenerator[Rerankers, None]:
    async with open_client() as client:
        rerankers = Rerankers(client, Limits(silence_seconds=1))
        yield rerankers
        await rerankers.aclose()


@pytest.fixture
async def server() -> AsyncGenerator[EmbeddingServer, None]:
    async with embedding_server(KEY) as server:
        yield server


async def at(rerankers: Rerankers, choice: Choice) -> Reranker:
    found = await rerankers.reranker(choice, KEY)
    assert found
    return found


@pytest.fixture
async def http(rerankers: Rerankers, server: EmbeddingServer) -> Reranker:
    return await at(rerankers, Choice("http", server.url, MODEL))


PLUGS = ["documents", "texts", "whole address", "local", "local with two classes", "built in"]


@pytest.fixture(params=PLUGS)
async def reranker(
    request: pytest.FixtureRequest, rerankers: Rerankers, server: EmbeddingServer, tmp_path: Path
) -> Reranker:
    if request.param == "built in":
        return await at(rerankers, Choice("built_in"))
    if request.param.startswith("local"):
        write_model(tmp_path, classes=1 if request.param == "local" else 2)
        return await at(rerankers, Choice("local", model=str(tmp_path)))
    server.form = "texts" if request.param == "texts" else "documents"
    address = "/rerank" if request.param == "whole address" else ""
    return await at(rerankers, Choice("http", server.url + address, MODEL))


async def test_all_texts_come_back_best_first(reranker: Reranker) -> None:
    for _ in range(2):
        ranked = await reranker.rerank(QUERY, TEXTS)
        assert sorted(each.place for each in ranked) == [0, 1, 2, 3]
        assert {each.place for each in ranked[:2]} == {1, 3}
        scores = [each.score for each in ranked]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= each <= 1 for each in scores)


async def test_nothing_gives_nothing(reranker: Reranker) -> None:
    assert await reranker.rerank(QUERY, []) == []


async def test_many_and_broken_texts_are_no_trouble(
    reranker: Reranker, server: EmbeddingServer
) -> None:
    server.texts_max = 32
    texts = [f"cat {n} \ud800" for n in range(100)] + ["ship " * 5_000]
    ranked = await reranker.rerank(QUERY, texts)
    assert ranked[0].place == 100
    assert len({each.place for each in ranked}) == 101


async def test_no_reranker_is_none(rerankers: Rerankers) -> None:
    assert await rerankers.reranker(Choice()) is None


async def test_a_form_is_learnt_once(rerankers: Rerankers, server: EmbeddingServer) -> None:
    server.form = "texts"
    for _ in range(3):
        reranker = await at(rerankers, Choice("http", server.url))
        await reranker.rerank(QUERY, TEXTS)
    assert ["texts" in body for _, body in server.asked] == [False, True, True, True]


async def test_a_wrong_key_is_for_a_person(server: EmbeddingServer, http: Reranker) -> None:
    server.key = "sk-another-key"
    with pytest.raises(Unfit, match="refused the API key") as raised:
        await http.rerank(QUERY, TEXTS)
    assert KEY not in str(raised.value)


async def test_a_dead_or_silent_server_is_unavailable(
    rerankers: Rerankers, server: EmbeddingServer, http: Reranker
) -> None:
    server.delay = 30
    with pytest.raises(Unavailable, match="sent nothing"):
        await http.rerank(QUERY, TEXTS)
    dead = await at(rerankers, Choice("http", "http://127.0.0.1:9"))
    with pytest.raises(Unavailable, match="cannot be reached"):
        await dead.rerank(QUERY, TEXTS)


def changed(answer: Any, **what: Any) -> Any:
    answer["results"][1] |= what
    return answer


WRONG: dict[str, Callable[[Any], Any]] = {
    "one too few": lambda answer: {"results": answer["results"][1:]},
    "twice": lambda answer: changed(answer, index=answer["results"][0]["index"]),
    "elsewhere": lambda answer: changed(answer, index=99),
    "no place": lambda answer: changed(answer, index=[]),
    "no number": lambda answer: changed(answer, relevance_score="very"),
    "nothing": lambda answer: changed(answer, relevance_score=None),
    "not finite": lambda answer: changed(answer, relevance_score=math.nan),
    "no results": lambda _: {},
    "a text": lambda _: "well",
    "no JSON": lambda _: b"<html>",
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_what_is_no_ranking_is_refused(
    server: EmbeddingServer, http: Reranker, wrong: str
) -> None:
    server.alter = WRONG[wrong]
    with pytest.raises(Unfit, match=server.host):
        await http.rerank(QUERY, TEXTS)


@pytest.mark.parametrize("status", [400, 404, 422, 429, 500])
async def test_a_refusal_says_what_it_means(
    server: EmbeddingServer, http: Reranker, status: int
) -> None:
    server.refusals = [(status, {"message": f"No: {KEY}"})] * 9
    with pytest.raises(Unfit if status < 429 else Unavailable, match=server.host) as raised:
        await http.rerank(QUERY, TEXTS)
    assert KEY not in str(raised.value)


async def test_a_folder_without_a_model_is_named(rerankers: Rerankers, tmp_path: Path) -> None:
    reranker = await at(rerankers, Choice("local", model=str(tmp_path)))
    with pytest.raises(Unfit, match=r"tokenizer\.json"):
        await reranker.rerank(QUERY, TEXTS)
    write_model(tmp_path)
    (tmp_path / "model.onnx").rename(tmp_path / "other.onnx")
    with pytest.raises(Unfit, match=r"model\.onnx is not there"):
        await reranker.rerank(QUERY, TEXTS)
    (tmp_path / "model.onnx").write_text("not a model")
    with pytest.raises(Unfit, match="cannot be loaded"):
        await reranker.rerank(QUERY, TEXTS)
    (tmp_path / "tokenizer.json").write_text(json.dumps({"version": "1.0"}))
    with pytest.raises(Unfit, match="cannot be loaded"):
        await reranker.rerank(QUERY, TEXTS)
    write_model(tmp_path)
    assert len(await reranker.rerank(QUERY, TEXTS)) == len(TEXTS)


async def test_a_model_of_another_kind_is_refused(rerankers: Rerankers, tmp_path: Path) -> None:
    write_model(tmp_path, output=3)
    reranker = await at(rerankers, Choice("local", model=str(tmp_path)))
    with pytest.raises(Unfit, match="it gives 3 numbers for each text"):
        await reranker.rerank(QUERY, TEXTS)


async def test_choices_that_mean_nothing_are_refused(rerankers: Rerankers) -> None:
    with pytest.raises(Unfit, match="full path"):
        await rerankers.reranker(Choice("local", model="models/one"))
    with pytest.raises(Unfit, match="http"):
        await rerankers.reranker(Choice("http", "ftp://somewhere"))


async def test_the_same_choice_gives_the_same_model(rerankers: Rerankers, tmp_path: Path) -> None:
    choice = Choice("local", model=str(tmp_path))
    assert await rerankers.reranker(choice) is await rerankers.reranker(choice)
