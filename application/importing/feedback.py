"""Feedback as Open WebUI exports it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from application.importing.fields import NAME_CHARACTERS_MAX, Malformed
from domain.feedbacks import RecordedFeedback

VALUES = {"1": 1, "-1": -1, "0": 0}
NANOSECONDS = 1e14


def feedback_of(record: object, owner: UUID) -> RecordedFeedback:
    """A record as feedback; raises Malformed, with one word, for what is not usable."""
    if not isinstance(record, Mapping):
        raise Malformed("not_an_object")
    data = record.get("data")
    data = data if isinstance(data, Mapping) else {}
    model = data.get("model_id")
    if not isinstance(model, str) or not 0 < len(model) <= NAME_CHARACTERS_MAX:
        raise Malformed("no_model")
    key = record.get("id")
    if not isinstance(key, str | int) or not str(key):
        raise Malformed("no_id")
    return RecordedFeedback.record(
        key=str(key),
        owner=owner,
        voter=str(record.get("user_id") or ""),
        model=model,
        siblings=texts(data.get("sibling_model_ids")),
        value=value_of(data.get("rating")),
        reason=text(data.get("reason")),
        comment=text(data.get("comment")),
        tags=texts(data.get("tags")),
        timestamp=time_of(record.get("created_at")),
    )


def value_of(rating: Any) -> int:
    """Up, down or neither; as a number or as a text."""
    if isinstance(rating, float) and rating.is_integer():
        rating = int(rating)
    if isinstance(rating, bool) or rating is None or str(rating).strip() not in VALUES:
        raise Malformed("no_rating")
    return VALUES[str(rating).strip()]


def time_of(value: Any) -> datetime:
    """A time in seconds, or in nanoseconds as some versions have it; 1970 when there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        value = 0
    try:
        return datetime.fromtimestamp(value / 1e9 if value > NANOSECONDS else value, UTC)
    except (OverflowError, OSError, ValueError):
        raise Malformed("odd_time") from None


def text(value: Any) -> str:
    """A text, or none."""
    return value if isinstance(value, str) else ""


def texts(value: Any) -> list[str]:
    """Those of a list that are texts."""
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
