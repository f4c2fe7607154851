"""Ratings: what a person thinks of one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self
from uuid import UUID, uuid5

from domain.aggregate import Aggregate, Created
from domain.errors import Invalid, NotFound

LIKED = (
    "accurate",
    "followed_instructions",
    "creative",
    "positive_attitude",
    "attention_to_detail",
    "thorough",
    "other",
)
DISLIKED = (
    "style",
    "too_verbose",
    "not_helpful",
    "not_factual",
    "did_not_follow_instructions",
    "refused_wrongly",
    "lazy",
    "other",
)
SCORES = {1: range(6, 11), -1: range(1, 6), 0: range(1, 11)}
COMMENT_CHARACTERS_MAX = 10_000
TAGS_MAX = 20
TAG_CHARACTERS_MAX = 50

Thumb = Literal[-1, 0, 1]


@dataclass(frozen=True, slots=True)
class Opinion:
    """A thumb, and if he likes to say more: a score of 1 to 10, reasons, words and tags."""

    value: Thumb
    score: int | None = None
    reasons: Sequence[str] = ()
    comment: str = ""
    tags: Sequence[str] = ()

    def checked(self) -> dict[str, Any]:
        """As it is kept; refused when its parts do not go together."""
        known = {1: LIKED, -1: DISLIKED, 0: (*LIKED, *DISLIKED)}[self.value]
        allowed = SCORES[self.value]
        if self.score is not None and self.score not in allowed:
            raise Invalid(f"score is {allowed.start} to {allowed.stop - 1} with this thumb.")
        if unknown := [each for each in self.reasons if each not in known]:
            raise Invalid(f"reasons: {unknown[0]!r} is none of {', '.join(known)}.")
        if len(self.comment) > COMMENT_CHARACTERS_MAX:
            raise Invalid(f"comment has at most {COMMENT_CHARACTERS_MAX} characters.")
        return {
            "value": self.value,
            "score": self.score,
            "reasons": list(dict.fromkeys(self.reasons)),
            "comment": self.comment.replace("\x00", "").strip(),
            "tags": checked_tags(self.tags),
        }


class Rating(Aggregate):
    """One person's opinion of one answer. The model is the one that gave the answer."""

    TOPIC = "rating"

    class Event(Aggregate.Event):
        """Anything that happens to an opinion."""

    class Given(Event, Created):
        TOPIC = "rating.given"
        PERSONAL = ("comment",)
        owner: UUID
        chat_id: UUID
        answer_id: UUID
        attempt: int
        model: str
        base_model: str
        value: Thumb
        score: int | None
        reasons: list[str]
        comment: str
        tags: list[str]

        def apply(self, rating: Rating) -> None:
            rating.opinion = opinion_of(self)

    class Changed(Event):
        TOPIC = "rating.changed"
        PERSONAL = ("comment",)
        attempt: int
        model: str
        base_model: str
        value: Thumb
        score: int | None
        reasons: list[str]
        comment: str
        tags: list[str]

        def apply(self, rating: Rating) -> None:
            rating.withdrawn = False
            rating.opinion = opinion_of(self)

    class Withdrawn(Event):
        TOPIC = "rating.withdrawn"

        def apply(self, rating: Rating) -> None:
            rating.withdrawn = True

    def __init__(self, owner: UUID, chat_id: UUID, answer_id: UUID) -> None:
        self.owner = owner
        self.chat_id = chat_id
        self.answer_id = answer_id
        self.opinion: dict[str, Any] = {}
        self.withdrawn = False

    @property
    def owner_id(self) -> UUID:
        return self.owner

    @property
    def root_id(self) -> UUID:
        return self.chat_id

    @staticmethod
    def id_of(answer_id: UUID, owner: UUID) -> UUID:
        """One person has one opinion of one answer."""
        return uuid5(answer_id, f"rating {owner}")

    @classmethod
    def give(
        cls, *, owner: UUID, chat_id: UUID, answer_id: UUID, opinion: Opinion, **run: Any
    ) -> Self:
        """Have an opinion; `run` is attempt, model and base_model as the answer tells them."""
        return cls._create(
            cls.Given,
            id=cls.id_of(answer_id, owner),
            owner=owner,
            chat_id=chat_id,
            answer_id=answer_id,
            **run,
            **opinion.checked(),
        )

    def change(self, opinion: Opinion, **run: Any) -> None:
        """Think otherwise; the same again is no news."""
        after = opinion.checked()
        if self.withdrawn or after != self.opinion:
            self.trigger_event(self.Changed, **run, **after)

    def withdraw(self) -> None:
        """Have no opinion any more."""
        if not self.withdrawn:
            self.trigger_event(self.Withdrawn)

    def must_exist(self) -> None:
        """Refuse what would touch an opinion that was withdrawn."""
        if self.withdrawn:
            raise NotFound("rating", self.id)


PARTS = ("value", "score", "reasons", "comment", "tags")


def opinion_of(event: Any) -> dict[str, Any]:
    """The parts of an opinion in an event."""
    return {name: getattr(event, name) for name in PARTS}


def checked_tags(tags: Sequence[str]) -> list[str]:
    """Tags as they are kept: small, each once."""
    found = list(dict.fromkeys(each.strip().casefold() for each in tags if each.strip()))
    if len(found) > TAGS_MAX or any(len(each) > TAG_CHARACTERS_MAX for each in found):
        raise Invalid(f"tags has at most {TAGS_MAX} entries of {TAG_CHARACTERS_MAX} characters.")
    return found
