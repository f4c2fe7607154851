"""Vectors in Qdrant, through its REST interface: one collection for each index."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from application.documents.ports import Hit, Listed, Point, Unfit, Vectors
from infrastructure.vectors.rest import Refused, Rest, checked_key
from infrastructure.vectors.shared import (
    WithoutWords,
    batches,
    checked_dimension,
    checked_name,
    checked_vectors,
    missing,
    numbers,
    pieces,
    same_dimension,
    similarity,
)

VERSION_MIN = (1, 10)
IDS_EACH = 10_000
ID_MAX = 2**128 - 1
NOT_FOUND = 404


class QdrantStore(WithoutWords):
    """A Qdrant server, 1.10 or newer."""

    kind = "qdrant"

    def __init__(self, url: str, key: str = "") -> None:
        headers = {"api-key": checked_key(key)} if key else {}
        self._rest = Rest("Qdrant", url, headers, key)

    async def check(self) -> str:
        """Which version it is, and whether it lets us in."""
        found = await self._rest.ask("GET", "/")
        version = str(found.get("version", "")) if isinstance(found, dict) else ""
        parts = version.split(".")[:2]
        if "qdrant" not in str(found).lower() or not all(each.isdigit() for each in parts):
            raise Unfit(f"{self._rest.name} does not answer as Qdrant does.")
        if tuple(map(int, parts)) < VERSION_MIN:
            raise Unfit(f"{self._rest.name} is {version}; Quire needs 1.10 or newer.")
        await self._rest.ask("GET", "/collections")
        return f"Qdrant {version}"

    async def create(self, index: str, dimension: int) -> None:
        """Make a collection with an index on files."""
        path = path_of(index)
        body = {"vectors": {"size": checked_dimension(dimension), "distance": "Cosine"}}
        has = await self._dimension(index)
        if has is None:
            try:
                await self._rest.ask("PUT", path, body)
            except Refused as refused:  # somebody was faster
                has = await self._dimension(index)
                if has is None:
                    raise refused from None
        if has is not None:
            same_dimension(index, has, dimension)
        field = {"field_name": "file_id", "field_schema": "keyword"}
        await self._rest.ask("PUT", f"{path}/index?wait=true", field)

    async def drop(self, index: str) -> None:
        """Remove the collection."""
        await self._unless_missing("DELETE", path_of(index))

    async def upsert(self, index: str, points: Sequence[Point], vectors: Vectors) -> None:
        """Put points in; the file they are of is their payload."""
        for some, rows in batches(points, vectors):
            body = {
                "points": [
                    {
                        "id": str(point.id),
                        "vector": vector,
                        "payload": {"file_id": str(point.file_id)},
                    }
                    for point, vector in zip(some, numbers(rows), strict=True)
                ]
            }
            await self._ask(index, "PUT", "/points?wait=true", body)

    async def delete_files(self, index: str, file_ids: Collection[UUID]) -> None:
        """Remove all points of these files."""
        for some in pieces(file_ids, IDS_EACH):
            body = {"filter": of_files(some)}
            await self._unless_missing("POST", f"{path_of(index)}/points/delete?wait=true", body)

    async def delete(self, index: str, ids: Collection[UUID]) -> None:
        """Remove these points."""
        for some in pieces(ids, IDS_EACH):
            body = {"points": [str(each) for each in some]}
            await self._unless_missing("POST", f"{path_of(index)}/points/delete?wait=true", body)

    async def search(
        self, index: str, vector: Vectors, *, limit: int, file_ids: Collection[UUID] | None
    ) -> list[Hit]:
        """The nearest points; Qdrant filters while it walks its graph."""
        checked_name(index)
        if limit < 1 or (file_ids is not None and not file_ids):
            return []
        body = {
            "query": numbers(checked_vectors(vector)[None, :])[0],
            "limit": limit,
            "params": {"hnsw_ef": max(128, limit)},
            "with_payload": False,
        }
        if file_ids is not None:
            body["filter"] = of_files(file_ids)
        found = await self._ask(index, "POST", "/points/query", body)
        return [Hit(UUID(each["id"]), similarity(each["score"])) for each in found["points"]]

    async def count(self, index: str) -> int:
        """How many points there are."""
        found = await self._ask(index, "POST", "/points/count", {"exact": True})
        return int(found["count"])

    async def listing(self, index: str, *, after: UUID | None, limit: int) -> list[Listed]:
        """A page of points; Qdrant scrolls in the order of ids, from one that is included."""
        body: dict[str, Any] = {"limit": limit, "with_payload": ["file_id"]}
        if after is not None:
            if after.int == ID_MAX:
                return []
            body["offset"] = str(UUID(int=after.int + 1))
        found = await self._ask(index, "POST", "/points/scroll", body)
        return [
            Listed(UUID(each["id"]), UUID(each["payload"]["file_id"])) for each in found["points"]
        ]

    async def close(self) -> None:
        """Let connections go."""
        await self._rest.close()

    async def _dimension(self, index: str) -> int | None:
        found = await self._unless_missing("GET", path_of(index))
        if found is None:
            return None
        vectors = found["result"]["config"]["params"].get("vectors") or {}
        return int(vectors.get("size") or 0)

    async def _ask(self, index: str, method: str, path: str, body: object) -> Any:
        found = await self._unless_missing(method, path_of(index) + path, body)
        if found is None:
            raise missing(index)
        return found["result"]

    async def _unless_missing(self, method: str, path: str, body: object = None) -> Any:
        """What the server answers, or nothing when there is no such collection."""
        try:
            return await self._rest.ask(method, path, body)
        except Refused as refused:
            if refused.status == NOT_FOUND:
                return None
            raise


def path_of(index: str) -> str:
    """The path of a collection."""
    return f"/collections/{checked_name(index)}"


def of_files(file_ids: Collection[UUID]) -> Mapping[str, Any]:
    """Only points of these files."""
    return {"must": [{"key": "file_id", "match": {"any": [str(each) for each in file_ids]}}]}
