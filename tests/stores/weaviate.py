"""Stands in for Weaviate: its REST doors for the schema, and its gRPC from the client's stubs.

What a request may carry is listed; anything else is refused. Results are computed in numpy.
"""

import math
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import grpc  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from weaviate.proto.v1 import (
    aggregate_pb2,
    base_pb2,
    base_search_pb2,
    batch_delete_pb2,
    batch_pb2,
    properties_pb2,
    search_get_pb2,
    weaviate_pb2_grpc,
)

from tests.stores.serving import Refusal, served
from tests.stores.weaviate_schema import checked, with_defaults

KEY = "weaviate-key-4711"
DELETED_MAX = 10_000
ALLOWED = {
    "SearchRequest": {
        *("collection", "limit", "after", "filters", "near_vector", "hybrid_search"),
        *("metadata", "properties", "uses_123_api", "uses_125_api", "uses_127_api"),
    },
    "NearVector": {"vectors", "targets", "vector_bytes", "vector_for_targets"},
    "Hybrid": {
        *("query", "properties", "vector_bytes", "vectors", "alpha", "alpha_param"),
        *("fusion_type", "targets", "near_vector", "use_alpha_param"),
    },
    "Filters": {"operator", "target", "value_text_array"},
    "BatchObject": {"uuid", "properties", "collection", "vectors"},
    "BatchObjectsRequest": {"objects"},
    "BatchDeleteRequest": {"collection", "filters"},
    "AggregateRequest": {"collection", "objects_count"},
}
Json = dict[str, Any]
Row = NDArray[np.float32]


@dataclass
class Kept:
    """One object."""

    properties: dict[str, str]
    vector: Row


@dataclass
class Weaviate(weaviate_pb2_grpc.WeaviateServicer):
    """One server: what the schema has, and the objects of each class."""

    version: str = "1.32.4"
    classes: dict[str, Json] = field(default_factory=dict)
    objects: dict[str, dict[UUID, Kept]] = field(default_factory=dict)

    @property
    def app(self) -> Starlette:
        named = "/v1/schema/{name}"
        return Starlette(
            routes=[
                Route("/v1/meta", self.told(self.meta)),
                Route("/v1/.well-known/ready", self.told(lambda *_: {})),
                Route("/v1/schema", self.told(lambda *_: {"classes": [*self.classes.values()]})),
                Route("/v1/schema", self.told(self.make), methods=["POST"]),
                Route(named, self.told(self.found)),
                Route(named, self.told(self.drop), methods=["DELETE"]),
            ]
        )

    def told(self, work: Callable[[str, Any], Json]) -> Any:
        async def route(request: Request) -> Response:
            try:
                admit(request)
                body = await request.json() if request.method == "POST" else None
                return JSONResponse(work(request.path_params.get("name", ""), body))
            except Refusal as refusal:
                return JSONResponse({"error": [{"message": refusal.why}]}, refusal.status)

        return route

    def meta(self, _: str, __: Any) -> Json:
        return {"hostname": "http://[::]:8080", "modules": {}, "version": self.version}

    def make(self, _: str, body: Json) -> Json:
        checked(body)
        name = body["class"]
        if name in self.classes:
            raise Refusal(422, "", f"class name {name} already exists")
        self.classes[name] = with_defaults(body)
        self.objects[name] = {}
        return self.classes[name]

    def found(self, name: str, _: Any) -> Json:
        if name not in self.classes:
            raise Refusal(404, "", "not found")
        return self.classes[name]

    def drop(self, name: str, _: Any) -> Json:
        self.classes.pop(name, None)
        self.objects.pop(name, None)
        return {}

    # What follows is asked by gRPC, under the names that the stubs have.

    def Search(self, request: Any, context: Any) -> Any:  # noqa: N802
        kept = self.admit(request, context)
        ids = sorted(kept if not request.HasField("filters") else chosen(request.filters, kept))
        if request.HasField("hybrid_search"):
            pairs = hybrid(request.hybrid_search, kept, ids)
        elif request.HasField("near_vector"):
            row = target(request.near_vector)
            pairs = [(id_, 1 - score) for id_, score in by_meaning(row, kept, ids, context)]
        else:
            after = UUID(request.after) if request.after else UUID(int=0)
            pairs = [(id_, 0.0) for id_ in ids if id_ > after]
        reply = search_get_pb2.SearchReply()
        for id_, number in pairs[: request.limit or 10]:
            result = reply.results.add()
            result.metadata.id, result.metadata.id_as_bytes = str(id_), id_.bytes
            if request.metadata.distance:
                result.metadata.distance, result.metadata.distance_present = number, True
            if request.metadata.score:
                result.metadata.score, result.metadata.score_present = number, True
            for name in request.properties.non_ref_properties:
                value = properties_pb2.Value(text_value=kept[id_].properties[name])
                result.properties.non_ref_props.fields[name].CopyFrom(value)
        return reply

    def BatchObjects(self, request: Any, context: Any) -> Any:  # noqa: N802
        reply = batch_pb2.BatchObjectsReply()
        for place, each in enumerate(request.objects):
            kept = self.admit(each, context)
            properties = dict(each.properties.non_ref_properties)
            (given,) = each.vectors
            row = np.frombuffer(given.vector_bytes, "<f4")
            known = {one["name"] for one in self.classes[each.collection]["properties"]}
            sizes = {one.vector.size for one in kept.values()} or {row.size}
            if set(properties) - known or given.name != "passage" or sizes != {row.size}:
                reply.errors.add(index=place, error="vector lengths don't match, or no such field")
            else:
                kept[UUID(each.uuid)] = Kept(properties, row)
        return reply

    def BatchDelete(self, request: Any, context: Any) -> Any:  # noqa: N802
        kept = self.admit(request, context)
        ids = sorted(chosen(request.filters, kept))[:DELETED_MAX]
        for id_ in ids:
            del kept[id_]
        return batch_delete_pb2.BatchDeleteReply(matches=len(ids), successful=len(ids))

    def Aggregate(self, request: Any, context: Any) -> Any:  # noqa: N802
        kept = self.admit(request, context)
        single = aggregate_pb2.AggregateReply.Single(objects_count=len(kept))
        return aggregate_pb2.AggregateReply(single_result=single)

    def admit(self, request: Any, context: Any) -> dict[UUID, Kept]:
        """Look at the key and at every field; returns the objects that are meant."""
        if dict(context.invocation_metadata()).get("authorization") != f"Bearer {KEY}":
            context.abort(grpc.StatusCode.UNAUTHENTICATED, f"wrong key, not {KEY}")
        surplus = [*surplus_fields(request)]
        if surplus:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"unexpected {surplus}")
        if request.collection not in self.objects:
            context.abort(grpc.StatusCode.UNKNOWN, f"could not find class {request.collection}")
        return self.objects[request.collection]


def admit(request: Request) -> None:
    if request.headers.get("authorization") != f"Bearer {KEY}":
        raise Refusal(401, "", "anonymous access not enabled")


def surplus_fields(message: Any) -> Iterator[str]:
    """Fields that are set and not on the list, in a message and inside it."""
    name = message.DESCRIPTOR.name
    for about, value in message.ListFields():
        if name in ALLOWED and about.name not in ALLOWED[name]:
            yield f"{name}.{about.name}"
        if about.message_type is not None:
            for inner in [value] if hasattr(value, "ListFields") else value:
                if hasattr(inner, "ListFields"):
                    yield from surplus_fields(inner)


def chosen(filters: Any, kept: dict[UUID, Kept]) -> list[UUID]:
    """The objects a filter lets through."""
    assert filters.operator == base_pb2.Filters.OPERATOR_CONTAINS_ANY
    wanted = set(filters.value_text_array.values)
    name = filters.target.property
    if name == "_id":
        return [id_ for id_ in kept if str(id_) in wanted]
    return [id_ for id_, each in kept.items() if each.properties[name] in wanted]


def target(near: Any) -> Row:
    """The vector that is asked for, under the name of its target."""
    assert list(near.targets.target_vectors) == ["passage"]
    given = [near.vector_bytes, *(each.vector_bytes for each in near.vectors)]
    given += [each.vector_bytes for each in getattr(near, "vector_for_targets", ())]
    (data,) = [each for each in given if each]
    return np.frombuffer(data, "<f4")


def by_meaning(
    row: Row, kept: dict[UUID, Kept], ids: list[UUID], context: Any = None
) -> list[tuple[UUID, float]]:
    """Objects by cosine, nearest first."""
    if not ids:
        return []
    rows = np.stack([kept[id_].vector for id_ in ids])
    if rows.shape[1] != row.size:
        context.abort(grpc.StatusCode.UNKNOWN, "vector search: vector lengths don't match")
    scores = rows @ row / (np.linalg.norm(rows, axis=1) * np.linalg.norm(row))
    return [(ids[place], float(scores[place])) for place in np.argsort(-scores, kind="stable")]


def by_words(query: str, kept: dict[UUID, Kept], ids: list[UUID]) -> list[tuple[UUID, float]]:
    """Objects by the words they share with a question; rare words count for more."""
    texts = {id_: re.findall(r"\w+", kept[id_].properties["text"].lower()) for id_ in ids}
    words = set(re.findall(r"\w+", query.lower()))
    weights = {
        word: math.log(1 + len(ids) / (1 + sum(word in text for text in texts.values())))
        for word in words
    }
    scores = [(id_, sum(weights[w] for w in words if w in text)) for id_, text in texts.items()]
    return sorted(((i, s) for i, s in scores if s > 0), key=lambda each: -each[1])


def hybrid(form: Any, kept: dict[UUID, Kept], ids: list[UUID]) -> list[tuple[UUID, float]]:
    """Both lists, each from 0 to 1, weighted by alpha."""
    assert list(form.properties) == ["text"]
    assert form.fusion_type == base_search_pb2.Hybrid.FUSION_TYPE_RELATIVE_SCORE
    row = target(form.near_vector if form.HasField("near_vector") else form)
    alpha = form.alpha_param if form.use_alpha_param else form.alpha
    parts = [(alpha, by_meaning(row, kept, ids)), (1 - alpha, by_words(form.query, kept, ids))]
    fused: dict[UUID, float] = {}
    for weight, pairs in parts:
        scores = [score for _, score in pairs]
        width = (max(scores) - min(scores)) if scores else 0
        for id_, score in pairs:
            level = (score - min(scores)) / width if width else 1.0
            fused[id_] = fused.get(id_, 0.0) + weight * level
    return sorted(fused.items(), key=lambda each: (-each[1], each[0]))


@contextmanager
def weaviate_served(double: Weaviate) -> Iterator[str]:
    """Serve both doors while inside; yields the address."""
    server = grpc.server(
        ThreadPoolExecutor(4), options=[("grpc.max_receive_message_length", 100 * 2**20)]
    )
    weaviate_pb2_grpc.add_WeaviateServicer_to_server(double, server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with served(double.app) as url:
            yield f"{url}?grpc={port}"
    finally:
        server.stop(None).wait()
