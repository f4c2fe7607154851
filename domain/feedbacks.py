"""Feedback that was given in another product and was taken over from its export."""

from __future__ import annotations

from typing import Any, Self
from uuid import UUID, uuid5

from domain.aggregate import Aggregate, Created

SPACE = UUID("b0f6a0e2-53f5-5d52-8a27-3a4f6f1b7c90")


class RecordedFeedback(Aggregate):
    """One thumb from elsewhere. `siblings` are the models that answered the same question."""

    TOPIC = "recorded_feedback"

    class Event(Aggregate.Event):
        """Anything that happens to feedback from elsewhere."""

    class Recorded(Event, Created):
        TOPIC = "recorded_feedback.recorded"
        PERSONAL = ("comment",)
        owner: UUID
        key: str
        voter: str
        model: str
        siblings: list[str]
        value: int
        reason: str
        comment: str
        tags: list[str]

    def __init__(self, owner: UUID) -> None:
        self.owner = owner

    @property
    def owner_id(self) -> UUID:
        return self.owner

    @staticmethod
    def id_of(key: str) -> UUID:
        """The same record is the same feedback."""
        return uuid5(SPACE, key)

    @classmethod
    def record(cls, *, key: str, **what: Any) -> Self:
        """Take feedback over; `timestamp` is when it was given."""
        return cls._create(cls.Recorded, id=cls.id_of(key), key=key, **what)
