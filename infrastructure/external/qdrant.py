"""Asks a collection of a Qdrant server that somebody else fills."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from application.documents.ports import Unfit, Vectors
from application.retrieval.sources import Source
from infrastructure.external.mapping import Found
from infrastructure.vectors.rest import Refused, Rest, checked_key
from infrastructure.vectors.shared import numbers

NOT_FOUND = 404


async def ask_qdrant(
    source: Source, key: str, query: str, vector: Vectors | None, limit: int
) -> Sequence[Found]:
    """The nearest points with their payloads."""
    del query
    assert vector is not None
    headers = {"api-key": checked_key(key)} if key else {}
    rest = Rest("Qdrant", source.url, headers, key)
    body: dict[str, Any] = {
        "query": numbers(vector[None, :])[0],
        "limit": limit,
        "with_payload": True,
    }
    if source.fields.vector:
        body["using"] = source.fields.vector
    path = f"/collections/{quote(source.collection, safe='')}/points/query"
    try:
        found = await rest.ask("POST", path, body)
        points = found["result"]["points"]
        return [
            Found(each.get("payload") or {}, float(each["score"]), str(each["id"]))
            for each in points
        ]
    except Refused as refused:
        if refused.status == NOT_FOUND:
            raise Unfit(f"{rest.name} has no collection {source.collection}.") from None
        raise
    except (TypeError, KeyError, ValueError, AttributeError):
        raise Unfit(f"{rest.name} does not answer as Qdrant does.") from None
    finally:
        await rest.close()
