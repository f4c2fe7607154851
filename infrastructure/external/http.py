"""Asks any server that answers a question with passages: POST {query, k}."""

from collections.abc import Sequence
from typing import Any

from application.documents.ports import Unfit, Vectors
from application.retrieval.sources import Source
from infrastructure.external.mapping import Found
from infrastructure.vectors.rest import Rest, checked_key

LISTS = ("passages", "results")


async def ask_http(
    source: Source, key: str, query: str, vector: Vectors | None, limit: int
) -> Sequence[Found]:
    """The passages of the answer: a list, or an object with `passages` or `results`."""
    del vector  # such a server understands the question itself
    headers = {"authorization": f"Bearer {checked_key(key)}"} if key else {}
    rest = Rest("The source", source.url, headers, key)
    try:
        found = await rest.ask("POST", "", {"query": query, "k": limit})
    finally:
        await rest.close()
    items = listed(found)
    if items is None:
        raise Unfit(
            f"{rest.name} must answer a list of passages, or an object with `passages` "
            "or `results`, each passage an object."
        )
    count = len(items)
    return [Found(each, score_of(each, count - place)) for place, each in enumerate(items[:limit])]


def listed(found: Any) -> list[dict[str, Any]] | None:
    """The list of an answer, if it is one of objects."""
    if isinstance(found, dict):
        found = next((found[name] for name in LISTS if name in found), None)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        return None
    return found


def score_of(each: dict[str, Any], place: int) -> float:
    """The score that was told, else one by the place."""
    score = each.get("score")
    is_number = isinstance(score, int | float) and not isinstance(score, bool)
    return float(score) if is_number and score is not None else float(place)
