"""Stands in for Elasticsearch and OpenSearch: strict about forms, exact in numpy.

Paths and fields are those of the published interfaces. What is not known is refused with 400,
as the servers do; documents are held to the mapping, which is strict.
"""

import json
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

import numpy as np
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.stores.lucene_forms import (
    BODIES,
    Bool,
    CreateIndex,
    DeleteByQuery,
    ElasticSearch,
    OpenSearch,
    Query,
    SearchBase,
    Terms,
)
from tests.stores.serving import Refusal

KEYS = {"elasticsearch": "ZWxhc3RpYzprZXk=", "opensearch": "admin:Str0ng!pass"}
PARAMETERS = {
    "_bulk": {"refresh", "require_alias"},
    "_delete_by_query": {"refresh", "conflicts"},
}
TERMS_MAX = 65_536
WINDOW_MAX = 10_000
Json = dict[str, Any]


@dataclass
class Index:
    """One index: its mapping and documents."""

    mapping: Json
    aliases: Json
    uuid: str = field(default_factory=lambda: uuid4().hex)
    documents: dict[str, Json] = field(default_factory=dict)
    vectors: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)


class LuceneServer:
    """One server of either kind."""

    def __init__(self, kind: Literal["elasticsearch", "opensearch"], number: str) -> None:
        self.kind, self.number = kind, number
        self.indexes: dict[str, Index] = {}
        self.failures: list[int] = []  # statuses for the next items of a bulk
        self.app = Starlette(
            routes=[
                Route("/", self.told(self.title)),
                Route("/{name}", self.told(self.create), methods=["PUT"]),
                Route("/{name}", self.told(self.drop), methods=["DELETE"]),
                Route("/{name}/_mapping", self.told(self.mapping)),
                Route("/{name}/_count", self.told(self.count)),
                Route("/{name}/_search", self.told(self.search), methods=["POST"]),
                Route("/{name}/_bulk", self.told(self.bulk), methods=["POST"]),
                Route("/{name}/_delete_by_query", self.told(self.remove), methods=["POST"]),
                Route("/{rest:path}", self.told(unknown), methods=["GET", "PUT", "POST"]),
            ]
        )

    def told(self, work: Any) -> Any:
        """A route: what it refuses is told in the servers' form."""

        async def route(request: Request) -> Response:
            try:
                self.admit(request)
                return JSONResponse(work(request, await request.body()))
            except ValidationError as error:
                refusal = Refusal(400, "parsing_exception", str(error)[:300])
            except Refusal as error:
                refusal = error
            cause = {"type": refusal.kind, "reason": refusal.why}
            body = {"error": {**cause, "root_cause": [cause]}, "status": refusal.status}
            return JSONResponse(body, refusal.status)

        return route

    def admit(self, request: Request) -> None:
        key = KEYS[self.kind]
        wanted = f"ApiKey {key}" if self.kind == "elasticsearch" else f"Basic {encoded(key)}"
        if request.headers.get("authorization") != wanted:
            raise Refusal(401, "security_exception", f"unable to authenticate with {key}")
        last = request.url.path.rpartition("/")[2]
        surplus = set(request.query_params) - PARAMETERS.get(last, set())
        if surplus:
            raise Refusal(400, "illegal_argument_exception", f"unrecognized parameter {surplus}")
        kind = request.headers.get("content-type", "")
        wanted = "application/x-ndjson" if last == "_bulk" else "application/json"
        if request.method in {"PUT", "POST"} and kind != wanted:
            raise Refusal(406, "media_type_header_exception", "Invalid media-type value")

    def index(self, request: Request) -> Index:
        name = request.path_params["name"]
        for each, index in self.indexes.items():
            if name == each or name in index.aliases:
                return index
        raise Refusal(404, "index_not_found_exception", f"no such index [{name}]")

    def title(self, _: Request, __: bytes) -> Json:
        version = {"number": self.number, "lucene_version": "9.12.0"}
        if self.kind == "opensearch":
            version["distribution"] = "opensearch"
        return {"name": "node", "cluster_name": "test", "version": version, "tagline": "-"}

    def create(self, request: Request, body: bytes) -> Json:
        name = request.path_params["name"]
        if name != name.lower() or name[:1] in "_-+" or set(name) & set('\\/*?"<>| ,#:'):
            raise Refusal(400, "invalid_index_name_exception", "Invalid index name")
        if name in self.indexes:
            raise Refusal(400, "resource_already_exists_exception", "index already exists")
        form = BODIES[self.kind].model_validate_json(body)
        assert isinstance(form, CreateIndex)
        mapping = form.mappings.model_dump(by_alias=True, exclude_none=True)
        self.indexes[name] = Index(mapping, form.aliases)
        return {"acknowledged": True, "shards_acknowledged": True, "index": name}

    def drop(self, request: Request, _: bytes) -> Json:
        name = request.path_params["name"]
        if name not in self.indexes:
            raise Refusal(404, "index_not_found_exception", f"no such index [{name}]")
        del self.indexes[name]
        return {"acknowledged": True}

    def mapping(self, request: Request, _: bytes) -> Json:
        return {request.path_params["name"]: {"mappings": self.index(request).mapping}}

    def count(self, request: Request, _: bytes) -> Json:
        shards = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
        return {"count": len(self.index(request).documents), "_shards": shards}

    def bulk(self, request: Request, body: bytes) -> Json:
        if not body.endswith(b"\n"):
            raise Refusal(400, "illegal_argument_exception", "must be terminated by a newline")
        lines = [json.loads(line) for line in body.splitlines()]
        items: list[Json] = []
        while lines:
            ((action, about),) = lines.pop(0).items()
            if action not in {"index", "delete"} or set(about) != {"_id"}:
                raise Refusal(400, "illegal_argument_exception", "Malformed action")
            document = lines.pop(0) if action == "index" else None
            items.append({action: self.item(request, about["_id"], document)})
        errors = any("error" in result for item in items for result in item.values())
        return {"took": 1, "errors": errors, "items": items}

    def item(self, request: Request, id_: str, document: Json | None) -> Json:
        """One action of a bulk; it fails for itself."""
        try:
            index = self.writable(request, is_alias_required=document is not None)
            if document is None:
                had = index.documents.pop(id_, None)
                index.vectors.pop(id_, None)
                result = {"_id": id_, "status": 404 if had is None else 200}
                return {**result, "result": "not_found" if had is None else "deleted"}
            self.keep(index, id_, document)
        except Refusal as refusal:
            error = {"type": refusal.kind, "reason": refusal.why}
            return {"_id": id_, "status": refusal.status, "error": error}
        return {"_id": id_, "status": 201, "result": "created"}

    def writable(self, request: Request, *, is_alias_required: bool) -> Index:
        if self.failures:
            raise Refusal(self.failures.pop(0), "es_rejected_execution_exception", "queue")
        index = self.index(request)
        wants_alias = request.query_params.get("require_alias") == "true"
        is_alias = request.path_params["name"] in index.aliases
        if is_alias_required and wants_alias and not is_alias:
            raise Refusal(404, "index_not_found_exception", "not an alias")
        return index

    def keep(self, index: Index, id_: str, document: Json) -> None:
        properties = index.mapping["properties"]
        surplus = set(document) - set(properties)
        if surplus:
            raise Refusal(400, "strict_dynamic_mapping_exception", f"not allowed: {surplus}")
        about = properties["vector"]
        size = about.get("dims") or about.get("dimension")
        vector = np.array(document["vector"], np.float32)
        if vector.shape != (size,):
            why = f"The vector has {vector.size} dimensions, the mapping {size}"
            raise Refusal(400, "document_parsing_exception", why)
        length = np.linalg.norm(vector)
        if not length:
            raise Refusal(400, "document_parsing_exception", "zero magnitude")
        index.documents[id_] = {k: v for k, v in document.items() if k != "vector"}
        index.vectors[id_] = vector / length

    def remove(self, request: Request, body: bytes) -> Json:
        index = self.index(request)
        gone = chosen(index, DeleteByQuery.model_validate_json(body).query)
        for id_ in gone:
            del index.documents[id_], index.vectors[id_]
        return {"deleted": len(gone), "version_conflicts": 0, "failures": []}

    def search(self, request: Request, body: bytes) -> Json:
        index = self.index(request)
        form: SearchBase
        if self.kind == "elasticsearch":
            form = ElasticSearch.model_validate_json(body)
        else:
            form = OpenSearch.model_validate_json(body)
        if form.size > WINDOW_MAX:
            raise Refusal(400, "illegal_argument_exception", "Result window is too large")
        asked = form.nearest()
        if asked is None:
            hits = listed(index, form)
        else:
            vector, k, only = asked
            hits = nearest(index, vector, only)[: min(k, form.size)]
        return {"took": 1, "timed_out": False, "hits": {"max_score": None, "hits": hits}}


def unknown(request: Request, _: bytes) -> Json:
    raise Refusal(400, "illegal_argument_exception", f"no handler for {request.url.path}")


def encoded(key: str) -> str:
    return b64encode(key.encode()).decode()


def chosen(index: Index, query: Query) -> list[str]:
    """The documents that a filter lets through."""
    if isinstance(query, Bool):
        parts = [chosen(index, each) for each in query.bool.should]
        return sorted({id_ for part in parts for id_ in part})
    assert isinstance(query, Terms)
    ((name, values),) = query.terms.items()
    if len(values) > TERMS_MAX:
        raise Refusal(400, "illegal_argument_exception", "too many terms")
    wanted = set(values)
    return [id_ for id_, document in index.documents.items() if document[name] in wanted]


def nearest(index: Index, vector: list[float], only: Query | None) -> list[Json]:
    """All documents by cosine, as a score from 0 to 1."""
    ids = list(index.documents) if only is None else chosen(index, only)
    row = np.array(vector, np.float32)
    about = index.mapping["properties"]["vector"]
    if row.shape != ((about.get("dims") or about.get("dimension")),):
        raise Refusal(400, "illegal_argument_exception", "wrong number of dimensions")
    if not ids:
        return []
    scores = (1 + np.stack([index.vectors[id_] for id_ in ids]) @ (row / np.linalg.norm(row))) / 2
    order = np.argsort(-scores, kind="stable")
    return [{"_id": ids[place], "_score": float(scores[place])} for place in order]


def listed(index: Index, form: SearchBase) -> list[Json]:
    """Documents sorted by a keyword."""
    (sort,) = form.sort or [{}]
    ((name, _),) = sort.items()
    rows = sorted((document[name], id_) for id_, document in index.documents.items())
    if form.search_after:
        rows = [row for row in rows if row[0] > form.search_after[0]]
    return [
        {"_id": id_, "_score": None, "_source": index.documents[id_], "sort": [value]}
        for value, id_ in rows[: form.size]
    ]
