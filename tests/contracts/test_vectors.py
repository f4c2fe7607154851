"""What every vector store promises."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from uuid import UUID, uuid4, uuid5

import numpy as np
import pytest

from application.documents.ports import Listed, Point, Unfit, Vectors, VectorStore
from application.ports import Unavailable
from tests.engines import TestEngines, fresh
from tests.stores.homes import HOMES, Home, opened

DIMENSION = 48
MANY = 2_000
FILES = 100
RECALL_MIN = 0.97
SPACE = UUID(int=4711)
OUTAGE_SECONDS_MAX = 15
NAMES = ("", "x", "Abc", "a b", "a;drop", "../up", "a" * 49, "a/b", 'a"b', "_abc", "abc_", "ä-b")


@pytest.fixture(scope="module", params=["pgvector", *HOMES])
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Home]:
    """A store of each kind, started once."""
    folder = tmp_path_factory.mktemp("vectors")
    if request.param == "pgvector":
        engines: TestEngines = request.getfixturevalue("engines")
        for url in fresh(engines.postgres_url, "template0"):
            yield Home("pgvector", folder, url)
        return
    with HOMES[request.param](folder) as home:
        yield home


@pytest.fixture
async def store(home: Home) -> AsyncIterator[VectorStore]:
    async with opened(home) as store:
        yield store


@pytest.fixture
async def index(store: VectorStore) -> AsyncIterator[str]:
    """An empty index, gone afterwards."""
    name = f"test_{uuid4().hex[:16]}"
    await store.create(name, DIMENSION)
    yield name
    await store.drop(name)


def unit(vectors: "np.typing.NDArray[np.float64]") -> Vectors:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / lengths, np.float32)


def rows(count: int, seed: int = 1, dimension: int = DIMENSION) -> Vectors:
    """Random directions."""
    return unit(np.random.default_rng(seed).normal(size=(count, dimension)))


def points(count: int, files: int = FILES) -> list[Point]:
    """Points spread over files."""
    return [
        Point(uuid5(SPACE, f"point {n}"), file_id(n % files), f"passage number{n}")
        for n in range(count)
    ]


def file_id(number: int) -> UUID:
    return uuid5(SPACE, f"file {number}")


def nearest(every: list[Point], vectors: Vectors, query: Vectors, limit: int) -> list[UUID]:
    """The truth, by looking at everything."""
    return [every[place].id for place in np.argsort(-(vectors @ query), kind="stable")[:limit]]


async def found(store: VectorStore, index: str, query: Vectors, limit: int = 10) -> list[UUID]:
    hits = await store.search(index, query, limit=limit, file_ids=None)
    return [hit.id for hit in hits]


async def test_tells_which_store_it_is(store: VectorStore, home: Home) -> None:
    told = await store.check()
    assert store.kind == home.kind
    assert home.kind.lower() in told.lower()
    assert any(letter.isdigit() for letter in told)


async def test_is_made_once(store: VectorStore, index: str) -> None:
    await store.upsert(index, points(3), rows(3))
    await store.create(index, DIMENSION)
    assert await store.count(index) == 3
    with pytest.raises(Unfit, match="dimension"):
        await store.create(index, DIMENSION + 1)


async def test_replaces_what_it_has(store: VectorStore, index: str) -> None:
    every, vectors = points(20), rows(20)
    for _ in range(2):
        await store.upsert(index, every, vectors)
    moved = replace(every[0], file_id=file_id(77))
    await store.upsert(index, [every[1], moved], np.stack([vectors[1], -vectors[0]]))
    assert await store.count(index) == 20
    assert (await found(store, index, -vectors[0]))[0] == moved.id
    of_old = await store.search(index, -vectors[0], limit=5, file_ids=[every[0].file_id])
    of_new = await store.search(index, -vectors[0], limit=5, file_ids=[moved.file_id])
    assert (of_old, [hit.id for hit in of_new]) == ([], [moved.id])


async def test_takes_the_last_of_two_with_one_id(store: VectorStore, index: str) -> None:
    (point,), vectors = points(1), rows(2)
    await store.upsert(index, [point, point], vectors)
    (hit,) = await store.search(index, vectors[1], limit=5, file_ids=None)
    assert hit.id == point.id
    assert hit.score == pytest.approx(1, abs=2e-3)


async def test_finds_what_is_near_among_many(store: VectorStore, index: str) -> None:
    every, vectors = points(MANY), rows(MANY)
    await store.upsert(index, every, vectors)
    await store.settle(index)
    assert await store.count(index) == MANY
    right = 0
    for query in rows(20, seed=2):
        hits = await store.search(index, query, limit=10, file_ids=None)
        scores = [hit.score for hit in hits]
        assert scores == sorted(scores, reverse=True)
        truth = nearest(every, vectors, query, 10)
        right += len({hit.id for hit in hits} & set(truth))
        assert scores[0] == pytest.approx(float(np.max(vectors @ query)), abs=5e-3)
    assert right / 200 >= RECALL_MIN
    await filters_by_files(store, index, every, vectors)
    await pages_through_all(store, index, every)


async def filters_by_files(
    store: VectorStore, index: str, every: list[Point], vectors: Vectors
) -> None:
    """One file is one point in a hundred; half of all files is another way to search."""
    foreign = [uuid4() for _ in range(5_000)]
    for chosen in ([file_id(3)], [file_id(n) for n in range(0, FILES, 2)], [file_id(5), *foreign]):
        places = [place for place, point in enumerate(every) if point.file_id in set(chosen)]
        right = 0
        for query in rows(5, seed=3):
            hits = await store.search(index, query, limit=10, file_ids=chosen)
            truth = nearest([every[p] for p in places], vectors[places], query, 10)
            right += len({hit.id for hit in hits} & set(truth))
            assert {hit.id for hit in hits} <= {every[place].id for place in places}
        assert right / 50 >= RECALL_MIN
    assert await store.search(index, vectors[0], limit=10, file_ids=[]) == []
    assert await store.search(index, vectors[0], limit=10, file_ids=foreign) == []
    assert await store.search(index, vectors[0], limit=0, file_ids=None) == []


async def pages_through_all(store: VectorStore, index: str, every: list[Point]) -> None:
    wanted = sorted((Listed(each.id, each.file_id) for each in every), key=lambda each: each.id)
    listed: list[Listed] = []
    after: UUID | None = None
    while page := await store.listing(index, after=after, limit=700):
        listed += page
        after = page[-1].id
    assert listed == wanted
    assert await store.listing(index, after=UUID(int=2**128 - 1), limit=5) == []


async def test_gives_no_more_than_there_is(store: VectorStore, index: str) -> None:
    assert await store.search(index, rows(1)[0], limit=10, file_ids=None) == []
    assert await store.listing(index, after=None, limit=10) == []
    await store.upsert(index, points(3), rows(3))
    assert len(await found(store, index, rows(1)[0])) == 3
    await store.upsert(index, [], rows(0))
    assert await store.count(index) == 3


async def test_deletes_points_and_files(store: VectorStore, index: str) -> None:
    every, vectors = points(60, files=6), rows(60)
    await store.upsert(index, every, vectors)
    for _ in range(2):
        await store.delete(index, [every[0].id, every[1].id, uuid4()])
        await store.delete_files(index, [file_id(2), file_id(3), uuid4()])
        await store.delete_files(index, [])
        await store.delete(index, [])
    left = {point.id for point in every[2:] if point.file_id not in {file_id(2), file_id(3)}}
    assert await store.count(index) == len(left) == 38
    assert {each.id for each in await store.listing(index, after=None, limit=99)} == left
    assert set(await found(store, index, vectors[0], 60)) == left


async def test_forgets_a_dropped_index(store: VectorStore, index: str) -> None:
    await store.upsert(index, points(3), rows(3))
    for _ in range(2):
        await store.drop(index)
    for asked in (
        store.count(index),
        store.listing(index, after=None, limit=1),
        store.search(index, rows(1)[0], limit=1, file_ids=None),
        store.upsert(index, points(1), rows(1)),
    ):
        with pytest.raises(Unfit, match="no vector index"):
            await asked
    await store.delete(index, [uuid4()])
    await store.delete_files(index, [uuid4()])
    await store.create(index, DIMENSION)
    assert await store.count(index) == 0


async def test_fills_an_index_beside_the_live_one(store: VectorStore, index: str) -> None:
    every, beside = points(30), f"{index[:-1]}z"
    await store.upsert(index, every, rows(30))
    await store.create(beside, 8)
    try:
        await store.upsert(beside, every[:20], rows(20, dimension=8))
        await store.delete_files(beside, [every[0].file_id])
        assert (await store.count(index), await store.count(beside)) == (30, 19)
        assert (await found(store, index, rows(1)[0]))[0] == every[0].id
        await store.drop(index)
        assert len(await found(store, beside, rows(1, dimension=8)[0], 30)) == 19
    finally:
        await store.drop(beside)


async def test_refuses_what_does_not_fit(store: VectorStore, index: str) -> None:
    await store.upsert(index, points(2), rows(2))
    wrong = rows(2, dimension=DIMENSION - 1)
    empty = np.full((1, DIMENSION), np.nan, np.float32)
    for asked in (
        store.upsert(index, points(2), wrong),
        store.search(index, wrong[0], limit=3, file_ids=None),
        store.search(index, empty[0], limit=3, file_ids=None),
        store.upsert(index, points(1), empty),
        store.create(f"{index}z", 0),
        store.create(f"{index}z", 100_000),
    ):
        with pytest.raises(Unfit):
            await asked
    assert await found(store, index, rows(2)[0]) == nearest(points(2), rows(2), rows(2)[0], 2)


async def test_refuses_names_that_are_none(store: VectorStore) -> None:
    vector = rows(1)
    for name in NAMES:
        for asked in (
            store.create(name, DIMENSION),
            store.drop(name),
            store.count(name),
            store.listing(name, after=None, limit=1),
            store.search(name, vector[0], limit=1, file_ids=[]),
            store.upsert(name, points(1), vector),
            store.delete(name, [uuid4()]),
            store.delete_files(name, [uuid4()]),
        ):
            with pytest.raises(Unfit, match="name of a vector index"):
                await asked


async def test_takes_several_writers(store: VectorStore, index: str) -> None:
    every, vectors = points(400, files=8), rows(400)

    async def write(number: int) -> None:
        mine = [place for place, point in enumerate(every) if point.file_id == file_id(number)]
        await store.upsert(index, [every[place] for place in mine], vectors[mine])

    await asyncio.gather(*(write(number) for number in range(8)))
    assert await store.count(index) == 400
    hits = await found(store, index, vectors[5])
    assert hits[0] == every[5].id
    assert len(set(hits) & set(nearest(every, vectors, vectors[5], 10))) >= 9


async def test_searches_words_only_where_it_says_so(store: VectorStore, index: str) -> None:
    every, vectors = points(50), rows(50)
    await store.upsert(index, every, vectors)
    if not store.is_hybrid:
        with pytest.raises(Unfit, match="meaning"):
            await store.hybrid(index, "number7", vectors[3], limit=5, file_ids=None)
        return
    hits = await store.hybrid(index, "passage number7", vectors[3], limit=5, file_ids=None)
    assert {every[7].id, every[3].id} <= {hit.id for hit in hits}
    chosen = [every[7].file_id]
    hits = await store.hybrid(index, "passage number7", vectors[3], limit=5, file_ids=chosen)
    assert [hit.id for hit in hits] == [every[7].id]
    assert await store.hybrid(index, "number7", vectors[3], limit=5, file_ids=[]) == []


async def test_says_soon_when_it_is_away(home: Home) -> None:
    async with opened(home.dead) as store:
        began = time.monotonic()
        said = await asyncio.gather(
            store.check(),
            store.create("some_index", DIMENSION),
            store.drop("some_index"),
            store.count("some_index"),
            store.listing("some_index", after=None, limit=1),
            store.upsert("some_index", points(2), rows(2)),
            store.delete("some_index", [uuid4()]),
            store.delete_files("some_index", [uuid4()]),
            store.search("some_index", rows(1)[0], limit=1, file_ids=None),
            return_exceptions=True,
        )
        assert [type(each) for each in said] == [Unavailable] * 9
        assert time.monotonic() - began < OUTAGE_SECONDS_MAX


async def test_never_tells_a_wrong_key(home: Home) -> None:
    if not home.key:
        pytest.skip("this store has no key here")
    wrong = "somebody:wr0ng-secret" if ":" in home.key else "wr0ng-secret"
    async with opened(replace(home, key=wrong)) as store:
        for asked in (store.check(), store.count("some_index")):
            with pytest.raises(Unfit, match="refused the key") as refused:
                await asked
            assert "wr0ng" not in str(refused.value)
            assert home.key not in str(refused.value)
