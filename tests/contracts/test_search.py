"""What the search for passages promises: the needle is found, and nothing of strangers."""

import random
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest

from application.documents.cutting import Cutting, cut
from application.documents.ports import Embedder, Hit, Point, Purpose, Vectors, VectorStore
from application.documents.settings import DocumentSettings, values_of
from application.ports import Unavailable
from application.retrieval.ports import Found
from infrastructure.documents.indexes import Index, Indexed, Indexes
from infrastructure.documents.passages import keep_passages, page_of_passages
from infrastructure.documents.search import PassageSearch
from infrastructure.documents.texts import keep_text
from infrastructure.embeddings.local import LocalEmbedder
from infrastructure.lines import Lines
from infrastructure.postgres import pool
from infrastructure.vectors.pgvector import PgVectorStore

CUTTING = Cutting(tokens=128, overlap=16)
NEEDLES = 20
WORDS = [
    "river",
    "stone",
    "harbour",
    "winter",
    "letter",
    "market",
    "engine",
    "garden",
    "window",
    "bridge",
    "music",
    "candle",
    "paper",
    "mountain",
    "ship",
    "kitchen",
    "mirror",
    "forest",
    "silver",
    "village",
    "thunder",
    "lantern",
    "orchard",
    "copper",
    "meadow",
]
NEAR = (
    "The vault of the old church was painted in {n} colours.",
    "A code of conduct with {n} rules hangs beside the door.",
    "Every vault has a code, and nobody tells it.",
)


@dataclass(slots=True)
class Given:
    """An engine that is there, or is not."""

    store: VectorStore
    embedder: Embedder
    away: bool = False

    async def store_of(self, _: Index) -> VectorStore:
        if self.away:
            raise Unavailable("The vector store is away.")
        return self.store

    async def embedder_of(self, _: Index) -> Embedder:
        return self.embedder


@dataclass(slots=True)
class Shelf:
    """A search, and how files come into it."""

    lines: Lines
    indexes: Indexes
    engines: Given
    search: PassageSearch
    index_id: UUID
    name: str
    files: list[UUID] = field(default_factory=list)

    async def add(self, text: str, *, cutting: Cutting = CUTTING, embed: bool = False) -> UUID:
        file_id = uuid4()
        sha256 = await keep_text(self.lines, file_id, text, 0)
        passages = cut(text, cutting)
        await keep_passages(self.lines, file_id, cutting.key, passages)
        await self.indexes.start(self.index_id, file_id, cutting.key, sha256)
        done = Indexed(cutting.key, sha256, len(passages), done=True)
        await self.indexes.finish(self.index_id, file_id, done)
        if embed:
            kept = await page_of_passages(
                self.lines, file_id, cutting.key, first=0, limit=len(passages)
            )
            vectors = await self.engines.embedder.embed([each.titled for each in kept])
            points = [Point(each.id, file_id, each.titled) for each in kept]
            await self.engines.store.upsert(self.name, points, vectors)
        self.files.append(file_id)
        return file_id

    async def best(self, found: Found, files: Collection[UUID]) -> list[str]:
        """The texts of the first ranking."""
        ids = [each.id for each in found.rankings[0].hits]
        known = await self.search.passages(ids, files)
        return [known[key].text for key in ids if key in known]


@pytest.fixture
async def shelf(database: str) -> AsyncIterator[Shelf]:
    async with AsyncExitStack() as stack:
        own = await stack.enter_async_context(pool(database))
        lines = Lines(own)
        indexes = Indexes(lines)
        embedder = LocalEmbedder()
        stack.push_async_callback(embedder.aclose)
        index_id = await indexes.begin(
            values_of(DocumentSettings()), space=embedder.space, dimension=384, cutting=CUTTING.key
        )
        index = await indexes.get(index_id)
        assert index is not None
        engines = Given(PgVectorStore(own), embedder)
        await engines.store.create(index.name, 384)
        search = PassageSearch(lines, indexes, engines)
        yield Shelf(lines, indexes, engines, search, index_id, index.name)


def haystack(number: int) -> str:
    """A long text with a needle, and much that looks like one."""
    chance = random.Random(number)
    paragraphs = [
        " ".join(f"{' '.join(chance.choices(WORDS, k=9)).capitalize()}." for _ in range(6))
        for _ in range(60)
    ]
    for place in range(0, 60, 5):
        paragraphs[place] += " " + chance.choice(NEAR).format(n=chance.randrange(NEEDLES))
    paragraphs[chance.randrange(60)] += f" The code of vault {number} is {9000 + number}."
    return "\n\n".join(paragraphs)


async def test_needles_are_found_in_long_files(shelf: Shelf) -> None:
    for number in range(NEEDLES):
        await shelf.add(haystack(number))
    for number in range(NEEDLES):
        question = f"Please tell me: what is the code of vault {number}?"
        found = await shelf.search.find([question], shelf.files, mode="words", limit=8)
        texts = await shelf.best(found, shelf.files)
        assert f"vault {number} is {9000 + number}" in texts[0]
    assert found.milliseconds.keys() == {"words"}


async def test_only_the_files_that_were_named_are_searched(shelf: Shelf) -> None:
    one, two = [await shelf.add(f"The harbour of {name}.") for name in ("Kiel", "Hull")]
    found = await shelf.search.find(["harbour"], [two], mode="words", limit=8)
    assert await shelf.best(found, [one, two]) == ["The harbour of Hull."]
    assert await shelf.best(found, [one]) == []
    assert await shelf.search.texts([uuid4()], 100) == []


@pytest.mark.parametrize(
    "question",
    [
        "harbour " * 5_000,
        "'harbour' & !(x | y) :* <-> \\ \\' \"",
        "harbour's o'clock \\",
        "HARBOUR\x00?",
        "Die Häfen: harbour; 港口",
    ],
)
async def test_any_question_can_be_asked(shelf: Shelf, question: str) -> None:
    file_id = await shelf.add("The harbour of Kiel.")
    found = await shelf.search.find([question], [file_id], mode="words", limit=8)
    assert await shelf.best(found, [file_id]) == ["The harbour of Kiel."]


async def test_a_question_of_common_words_alone_can_be_asked(shelf: Shelf) -> None:
    file_id = await shelf.add("Who is it that was there?")
    found = await shelf.search.find(["who is it"], [file_id], mode="words", limit=8)
    assert len(found.rankings[0].hits) == 1
    found = await shelf.search.find(["?!", ""], [file_id], mode="words", limit=8)
    assert [each.hits for each in found.rankings] == [[], []]


async def test_meaning_finds_what_words_do_not(shelf: Shelf) -> None:
    for text in ("Cats sleep most of the day.", "Interest rates rose again in spring."):
        await shelf.add(text, embed=True)
    question = "What did the central bank do to the cost of money?"
    found = await shelf.search.find([question], shelf.files, mode="hybrid", limit=8)
    assert [each.way for each in found.rankings] == ["words", "meaning"]
    best = found.rankings[1].hits[0]
    assert "Interest" in (await shelf.search.passages([best.id], shelf.files))[best.id].text
    assert found.lacking == ""
    assert found.milliseconds.keys() == {"words", "embed", "meaning"}


@pytest.mark.parametrize("mode", ["hybrid", "meaning"])
async def test_without_the_store_words_are_found_and_it_is_said(shelf: Shelf, mode: str) -> None:
    file_id = await shelf.add("The harbour of Kiel.")
    shelf.engines.away = True
    found = await shelf.search.find(["harbour"], [file_id], mode=mode, limit=8)  # type: ignore[arg-type]
    assert [each.way for each in found.rankings] == ["words"]
    assert len(found.rankings[0].hits) == 1
    assert found.lacking == "The vector store is away."


class Both:
    """A store that searches words and meaning at once, and remembers how it was asked."""

    kind = "both"
    is_hybrid = True

    def __init__(self, hits: Sequence[Hit]) -> None:
        self.hits = list(hits)
        self.asked: list[tuple[str, int]] = []

    async def hybrid(
        self, index: str, text: str, vector: Vectors, *, limit: int, file_ids: Collection[UUID]
    ) -> list[Hit]:
        assert index
        assert file_ids
        assert vector.shape == (384,)
        self.asked.append((text, limit))
        return self.hits


async def test_a_store_that_can_do_both_at_once_does(shelf: Shelf) -> None:
    file_id = await shelf.add("The harbour of Kiel.")
    both = Both([Hit(uuid4(), 0.5)])
    shelf.engines.store = both  # type: ignore[assignment]
    found = await shelf.search.find(["harbour", "ships"], [file_id], mode="hybrid", limit=8)
    assert [each.way for each in found.rankings] == ["words", "words", "hybrid", "hybrid"]
    assert sorted(both.asked) == [("harbour", 8), ("ships", 8)]


class Other:
    """An embedder of another space."""

    space = "other"

    async def embed(self, texts: Sequence[str], purpose: Purpose = "passage") -> Vectors:
        raise AssertionError(texts, purpose)


async def test_vectors_of_another_space_are_not_compared(shelf: Shelf) -> None:
    file_id = await shelf.add("The harbour of Kiel.")
    shelf.engines.embedder = Other()
    found = await shelf.search.find(["harbour"], [file_id], mode="hybrid", limit=8)
    assert "made anew" in found.lacking
    assert len(found.rankings) == 1


async def test_neighbours_and_whole_texts_can_be_read(shelf: Shelf) -> None:
    text = haystack(1)
    file_id = await shelf.add(text)
    found = await shelf.search.find(["vault 1"], [file_id], mode="words", limit=1)
    key = found.rankings[0].hits[0].id
    passage = (await shelf.search.passages([key], [file_id]))[key]
    assert text[passage.start : passage.end] == passage.text
    around = await shelf.search.around([passage], 2, [file_id])
    places = sorted(each.ordinal for each in around)
    assert places == [n for n in range(passage.ordinal - 2, passage.ordinal + 3) if n >= 0]
    assert await shelf.search.around([passage], 2, [uuid4()]) == []
    [whole] = await shelf.search.texts([file_id], len(text)) or []
    assert (whole.text, whole.file_id) == (text, file_id)
    assert await shelf.search.texts([file_id], len(text) - 1) is None


async def test_what_is_cut_in_two_ways_is_searched_in_one(shelf: Shelf) -> None:
    text = haystack(3)
    file_id = await shelf.add(text)
    other = Cutting(tokens=64, overlap=0)
    await keep_passages(shelf.lines, file_id, other.key, cut(text, other))
    found = await shelf.search.find(["vault 3"], [file_id], mode="words", limit=50)
    known = await shelf.search.passages([each.id for each in found.rankings[0].hits], [file_id])
    assert {each.cutting for each in known.values()} == {CUTTING.key}
