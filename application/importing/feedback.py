"""Feedback as Open WebUI exports it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from application.evaluation.leaks import prompt_key
from application.importing.fields import NAME_CHARACTERS_MAX, STYLE, Malformed
from domain.aggregate import Aggregate
from domain.battles import RecordedBattle, RecordedVote, Recording, Winner
from domain.feedbacks import RecordedFeedback

VALUES = {"1": 1, "-1": -1, "0": 0}
NANOSECONDS = 1e14


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a record says, as far as it is usable."""

    key: str
    voter: str
    model: str
    siblings: list[str]
    value: int
    reason: str
    comment: str
    tags: list[str]
    timestamp: datetime

    @property
    def others(self) -> list[str]:
        """Those that answered too, each once; of somebody who thinks neither up nor down, none."""
        found = dict.fromkeys(self.siblings) if self.value else ()
        return [each for each in found if 0 < len(each) <= NAME_CHARACTERS_MAX]


def told_by(record: object, owner: UUID) -> Sequence[Aggregate]:
    """All that a record tells: the thumb, and a vote between known models for each other one.

    Raises Malformed, with one word, for what is not usable.
    """
    feedback = feedback_of(record)
    return [RecordedFeedback.record(owner=owner, **asdict(feedback)), *games_of(feedback, owner)]


def games_of(feedback: Feedback, owner: UUID) -> Iterator[Aggregate]:
    """A battle with each other model, and the vote on it. The names were seen: not blind."""
    source = f"openwebui-feedback:{RecordedFeedback.id_of(feedback.key)}"
    for seq, other in enumerate(feedback.others, 1):
        key = f"{source}:{seq}"
        recording = Recording(
            space="",
            source=source,
            key=key,
            model_a=feedback.model,
            model_b=other,
            blind=False,
            category="",
            language="",
            status_a="complete",
            status_b="complete",
            style_a=dict.fromkeys(STYLE, 0.0),
            style_b=dict.fromkeys(STYLE, 0.0),
            leaked_a=False,
            leaked_b=False,
        )
        yield RecordedBattle.record(
            recording,
            owner=owner,
            prompt="",
            response_a="",
            response_b="",
            prompt_key=prompt_key(source),
            timestamp=feedback.timestamp,
        )
        yield vote_of(feedback, recording, seq)


def vote_of(feedback: Feedback, recording: Recording, seq: int) -> RecordedVote:
    """The thumb as a vote."""
    return RecordedVote.record(
        space=recording.space,
        source=recording.source,
        seq=seq,
        voter=feedback.voter[:NAME_CHARACTERS_MAX],
        battle=recording.key,
        action="cast",
        winner=Winner.MODEL_A if feedback.value > 0 else Winner.MODEL_B,
        after_reveal=False,
        timestamp=feedback.timestamp,
    )


def feedback_of(record: object) -> Feedback:
    """A record as feedback."""
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
    return Feedback(
        key=str(key),
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
    """Up, down or neither; as a whole number or as a text, and nothing else, as there."""
    if not isinstance(rating, int | str) or str(rating) not in VALUES:
        raise Malformed("no_rating")
    return VALUES[str(rating)]


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
