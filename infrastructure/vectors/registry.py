"""Which vector store is meant by a kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from application.documents.ports import Unfit, VectorStore
from infrastructure.postgres import Pool
from infrastructure.vectors.elasticsearch import ElasticsearchStore
from infrastructure.vectors.opensearch import OpenSearchStore
from infrastructure.vectors.pgvector import PgVectorStore
from infrastructure.vectors.qdrant import QdrantStore


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is and what opens it."""

    url: str
    key: str
    pool: Pool
    data_folder: Path


def open_store(kind: str, url: str, key: str, *, pool: Pool, data_folder: Path) -> VectorStore:
    """A store of a kind, not yet asked anything; raises Unfit when it can never work."""
    opener = OPENERS.get(kind)
    if opener is None:
        raise Unfit(f"There is no vector store called {kind[:40]!r}.")
    try:
        return opener(Place(url, key, pool, data_folder))
    except ModuleNotFoundError as error:
        raise Unfit(
            f"The store {kind} needs a package that is not installed ({error.name}): "
            f"pip install quire[{kind}]"
        ) from error


def open_weaviate(place: Place) -> VectorStore:
    """Weaviate; its client is large, so it is loaded only when it is used."""
    from infrastructure.vectors.weaviate import WeaviateStore  # noqa: PLC0415

    return WeaviateStore(place.url, place.key)


def open_chroma(place: Place) -> VectorStore:
    """Chroma: a server when there is an address, otherwise embedded."""
    from infrastructure.vectors import chroma  # noqa: PLC0415

    return chroma.open_chroma(place.url, place.key, place.data_folder / "chroma")


def open_milvus(place: Place) -> VectorStore:
    """Milvus, by an optional package."""
    from infrastructure.vectors.milvus import MilvusStore  # noqa: PLC0415

    return MilvusStore(place.url, place.key)


OPENERS: Mapping[str, Callable[[Place], VectorStore]] = {
    "pgvector": lambda place: PgVectorStore(place.pool),
    "weaviate": open_weaviate,
    "qdrant": lambda place: QdrantStore(place.url, place.key),
    "chroma": open_chroma,
    "milvus": open_milvus,
    "elasticsearch": lambda place: ElasticsearchStore(place.url, place.key),
    "opensearch": lambda place: OpenSearchStore(place.url, place.key),
}
