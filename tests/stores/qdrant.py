"""Qdrant's REST interface in front of Qdrant's own engine.

The forms are those of the published interface; a field or path it does not have is refused.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

import qdrant_edge as edge
from pydantic import Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.stores.serving import Form, Refusal

KEY = "qdrant-key-4711"


class Vectors(Form):
    size: int = Field(ge=1, le=65536)
    distance: Literal["Cosine", "Dot", "Euclid", "Manhattan"]


class CreateCollection(Form):
    vectors: Vectors


class CreateIndex(Form):
    field_name: str
    field_schema: Literal["keyword", "integer", "float", "uuid", "bool"]


class Struct(Form):
    id: str | int
    vector: list[float]
    payload: dict[str, Any] | None = None


class Upsert(Form):
    points: list[Struct]


class MatchAny(Form):
    any: list[str]


class Condition(Form):
    key: str
    match: MatchAny


class Filter(Form):
    must: list[Condition] | None = None


class Delete(Form):
    points: list[str | int] | None = None
    filter: Filter | None = None


class SearchParams(Form):
    hnsw_ef: int | None = Field(default=None, ge=0)
    exact: bool = False


class Query(Form):
    query: list[float]
    using: str | None = None
    filter: Filter | None = None
    params: SearchParams | None = None
    limit: int = Field(default=10, ge=1)
    with_payload: bool | list[str] = False
    with_vector: bool = False


class Scroll(Form):
    offset: str | int | None = None
    limit: int = Field(default=10, ge=1)
    filter: Filter | None = None
    with_payload: bool | list[str] = True
    with_vector: bool = False


class Count(Form):
    exact: bool = True
    filter: Filter | None = None


class Qdrant:
    """One server with its collections."""

    def __init__(self, version: str = "1.15.1") -> None:
        self.version = version
        self.folder = Path(tempfile.gettempdir()) / f"qdrant-{uuid4().hex}"
        self.shards: dict[str, tuple[edge.EdgeShard, int]] = {}
        self.made = 0
        named = "/collections/{name}"
        self.app = Starlette(
            routes=[
                Route("/", self.told(self.title)),
                Route("/collections", self.told(self.listed)),
                Route(named, self.told(self.found)),
                Route(named, self.told(self.create), methods=["PUT"]),
                Route(named, self.told(self.drop), methods=["DELETE"]),
                Route(named + "/index", self.told(self.index), methods=["PUT"]),
                Route(named + "/points", self.told(self.upsert), methods=["PUT"]),
                Route(named + "/points/delete", self.told(self.delete), methods=["POST"]),
                Route(named + "/points/query", self.told(self.query), methods=["POST"]),
                Route(named + "/points/scroll", self.told(self.scroll), methods=["POST"]),
                Route(named + "/points/count", self.told(self.count), methods=["POST"]),
            ]
        )

    def close(self) -> None:
        for shard, _ in self.shards.values():
            shard.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def told(self, work: Any) -> Any:
        """A route: what it returns is the result, what it refuses is told in Qdrant's form."""

        async def route(request: Request) -> Response:
            try:
                admit(request)
                result = work(request.path_params.get("name", ""), await request.body())
            except (Refusal, ValidationError, ValueError) as error:
                status = error.status if isinstance(error, Refusal) else 400
                body = {"status": {"error": str(error)[:400]}, "time": 0.0}
                return JSONResponse(body, status)
            if request.url.path == "/":
                return JSONResponse(result)
            return JSONResponse({"result": result, "status": "ok", "time": 0.0})

        return route

    def title(self, _: str, __: bytes) -> Any:
        return {"title": "qdrant - vector search engine", "version": self.version, "commit": "0"}

    def listed(self, _: str, __: bytes) -> Any:
        return {"collections": [{"name": name} for name in self.shards]}

    def shard(self, name: str) -> edge.EdgeShard:
        if name not in self.shards:
            raise Refusal(404, "", f"Not found: Collection `{name}` doesn't exist!")
        return self.shards[name][0]

    def found(self, name: str, _: bytes) -> Any:
        points = self.shard(name).count(edge.CountRequest())
        vectors = {"size": self.shards[name][1], "distance": "Cosine"}
        return {
            "status": "green",
            "points_count": points,
            "config": {"params": {"vectors": vectors, "shard_number": 1}},
        }

    def create(self, name: str, body: bytes) -> Any:
        form = CreateCollection.model_validate_json(body)
        if name in self.shards:
            raise Refusal(409, "", f"Wrong input: Collection `{name}` already exists!")
        self.made += 1
        distance = getattr(edge.Distance, form.vectors.distance)
        params = edge.EdgeVectorParams(size=form.vectors.size, distance=distance)
        path = self.folder / str(self.made)
        path.mkdir(parents=True)
        shard = edge.EdgeShard.create(str(path), edge.EdgeConfig(vectors=params))
        self.shards[name] = (shard, form.vectors.size)
        return True

    def drop(self, name: str, _: bytes) -> Any:
        if name not in self.shards:
            return False
        self.shards.pop(name)[0].close()
        return True

    def index(self, name: str, body: bytes) -> Any:
        form = CreateIndex.model_validate_json(body)
        kind = getattr(edge.PayloadSchemaType, form.field_schema.capitalize())
        self.shard(name).update(edge.UpdateOperation.create_field_index(form.field_name, kind))
        return {"operation_id": 0, "status": "completed"}

    def upsert(self, name: str, body: bytes) -> Any:
        form, shard = Upsert.model_validate_json(body), self.shard(name)
        for point in form.points:
            self.fits(name, point.vector)
        points = [edge.Point(known(each.id), each.vector, each.payload) for each in form.points]
        shard.update(edge.UpdateOperation.upsert_points(points))
        return {"operation_id": 0, "status": "completed"}

    def delete(self, name: str, body: bytes) -> Any:
        form, shard = Delete.model_validate_json(body), self.shard(name)
        if form.points is not None and form.filter is None:
            ids: list[int | UUID | str] = [known(each) for each in form.points]
            shard.update(edge.UpdateOperation.delete_points(ids))
        elif form.filter is not None and form.points is None:
            chosen = condition(form.filter)
            assert chosen is not None
            shard.update(edge.UpdateOperation.delete_points_by_filter(chosen))
        else:
            raise Refusal(400, "", "either points or a filter")
        return {"operation_id": 0, "status": "completed"}

    def query(self, name: str, body: bytes) -> Any:
        form, shard = Query.model_validate_json(body), self.shard(name)
        self.fits(name, form.query)
        if form.using:  # collections of this front have one vector without a name
            raise Refusal(400, "", f"Wrong input: Not existing vector name error: {form.using}")
        params = form.params or SearchParams()
        request = edge.QueryRequest(
            limit=form.limit,
            query=edge.Query.Nearest(form.query),
            filter=condition(form.filter),
            with_payload=form.with_payload,
            params=edge.SearchParams(hnsw_ef=params.hnsw_ef, exact=params.exact),
        )
        points = shard.query(request)
        found = [{"id": str(p.id), "version": 0, "score": p.score} for p in points]
        if form.with_payload:
            found = [{**each, "payload": p.payload} for each, p in zip(found, points, strict=True)]
        return {"points": found}

    def scroll(self, name: str, body: bytes) -> Any:
        form, shard = Scroll.model_validate_json(body), self.shard(name)
        request = edge.ScrollRequest(
            offset=None if form.offset is None else known(form.offset),
            limit=form.limit,
            filter=condition(form.filter),
            with_payload=form.with_payload,
        )
        records, following = shard.scroll(request)
        points = [{"id": str(each.id), "payload": each.payload} for each in records]
        offset = None if following is None else str(following)
        return {"points": points, "next_page_offset": offset}

    def count(self, name: str, body: bytes) -> Any:
        form, shard = Count.model_validate_json(body), self.shard(name)
        request = edge.CountRequest(exact=form.exact, filter=condition(form.filter))
        return {"count": shard.count(request)}

    def fits(self, name: str, vector: list[float]) -> None:
        size = self.shards[name][1]
        if len(vector) != size:
            why = f"Wrong input: Vector dimension error: expected dim: {size}, got {len(vector)}"
            raise Refusal(400, "", why)


def admit(request: Request) -> None:
    key = request.headers.get("api-key")
    if request.url.path != "/" and key != KEY:
        raise Refusal(401, "", f"Invalid api-key {key}")
    if set(request.query_params) - {"wait"}:
        raise Refusal(400, "", "unknown parameter")


def known(point_id: str | int) -> UUID | int:
    """An id is a UUID or a number."""
    return point_id if isinstance(point_id, int) else UUID(point_id)


def condition(form: Filter | None) -> edge.Filter | None:
    """A filter as the engine takes it."""
    if form is None:
        return None
    must: list[Any] = [
        edge.FieldCondition(key=each.key, match=edge.MatchAny(list(each.match.any)))
        for each in form.must or ()
    ]
    return edge.Filter(must=must)
