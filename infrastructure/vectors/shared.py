"""What all vector stores check and do alike."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeVar
from uuid import UUID

import numpy as np

from application.documents.ports import Hit, Point, Unfit, Vectors

INDEX_NAME = re.compile(r"[a-z][a-z0-9_]{1,46}[a-z0-9]")
DIMENSION_MAX = 16_000
FLOATS_EACH_MAX = 400_000
POINTS_EACH_MAX = 1_000

T = TypeVar("T")


class Settled:
    """A store that is as quick to search as it can be by itself."""

    async def settle(self, index: str) -> None:
        """Nothing is to be done."""
        del index


class WithoutWords(Settled):
    """A store that searches by meaning only."""

    is_hybrid = False

    async def hybrid(
        self,
        index: str,
        text: str,
        vector: Vectors,
        *,
        limit: int,
        file_ids: Collection[UUID] | None,
    ) -> list[Hit]:
        """Nothing one should ask of this store."""
        del index, text, vector, limit, file_ids
        raise Unfit("This vector store searches by meaning only.")


def checked_name(index: str) -> str:
    """The name of an index, if it can be one in every store; it goes into paths and statements."""
    if not INDEX_NAME.fullmatch(index):
        raise Unfit(f"{index[:60]!r} cannot be the name of a vector index.")
    return index


def checked_dimension(dimension: int) -> int:
    """A number of dimensions that vectors can have."""
    if not 1 <= dimension <= DIMENSION_MAX:
        raise Unfit(f"Vectors cannot have {dimension} dimensions.")
    return dimension


def same_dimension(index: str, has: object, wanted: int) -> None:
    """Raise Unfit unless an index has the dimension that is wanted."""
    if has != wanted:
        raise Unfit(f"The index {index} has {has} dimensions, not {wanted}.")


def missing(index: str) -> Unfit:
    """There is no such index."""
    return Unfit(f"There is no vector index {index}.")


def checked_vectors(vectors: Vectors) -> Vectors:
    """Vectors without what no store can compare."""
    if not np.isfinite(vectors).all():
        raise Unfit("The vectors have values that are no numbers.")
    return vectors


def batches(
    points: Sequence[Point], vectors: Vectors, *, most: int = POINTS_EACH_MAX
) -> Iterator[tuple[Sequence[Point], Vectors]]:
    """Points in pieces that fit into one request; the last of several with one id stays."""
    assert vectors.shape[0] == len(points)
    checked_vectors(vectors)
    last = {point.id: place for place, point in enumerate(points)}
    places = sorted(last.values())
    size = max(1, min(most, FLOATS_EACH_MAX // max(1, vectors.shape[1])))
    for some in pieces(places, size):
        yield [points[place] for place in some], vectors[some]


def pieces(items: Collection[T], size: int) -> Iterator[list[T]]:
    """Items in lists of at most a size."""
    every = list(items)
    for start in range(0, len(every), size):
        yield every[start : start + size]


def best(found: Iterable[Hit], limit: int) -> list[Hit]:
    """The best of hits from several searches, best first."""
    return sorted(found, key=lambda hit: (-hit.score, hit.id))[:limit]


def similarity(score: float) -> float:
    """A score in the range we promise, whatever rounding made of it."""
    return min(1.0, max(-1.0, score))


def numbers(vectors: Vectors) -> list[list[float]]:
    """Vectors as JSON carries them, without digits that say nothing."""
    rows: list[list[float]] = vectors.astype(np.float64).round(7).tolist()
    return rows
