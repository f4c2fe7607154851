"""Asks a collection of a Milvus server that somebody else fills."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import grpc  # type: ignore[import-untyped]
from pymilvus import DataType, MilvusClient, MilvusException

from application.documents.ports import Unfit, Vectors
from application.ports import Unavailable
from application.retrieval.sources import Source
from infrastructure.external.mapping import Found
from infrastructure.models.refusals import plain
from infrastructure.vectors.rest import checked_key, checked_url

COLLECTION_MISSING = 100
AWAY = frozenset((2, 3, 8))
AWAY_STATUS = frozenset((grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED))

logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # what it would say, we say


async def ask_milvus(
    source: Source, key: str, query: str, vector: Vectors | None, limit: int
) -> Sequence[Found]:
    """The nearest entities with their fields. The client blocks, so it works in a thread."""
    del query
    assert vector is not None
    place, name = checked_url(source.url), f"Milvus at {urlsplit(source.url).netloc}"
    token, seconds = checked_key(key), source.seconds

    def search() -> list[Any]:
        client = MilvusClient(uri=place, token=token, timeout=seconds)
        try:
            known = client.describe_collection(source.collection, timeout=seconds)
            wanted = output_of(source, known)
            found = client.search(
                source.collection,
                data=[vector],
                anns_field=vector_of(source, known, len(vector)),
                limit=limit,
                output_fields=wanted,
                timeout=seconds,
            )
            return [*found[0]]
        finally:
            client.close()

    try:
        hits = await asyncio.to_thread(search)
    except (MilvusException, grpc.RpcError) as error:
        raise failure(error, source, name, key) from error
    count = len(hits)  # of distances it depends on the metric which are better; the order is known
    return [
        Found(dict(hit["entity"]), float(count - place), str(hit.get("id", "")))
        for place, hit in enumerate(hits)
    ]


def output_of(source: Source, known: dict[str, Any]) -> list[str]:
    """The fields to be read; Unfit names one that is not there."""
    fields = source.fields
    paths = (fields.text, fields.title, fields.link, fields.page, fields.id)
    names = list(dict.fromkeys(each.split(".")[0] for each in paths if each))
    there = [each["name"] for each in known["fields"]]
    lacking = [each for each in names if each not in there]
    if lacking and not known.get("enable_dynamic_field"):
        raise Unfit(
            f"{source.collection} has no field {lacking[0]}. There are: {', '.join(there)}."
        )
    return names


def vector_of(source: Source, known: dict[str, Any], dimension: int) -> str:
    """The field of the vectors; Unfit when it is not clear, or of another length."""
    vectors = {
        each["name"]: int(each.get("params", {}).get("dim", 0))
        for each in known["fields"]
        if each.get("type") in (DataType.FLOAT_VECTOR, DataType.FLOAT16_VECTOR)
    }
    wanted = source.fields.vector or (next(iter(vectors)) if len(vectors) == 1 else "")
    if wanted not in vectors:
        raise Unfit(
            f"fields.vector must be a field of vectors in {source.collection}. "
            f"There are: {', '.join(vectors) or 'none'}."
        )
    if vectors[wanted] != dimension:
        raise Unfit(
            f"The vectors of {wanted} have {vectors[wanted]} dimensions, those of the embedding "
            f"model {dimension}. Choose the model that made them."
        )
    return wanted


def failure(
    error: "MilvusException | grpc.RpcError", source: Source, name: str, key: str
) -> Exception:
    """What went wrong, in plain words."""
    code = error.code if isinstance(error, MilvusException) else error.code()
    message = str(error.message if isinstance(error, MilvusException) else "")
    if code == COLLECTION_MISSING:
        return Unfit(f"{name} has no collection {source.collection}.")
    if code in AWAY_STATUS or code in AWAY or "StatusCode.UNAVAILABLE" in message:
        return Unavailable(f"{name} cannot be reached or is busy.")
    if code == grpc.StatusCode.UNAUTHENTICATED or "auth" in message.lower():
        return Unfit(f"{name} refused the key.")
    secrets = tuple(each for each in (key, key.partition(":")[2]) if each)
    return Unfit(f"{name} refused: {plain(message, secrets)}")
