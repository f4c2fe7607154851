"""What Elasticsearch and OpenSearch have in common."""

from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from application.documents.ports import Hit, Listed, Point, Unfit, Vectors
from application.ports import Unavailable
from infrastructure.vectors.rest import LATER, Refused, Rest, checked_key
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

IDS_EACH = 10_000
PAGE_MAX = 10_000
NOT_FOUND, BROKEN = 404, 500

Json = dict[str, Any]


class LuceneStore(WithoutWords, ABC):
    """An index of the server for each of ours, written to through an alias.

    Writing through an alias that must be there keeps the server from making an index of its own
    when ours was dropped a moment ago. A write waits until searches see it.
    """

    kind: str
    title: str
    engine: Mapping[str, Any]

    def __init__(self, url: str, key: str = "") -> None:
        self._rest = Rest(self.title, url, self.entry(checked_key(key)), key)

    @abstractmethod
    def settings(self) -> Json:
        """Settings of an index."""

    @abstractmethod
    def vector(self, dimension: int) -> Json:
        """How vectors are mapped."""

    @abstractmethod
    def dimension(self, mapping: Mapping[str, Any]) -> object:
        """The dimension a mapping has."""

    @abstractmethod
    def nearest(self, vector: list[float], limit: int, chosen: Json | None) -> Json:
        """A search for near vectors."""

    @abstractmethod
    def judge(self, version: Mapping[str, Any]) -> None:
        """Raise Unfit unless this version will do."""

    def entry(self, key: str) -> dict[str, str]:
        """The header that lets us in: "name:password", or a key."""
        if not key:
            return {}
        if ":" in key:
            return {"authorization": f"Basic {b64encode(key.encode()).decode()}"}
        return {"authorization": f"ApiKey {key}"}

    async def check(self) -> str:
        """Which version it is."""
        found = await self._rest.ask("GET", "/")
        version = found.get("version") if isinstance(found, dict) else None
        if not isinstance(version, dict) or "number" not in version:
            raise Unfit(f"{self._rest.name} does not answer as {self.title} does.")
        self.judge(version)
        return f"{self.title} {version['number']}"

    async def create(self, index: str, dimension: int) -> None:
        """Make an index with fixed fields."""
        fields = {
            "id": {"type": "keyword"},
            "file_id": {"type": "keyword"},
            "vector": self.vector(checked_dimension(dimension)),
        }
        body = {
            "aliases": {alias_of(index): {}},
            "mappings": {
                "dynamic": "strict",
                "_source": {"excludes": ["vector"]},
                "properties": fields,
            },
            **self.settings(),
        }
        has = await self._dimension(index)
        if has is None:
            try:
                await self._rest.ask("PUT", f"/{checked_name(index)}", body)
            except Refused as refused:  # somebody was faster
                has = await self._dimension(index)
                if has is None:
                    raise refused from None
        if has is not None:
            same_dimension(index, has, dimension)

    async def drop(self, index: str) -> None:
        """Remove the index."""
        await self._unless_missing("DELETE", f"/{checked_name(index)}")

    async def upsert(self, index: str, points: Sequence[Point], vectors: Vectors) -> None:
        """Index documents in bulk; every item is looked at, since a bulk never fails as a whole."""
        for some, rows in batches(points, vectors):
            lines: list[Json] = []
            for point, vector in zip(some, numbers(rows), strict=True):
                id_ = str(point.id)
                document = {"id": id_, "file_id": str(point.file_id), "vector": vector}
                lines += [{"index": {"_id": id_}}, document]
            if await self._bulk(index, lines):
                raise missing(index)

    async def delete_files(self, index: str, file_ids: Collection[UUID]) -> None:
        """Remove all points of these files."""
        path = f"/{checked_name(index)}/_delete_by_query?refresh=true&conflicts=proceed"
        for some in pieces(file_ids, IDS_EACH):
            found = await self._unless_missing("POST", path, {"query": of_files(some)})
            if found and (found.get("version_conflicts") or found.get("failures")):
                raise Unavailable("Somebody else writes the same points right now.")

    async def delete(self, index: str, ids: Collection[UUID]) -> None:
        """Remove these points."""
        for some in pieces(ids, IDS_EACH):
            await self._bulk(index, [{"delete": {"_id": str(each)}} for each in some])

    async def search(
        self, index: str, vector: Vectors, *, limit: int, file_ids: Collection[UUID] | None
    ) -> list[Hit]:
        """The nearest points; the filter holds while the graph is walked."""
        checked_name(index)
        if limit < 1 or (file_ids is not None and not file_ids):
            return []
        limit = min(limit, PAGE_MAX)
        query = numbers(checked_vectors(vector)[None, :])[0]
        chosen = None if file_ids is None else of_files(file_ids)
        body = {"size": limit, "_source": False, **self.nearest(query, limit, chosen)}
        hits = (await self._ask(index, "POST", "/_search", body))["hits"]["hits"]
        return [Hit(UUID(hit["_id"]), similarity(2 * hit["_score"] - 1)) for hit in hits]

    async def count(self, index: str) -> int:
        """How many points there are."""
        return int((await self._ask(index, "GET", "/_count"))["count"])

    async def listing(self, index: str, *, after: UUID | None, limit: int) -> list[Listed]:
        """A page of points, sorted by id."""
        listed: list[Listed] = []
        while len(listed) < limit:
            size = min(PAGE_MAX, limit - len(listed))
            body: Json = {"size": size, "sort": [{"id": "asc"}], "_source": ["file_id"]}
            if after is not None:
                body["search_after"] = [str(after)]
            hits = (await self._ask(index, "POST", "/_search", body))["hits"]["hits"]
            listed += [Listed(UUID(h["_id"]), UUID(h["_source"]["file_id"])) for h in hits]
            if len(hits) < size:
                break
            after = listed[-1].id
        return listed

    async def close(self) -> None:
        """Let connections go."""
        await self._rest.close()

    async def _dimension(self, index: str) -> object:
        found = await self._unless_missing("GET", f"/{checked_name(index)}/_mapping")
        if found is None:
            return None
        mappings = found[index].get("mappings") or {}
        return self.dimension((mappings.get("properties") or {}).get("vector") or {})

    async def _bulk(self, index: str, lines: Iterable[Json]) -> bool:
        """Send lines; whether the index is missing. Deleting what is not there is no failure."""
        path = f"/{alias_of(index)}/_bulk?refresh=wait_for&require_alias=true"
        content = b"".join(to_json(line) + b"\n" for line in lines)
        found = await self._rest.send("POST", path, content, "application/x-ndjson")
        results = [result for item in found["items"] for result in item.values()]
        failed = [result for result in results if "error" in result]
        for result in failed:
            self._complain(result)
        return bool(failed)

    def _complain(self, result: Mapping[str, Any]) -> None:
        """Raise what went wrong with one item of a bulk, unless its index is missing."""
        status, error = result["status"], result["error"]
        if status in LATER or status >= BROKEN:
            raise Unavailable(f"{self._rest.name} is busy or broken (status {status}).")
        if status != NOT_FOUND:
            said = error.get("reason") if isinstance(error, dict) else error
            raise Unfit(f"{self._rest.name} refused a point: {self._rest.shown(str(said))}")

    async def _ask(self, index: str, method: str, path: str, body: object = None) -> Any:
        found = await self._unless_missing(method, f"/{checked_name(index)}{path}", body)
        if found is None:
            raise missing(index)
        return found

    async def _unless_missing(self, method: str, path: str, body: object = None) -> Any:
        """What the server answers, or nothing when there is no such index."""
        try:
            return await self._rest.ask(method, path, body)
        except Refused as refused:
            if refused.status == NOT_FOUND:
                return None
            raise


def alias_of(index: str) -> str:
    """What an index is written through."""
    return f"{checked_name(index)}-writing"


def of_files(file_ids: Collection[UUID]) -> Json:
    """Only points of these files; a list of terms is limited, a list of lists is not."""
    lists = [{"terms": {"file_id": [str(e) for e in some]}} for some in pieces(file_ids, IDS_EACH)]
    return lists[0] if len(lists) == 1 else {"bool": {"should": lists}}
