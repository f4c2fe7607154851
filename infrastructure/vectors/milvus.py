"""Vectors in Milvus, through the optional package pymilvus: one collection for each index."""

import asyncio
import logging
import re
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import grpc  # type: ignore[import-untyped]
from pymilvus import DataType, MilvusClient, MilvusException

from application.documents.ports import Hit, Listed, Point, Unfit, Vectors
from application.ports import Unavailable
from infrastructure.models.refusals import plain
from infrastructure.vectors.rest import checked_key, checked_url
from infrastructure.vectors.shared import (
    WithoutWords,
    batches,
    best,
    checked_dimension,
    checked_name,
    checked_vectors,
    missing,
    pieces,
    same_dimension,
    similarity,
)

VERSION_MIN = (2, 4)
CONNECT_SECONDS = 5.0
SECONDS = 30.0
IDS_EACH = 5_000
LIMIT_MAX = 16_384
PAGE_MAX = 1_000
COLLECTION_MISSING = 100
AWAY = frozenset((2, 3, 8, 9))  # not connected, not ready, rate limited, writes denied
AWAY_STATUS = frozenset(
    (
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.INTERNAL,
    )
)

T = TypeVar("T")

logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # what it would say, we say


class MilvusStore(WithoutWords):
    """A Milvus server, 2.4 or newer. The client blocks, so it works in threads.

    Collections have the consistency "Session": one process sees what it wrote itself at once,
    others a moment later. Counting and listing wait for everything.
    """

    kind = "milvus"

    def __init__(self, url: str, key: str = "") -> None:
        if not url:
            raise Unfit("Milvus needs the address of a server, such as http://milvus:19530.")
        self._url, self._key = checked_url(url), checked_key(key)
        self._name = f"Milvus at {urlsplit(self._url).netloc}"
        self._client: MilvusClient | None = None
        self._connecting = asyncio.Lock()

    async def check(self) -> str:
        """Which version it is."""
        version = str(await self._do(lambda client: client.get_server_version(timeout=SECONDS)))
        found = re.search(r"(\d+)\.(\d+)", version)
        if found is None or (int(found[1]), int(found[2])) < VERSION_MIN:
            raise Unfit(f"{self._name} is {version[:30]}; Quire needs Milvus 2.4 or newer.")
        return f"Milvus {version[:30]}"

    async def create(self, index: str, dimension: int) -> None:
        """Make a collection with its indexes, ready to be searched."""
        name, size = checked_name(index), checked_dimension(dimension)

        def create(client: MilvusClient) -> None:
            if client.has_collection(name, timeout=SECONDS):
                return
            try:
                make(client, name, size)
            except MilvusException:  # somebody was faster, or not
                if not client.has_collection(name, timeout=SECONDS):
                    raise

        await self._do(create)
        same_dimension(name, await self._dimension(name), size)

    async def drop(self, index: str) -> None:
        """Remove the collection."""
        name = checked_name(index)
        await self._do(lambda client: client.drop_collection(name, timeout=SECONDS))

    async def upsert(self, index: str, points: Sequence[Point], vectors: Vectors) -> None:
        """Put points in."""
        has = await self._dimension(index)
        for some, rows in batches(points, vectors):
            same_dimension(index, has, rows.shape[1])
            data = [
                {"id": str(point.id), "file_id": str(point.file_id), "vector": row}
                for point, row in zip(some, rows, strict=True)
            ]
            await self._do(
                partial(MilvusClient.upsert, collection_name=index, data=data, timeout=SECONDS)
            )

    async def delete_files(self, index: str, file_ids: Collection[UUID]) -> None:
        """Remove all points of these files."""
        await self._delete(index, "file_id", file_ids)

    async def delete(self, index: str, ids: Collection[UUID]) -> None:
        """Remove these points."""
        await self._delete(index, "id", ids)

    async def search(
        self, index: str, vector: Vectors, *, limit: int, file_ids: Collection[UUID] | None
    ) -> list[Hit]:
        """The nearest points; with very many files, those of several searches."""
        same_dimension(index, await self._dimension(index), vector.shape[0])
        limit = min(limit, LIMIT_MAX)
        if limit < 1:
            return []
        row = checked_vectors(vector)
        if file_ids is None:
            return await self._nearest(index, row, limit, "")
        hits: list[Hit] = []
        for some in pieces(file_ids, IDS_EACH):
            hits += await self._nearest(index, row, limit, among("file_id", some))
        return best(hits, limit)

    async def count(self, index: str) -> int:
        """How many points there are."""
        rows = await self._do(
            lambda client: client.query(
                checked_name(index),
                filter="",
                output_fields=["count(*)"],
                consistency_level="Strong",
                timeout=SECONDS,
            ),
            index,
        )
        return int(rows[0]["count(*)"])

    async def listing(self, index: str, *, after: UUID | None, limit: int) -> list[Listed]:
        """A page of points: only Milvus's iterator gives them in the order of their ids."""
        since = f'id > "{after}"' if after else 'id >= ""'

        def listing(client: MilvusClient) -> list[Listed]:
            pages = client.query_iterator(
                checked_name(index),
                batch_size=min(PAGE_MAX, limit),
                limit=limit,
                filter=since,
                output_fields=["id", "file_id"],
                consistency_level="Strong",
                timeout=SECONDS,
            )
            rows: list[Any] = []
            while page := pages.next():
                rows += page
            pages.close()
            return [Listed(UUID(row["id"]), UUID(row["file_id"])) for row in rows]

        return await self._do(listing, index) if limit > 0 else []

    async def close(self) -> None:
        """Let connections go."""
        if self._client is not None:
            await asyncio.to_thread(self._client.close)

    async def _nearest(self, index: str, row: Vectors, limit: int, chosen: str) -> list[Hit]:
        found = await self._do(
            lambda client: client.search(
                index,
                data=[row],
                anns_field="vector",
                filter=chosen,
                limit=limit,
                output_fields=["id"],
                search_params={"metric_type": "COSINE", "params": {"ef": max(128, limit)}},
                timeout=SECONDS,
            ),
            index,
        )
        return [Hit(UUID(hit["id"]), similarity(hit["distance"])) for hit in found[0]]

    async def _delete(self, index: str, field: str, ids: Collection[UUID]) -> None:
        name = checked_name(index)
        if not await self._do(lambda client: client.has_collection(name, timeout=SECONDS)):
            return
        for some in pieces(ids, IDS_EACH):
            chosen = among(field, some)
            await self._do(
                partial(MilvusClient.delete, collection_name=name, filter=chosen, timeout=SECONDS)
            )

    async def _dimension(self, index: str) -> object:
        name = checked_name(index)
        found = await self._do(lambda c: c.describe_collection(name, timeout=SECONDS), name)
        fields = {field["name"]: field for field in found["fields"]}
        return int(fields.get("vector", {}).get("params", {}).get("dim", 0))

    async def _do(self, work: Callable[[MilvusClient], T], index: str = "") -> T:
        """Work with the client in a thread, and tell plainly what goes wrong."""
        try:
            async with asyncio.timeout(2 * SECONDS):
                return await asyncio.to_thread(work, await self._connected())
        except TimeoutError as error:
            raise Unavailable(f"{self._name} cannot be reached.") from error
        except (MilvusException, grpc.RpcError) as error:
            raise self._failure(error, index) from error

    async def _connected(self) -> MilvusClient:
        async with self._connecting:
            if self._client is None:
                self._client = await asyncio.to_thread(
                    MilvusClient, uri=self._url, token=self._key, timeout=CONNECT_SECONDS
                )
            return self._client

    def _failure(self, error: "MilvusException | grpc.RpcError", index: str) -> Exception:
        code = error.code if isinstance(error, MilvusException) else error.code()
        message = str(error.message if isinstance(error, MilvusException) else "")
        if code == COLLECTION_MISSING:
            return missing(index)
        if code in AWAY_STATUS or code in AWAY or "StatusCode.UNAVAILABLE" in message:
            return Unavailable(f"{self._name} cannot be reached or is busy.")
        if code == grpc.StatusCode.UNAUTHENTICATED or "auth" in message.lower():
            return Unfit(f"{self._name} refused the key.")
        secrets = tuple(each for each in (self._key, self._key.partition(":")[2]) if each)
        return Unfit(f"{self._name} refused: {plain(message, secrets)}")


def make(client: MilvusClient, name: str, size: int) -> None:
    """Make a collection; the indexes come with it, so it is loaded at once."""
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=36)
    schema.add_field("file_id", DataType.VARCHAR, max_length=36)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=size)
    indexes = MilvusClient.prepare_index_params()
    indexes.add_index(
        "vector",
        index_type="HNSW",
        metric_type="COSINE",
        params={"M": 16, "efConstruction": 128},
    )
    indexes.add_index("file_id", index_type="INVERTED")
    client.create_collection(
        name,
        schema=schema,
        index_params=indexes,
        consistency_level="Session",
        timeout=SECONDS,
    )


def among(field: str, ids: Sequence[UUID]) -> str:
    """A filter; an id's text has only hexadecimal digits and dashes."""
    quoted = ",".join(f'"{each}"' for each in ids)
    return f"{field} in [{quoted}]"
