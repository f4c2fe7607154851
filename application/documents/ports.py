"""What documents need from the world."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]  # shape (texts, dimension), rows of length 1

Purpose = Literal["passage", "query"]


class Embedder(Protocol):
    """Turns texts into vectors whose dot products say how near they are in meaning."""

    @property
    def space(self) -> str:
        """Which vectors can be compared with each other: kind, server and model in one name."""

    async def embed(self, texts: Sequence[str], purpose: Purpose = "passage") -> Vectors:
        """One row per text. Raises Unavailable when it cannot for the moment, Unfit for ever."""


class Unfit(Exception):
    """An engine answers, but not so that one can work with it: a wrong dimension, model or key."""


@dataclass(frozen=True, slots=True)
class Point:
    """A passage in a vector index. Stores with a search for words of their own keep the text."""

    id: UUID
    file_id: UUID
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found; a higher score is nearer, 1 is the same."""

    id: UUID
    score: float


@dataclass(frozen=True, slots=True)
class Listed:
    """A passage that an index has, without its vector."""

    id: UUID
    file_id: UUID


class VectorStore(Protocol):
    """Keeps vectors in indexes. All calls raise Unavailable while the store is away.

    An index is one collection, table or class. Every call may be repeated without harm.
    """

    @property
    def kind(self) -> str:
        """The name of the store, such as "pgvector"."""

    @property
    def is_hybrid(self) -> bool:
        """Whether `hybrid` searches words and meaning at once."""

    async def check(self) -> str:
        """Which store in which version this is; raises Unavailable or Unfit."""

    async def create(self, index: str, dimension: int) -> None:
        """Make an index unless it is there; raises Unfit when it has another dimension."""

    async def drop(self, index: str) -> None:
        """Remove an index and all that is in it, if it is there."""

    async def upsert(self, index: str, points: Sequence[Point], vectors: Vectors) -> None:
        """Put points in, or in place of those with the same ids; raises Unfit for other lengths."""

    async def settle(self, index: str) -> None:
        """Make an index quick to search after much was put in, which may take minutes."""

    async def delete_files(self, index: str, file_ids: Collection[UUID]) -> None:
        """Remove all points of these files."""

    async def delete(self, index: str, ids: Collection[UUID]) -> None:
        """Remove these points."""

    async def search(
        self, index: str, vector: Vectors, *, limit: int, file_ids: Collection[UUID] | None
    ) -> list[Hit]:
        """The nearest points to one vector (of shape (dimension,)), best first, of these files."""

    async def hybrid(
        self,
        index: str,
        text: str,
        vector: Vectors,
        *,
        limit: int,
        file_ids: Collection[UUID] | None,
    ) -> list[Hit]:
        """The best points by words and meaning at once; only where `is_hybrid`."""

    async def count(self, index: str) -> int:
        """How many points there are."""

    async def listing(self, index: str, *, after: UUID | None, limit: int) -> list[Listed]:
        """A page of all points in the order of their ids, after an id."""

    async def close(self) -> None:
        """Let connections go."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """What a reranker thinks of a text: its place in the list that was given, and a score."""

    place: int
    score: float


class Reranker(Protocol):
    """Reads question and passage together, and so orders better than vectors can."""

    async def rerank(self, query: str, texts: Sequence[str]) -> list[Ranked]:
        """All texts, best first. Raises Unavailable or Unfit."""


@dataclass(frozen=True, slots=True)
class WebResult:
    """A page that a search engine names."""

    url: str
    title: str
    snippet: str


class WebSearch(Protocol):
    """A search engine."""

    async def search(self, query: str, limit: int) -> list[WebResult]:
        """The best pages, best first. Raises Unavailable or Unfit."""


@dataclass(frozen=True, slots=True)
class WebPage:
    """What a page says, as Markdown, without menus and advertisements."""

    url: str
    title: str
    text: str


class WebReader(Protocol):
    """Fetches pages of the open web, and nothing else."""

    async def read(self, url: str) -> WebPage:
        """The text of a page. Raises Refusal for addresses nobody may reach, Unavailable."""
