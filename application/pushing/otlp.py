"""Judgements as OpenTelemetry logs: one `gen_ai.evaluation.result` for each answer judged."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from application.pushing.items import Item

EVENT = "gen_ai.evaluation.result"
SCOPE = "quire.evaluation"
INFO = 9
THUMBS = {1: "up", 0: "neutral", -1: "down"}
EVEN = {"tie": (0.5, "tie"), "both_bad": (0.0, "both_bad")}


def logs(items: Iterable[Item]) -> dict[str, Any]:
    """The body of a request to `/v1/logs`."""
    records = [record for item in items for record in records_of(item)]
    return {
        "resourceLogs": [
            {
                "resource": {"attributes": attributes({"service.name": "quire"})},
                "scopeLogs": [{"scope": {"name": SCOPE}, "logRecords": records}],
            }
        ]
    }


def records_of(item: Item) -> Iterator[dict[str, Any]]:
    """The records of a judgement: a vote judges two answers."""
    if "responses" not in item:
        yield record(item, item["id"], rated(item))
        return
    for slot, side in item["responses"].items():
        found = {"name": "preference", **compared(item["winner"], f"model_{slot}"), **side}
        yield record(item, f"{item['id']}-{slot}", found)


def rated(item: Item) -> dict[str, Any]:
    """What a rating says of its answer."""
    value = item["value"]
    reasons = ", ".join(item["reasons"] or ())
    return {
        "name": "rating",
        "value": None if value is None else float(value),
        "label": "withdrawn" if value is None else THUMBS[value],
        "explanation": ": ".join(each for each in (reasons, item["comment"]) if each),
        "response_id": item["response_id"],
        "model": item["model"],
        "score": item["score"],
        "tags": item["tags"],
    }


def compared(winner: str | None, side: str) -> dict[str, Any]:
    """What a vote says of one side."""
    if winner is None:
        return {"value": None, "label": "retracted"}
    won = (1.0, "win") if winner == side else (0.0, "loss")
    value, label = EVEN.get(winner, won)
    return {"value": value, "label": label}


def record(item: Item, key: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """One log record."""
    nanoseconds = nanoseconds_of(item["at"])
    return {
        "timeUnixNano": nanoseconds,
        "observedTimeUnixNano": nanoseconds,
        "severityNumber": INFO,
        "severityText": "INFO",
        "eventName": EVENT,
        "attributes": attributes(
            {
                "gen_ai.evaluation.name": found["name"],
                "gen_ai.evaluation.score.value": found["value"],
                "gen_ai.evaluation.score.label": found["label"],
                "gen_ai.evaluation.explanation": found.get("explanation"),
                "gen_ai.response.id": found["response_id"],
                "gen_ai.request.model": found["model"],
                "enduser.pseudo.id": item["voter"],
                "quire.evaluation.id": key,
                "quire.evaluation.type": item["type"],
                "quire.evaluation.score": found.get("score"),
                "quire.evaluation.tags": found.get("tags"),
            }
        ),
    }


def nanoseconds_of(at: str) -> str:
    """Nanoseconds since 1970, in figures, as OTLP's JSON has them."""
    moment = datetime.fromisoformat(at)
    return str(int(moment.timestamp()) * 10**9 + moment.microsecond * 1_000)


def attributes(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Attributes with a value; what is empty is left out."""
    return [
        {"key": key, "value": value_of(each)}
        for key, each in found.items()
        if each is not None and each not in ("", [])
    ]


def value_of(value: float | str | Sequence[str]) -> dict[str, Any]:
    """A value with its type."""
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"arrayValue": {"values": [{"stringValue": each} for each in value]}}
