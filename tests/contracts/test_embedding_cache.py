"""What is remembered of vectors: nothing is embedded twice, whoever asks and whenever."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import numpy as np
import pytest

from application.documents.ports import Purpose, Unfit, Vectors
from application.ports import Unavailable
from infrastructure.embeddings.cache import CachedEmbedder
from infrastructure.lines import Lines
from infrastructure.postgres import pool
from tests.embedding_server import expected

TEXTS = ["one", "two", "three", "two", "one"]


class Counting:
    """An embedder that writes down what it is asked."""

    def __init__(self, space: str = "test:one", dimension: int = 8) -> None:
        self.space = space
        self.dimension = dimension
        self.asked: list[tuple[str, ...]] = []
        self.is_away = False

    async def embed(self, texts: Sequence[str], purpose: Purpose = "passage") -> Vectors:
        del purpose
        if self.is_away:
            raise Unavailable("It is away.")
        self.asked.append(tuple(texts))
        return expected(list(texts), self.dimension)


@pytest.fixture
async def lines(database: str) -> AsyncGenerator[Lines, None]:
    async with pool(database) as connections:
        yield Lines(connections)


@pytest.fixture
def inner() -> Counting:
    return Counting()


@pytest.fixture
def cached(inner: Counting, lines: Lines) -> CachedEmbedder:
    return CachedEmbedder(inner, lines)


async def test_only_what_is_new_is_embedded(cached: CachedEmbedder, inner: Counting) -> None:
    first = await cached.embed(TEXTS)
    assert inner.asked == [("one", "two", "three")]
    again = await cached.embed([*TEXTS, "four"])
    assert inner.asked[1:] == [("four",)]
    assert np.array_equal(again[:5], first)
    assert again.dtype == np.float32


async def test_what_is_remembered_is_near_enough(cached: CachedEmbedder) -> None:
    texts = [f"text {n}" for n in range(500)]
    for vectors in (await cached.embed(texts), await cached.embed(texts)):
        assert np.all(np.sum(vectors * expected(texts), axis=1) > 0.999999)
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


async def test_spaces_are_kept_apart(cached: CachedEmbedder, inner: Counting, lines: Lines) -> None:
    await cached.embed(TEXTS)
    other = Counting("test:two", 5)
    assert (await CachedEmbedder(other, lines).embed(TEXTS)).shape == (5, 5)
    assert len(inner.asked) == len(other.asked) == 1
    assert cached.space == "test:one"


async def test_questions_are_not_remembered(
    cached: CachedEmbedder, inner: Counting, lines: Lines
) -> None:
    for _ in range(2):
        await cached.embed(["who?"], "query")
    assert inner.asked == [("who?",)] * 2
    assert await lines.row("select count(*) from documents.embeddings", {}) == (0,)


async def test_nothing_needs_nobody(cached: CachedEmbedder, inner: Counting) -> None:
    await cached.embed(TEXTS)
    inner.is_away = True
    assert len(await cached.embed(TEXTS)) == len(TEXTS)
    with pytest.raises(Unavailable):
        await cached.embed([*TEXTS, "five"])


async def test_another_length_is_refused(cached: CachedEmbedder, inner: Counting) -> None:
    await cached.embed(TEXTS)
    inner.dimension = 9
    with pytest.raises(Unfit, match="another length"):
        await cached.embed([*TEXTS, "six"])


async def test_many_at_once_do_not_block_each_other(cached: CachedEmbedder) -> None:
    texts = [f"text {n}" for n in range(200)]
    found = await asyncio.gather(*(cached.embed(texts[:: 1 - 2 * (n % 2)]) for n in range(10)))
    for place, vectors in enumerate(found):
        assert np.array_equal(vectors[:: 1 - 2 * (place % 2)], found[0])


async def test_halves_of_characters_are_no_trouble(cached: CachedEmbedder) -> None:
    assert len(await cached.embed(["broken \ud800"])) == 1
