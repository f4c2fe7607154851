"""Vectors in Chroma: on a server, or embedded in the data folder."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from application.documents.ports import Hit, Listed, Point, Unfit, Vectors
from infrastructure.vectors.rest import Refused, Rest, checked_key
from infrastructure.vectors.shared import (
    WithoutWords,
    batches,
    best,
    checked_dimension,
    checked_name,
    checked_vectors,
    missing,
    numbers,
    pieces,
    same_dimension,
    similarity,
)

IDS_EACH = 1_000
FILES_EACH = 10_000  # SQLite takes 32,766 variables in one statement
SLOTS = 2**16
NOT_FOUND = 404
CONFIGURATION = {
    "hnsw": {"space": "cosine", "ef_construction": 128, "max_neighbors": 16, "ef_search": 128}
}

Json = dict[str, Any]


class ChromaDoor(Protocol):
    """One of the two ways to Chroma; both take the same words."""

    async def version(self) -> str:
        """The version of the engine."""

    async def find(self, name: str) -> Mapping[str, Any] | None:
        """What was noted about a collection, if it is there."""

    async def create(self, name: str, metadata: Json, configuration: Json) -> None:
        """Make a collection unless it is there."""

    async def drop(self, name: str) -> None:
        """Remove a collection if it is there."""

    async def call(self, name: str, verb: str, words: Json) -> Any:
        """Do something with a collection, or raise Unfit when it is missing."""

    async def close(self) -> None:
        """Let everything go."""


class ChromaStore(WithoutWords):
    """One collection for each index.

    Chroma cannot list in the order of ids, so the first 16 bits of each are kept as a number
    that can be asked for by range.
    """

    kind = "chroma"

    def __init__(self, door: ChromaDoor) -> None:
        self._door = door

    async def check(self) -> str:
        """Which version it is."""
        return f"Chroma {await self._door.version()}"

    async def create(self, index: str, dimension: int) -> None:
        """Make a collection that remembers its dimension: Chroma takes it from the first vector."""
        name, noted = checked_name(index), {"dimension": checked_dimension(dimension)}
        if await self._door.find(name) is None:
            await self._door.create(name, noted, CONFIGURATION)
        same_dimension(name, await self._dimension(name), dimension)

    async def drop(self, index: str) -> None:
        """Remove the collection."""
        await self._door.drop(checked_name(index))

    async def upsert(self, index: str, points: Sequence[Point], vectors: Vectors) -> None:
        """Put points in."""
        has = await self._dimension(index)
        for some, rows in batches(points, vectors):
            same_dimension(index, has, rows.shape[1])
            words = {
                "ids": [str(point.id) for point in some],
                "embeddings": numbers(rows),
                "metadatas": [
                    {"file_id": str(point.file_id), "slot": slot_of(point.id)} for point in some
                ],
            }
            await self._door.call(index, "upsert", words)

    async def delete_files(self, index: str, file_ids: Collection[UUID]) -> None:
        """Remove all points of these files."""
        if await self._door.find(checked_name(index)) is not None:
            for some in pieces(file_ids, IDS_EACH):
                await self._door.call(index, "delete", {"where": of_files(some)})

    async def delete(self, index: str, ids: Collection[UUID]) -> None:
        """Remove these points."""
        if await self._door.find(checked_name(index)) is not None:
            for some in pieces(ids, IDS_EACH):
                await self._door.call(index, "delete", {"ids": [str(each) for each in some]})

    async def search(
        self, index: str, vector: Vectors, *, limit: int, file_ids: Collection[UUID] | None
    ) -> list[Hit]:
        """The nearest points; with very many files, those of several searches."""
        same_dimension(index, await self._dimension(index), vector.shape[0])
        if limit < 1:
            return []
        words: Json = {
            "query_embeddings": numbers(checked_vectors(vector)[None, :]),
            "n_results": limit,
            "include": ["distances"],
        }
        if file_ids is None:
            return await self._query(index, words)
        hits: list[Hit] = []
        for some in pieces(file_ids, FILES_EACH):
            hits += await self._query(index, {**words, "where": of_files(some)})
        return best(hits, limit)

    async def count(self, index: str) -> int:
        """How many points there are."""
        return int(await self._door.call(checked_name(index), "count", {}))

    async def listing(self, index: str, *, after: UUID | None, limit: int) -> list[Listed]:
        """A page of points: ranges of ids about as wide as the page, until it is full."""
        width = max(1, SLOTS * limit // max(1, await self.count(index)))
        start = 0 if after is None else slot_of(after)
        listed: list[Listed] = []
        while start < SLOTS and len(listed) < limit:
            found = await self._door.call(index, "get", within(start, start + width))
            page = [
                Listed(UUID(id_), UUID(noted["file_id"]))
                for id_, noted in zip(found["ids"], found["metadatas"], strict=True)
            ]
            page.sort(key=lambda each: each.id)
            listed += [each for each in page if after is None or each.id > after]
            start += width
        return listed[:limit]

    async def close(self) -> None:
        """Let everything go."""
        await self._door.close()

    async def _dimension(self, index: str) -> object:
        noted = await self._door.find(checked_name(index))
        if noted is None:
            raise missing(index)
        return noted.get("dimension")

    async def _query(self, index: str, words: Json) -> list[Hit]:
        found = await self._door.call(index, "query", words)
        pairs = zip(found["ids"][0], found["distances"][0], strict=True)
        return [Hit(UUID(id_), similarity(1 - distance)) for id_, distance in pairs]


class ChromaServer:
    """A Chroma server, 1.0 or newer, through its REST interface."""

    def __init__(self, url: str, key: str = "") -> None:
        headers = {"authorization": f"Bearer {key}", "x-chroma-token": key} if key else {}
        checked_key(key)
        self._rest = Rest("Chroma", url, headers, key)
        self._base = ""

    async def version(self) -> str:
        """The version of the server; servers before 1.0 do not have this interface."""
        try:
            found = await self._rest.ask("GET", "/api/v2/version")
            await self._database()
        except Refused:
            found = None
        if not isinstance(found, str):
            raise Unfit(f"{self._rest.name} does not answer as Chroma 1.0 or newer does.")
        return found

    async def find(self, name: str) -> Mapping[str, Any] | None:
        """What was noted about a collection, if it is there."""
        found = await self._collection(name)
        return None if found is None else found.get("metadata") or {}

    async def create(self, name: str, metadata: Json, configuration: Json) -> None:
        """Make a collection unless it is there."""
        body = {
            "name": name,
            "metadata": metadata,
            "configuration": configuration,
            "get_or_create": True,
        }
        await self._rest.ask("POST", f"{await self._database()}/collections", body)

    async def drop(self, name: str) -> None:
        """Remove a collection if it is there."""
        await self._unless_missing("DELETE", f"{await self._database()}/collections/{name}")

    async def call(self, name: str, verb: str, words: Json) -> Any:
        """Do something with a collection, which the server knows by an id of its own."""
        collection = await self._collection(name)
        if collection is None:
            raise missing(name)
        path = f"{await self._database()}/collections/{UUID(collection['id'])}/{verb}"
        return await self._rest.ask(*(("POST", path, words) if words else ("GET", path)))

    async def close(self) -> None:
        """Let connections go."""
        await self._rest.close()

    async def _database(self) -> str:
        """The path of the database that the key opens."""
        if not self._base:
            found = await self._rest.ask("GET", "/api/v2/auth/identity")
            tenant, names = found.get("tenant") or "", found.get("databases") or []
            tenant = checked_part(tenant, "default_tenant")
            name = checked_part(names[0] if names else "", "default_database")
            self._base = f"/api/v2/tenants/{tenant}/databases/{name}"
        return self._base

    async def _collection(self, name: str) -> Json | None:
        path = f"{await self._database()}/collections/{name}"
        found: Json | None = await self._unless_missing("GET", path)
        return found

    async def _unless_missing(self, method: str, path: str) -> Any:
        try:
            return await self._rest.ask(method, path)
        except Refused as refused:
            if refused.status == NOT_FOUND:
                return None
            raise


def open_chroma(url: str, key: str, folder: Path) -> ChromaStore:
    """A server when an address is given, otherwise an engine in a folder."""
    if url:
        return ChromaStore(ChromaServer(url, key))
    from infrastructure.vectors.chroma_embedded import EmbeddedChroma  # noqa: PLC0415 (optional)

    return ChromaStore(EmbeddedChroma(folder))


def checked_part(text: str, otherwise: str) -> str:
    """A part of a path, or what it is by default."""
    if not text or text == "*":
        return otherwise
    if not text.replace("-", "").replace("_", "").isalnum():
        raise Unfit("Chroma names a tenant or database that cannot be asked for.")
    return text


def slot_of(id_: UUID) -> int:
    """The first 16 bits of an id."""
    return id_.int >> 112


def within(start: int, end: int) -> Json:
    """Points with ids in a range."""
    bounds = [{"slot": {"$gte": start}}, {"slot": {"$lt": end}}]
    return {"where": {"$and": bounds}, "include": ["metadatas"]}


def of_files(file_ids: Sequence[UUID]) -> Json:
    """Only points of these files."""
    return {"file_id": {"$in": [str(each) for each in file_ids]}}
