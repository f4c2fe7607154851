"""Voters: whom nobody trusts to vote as people do, who found that, and who forgave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from uuid import UUID, uuid5

from domain.aggregate import Aggregate, Created
from domain.errors import Invalid

SPACES = UUID("5a4c1c7e-6f0b-5e55-9d1e-0d9a7b8e4c13")
BY_HAND = "by_hand"
SCORE_CHANGE_MIN = 1.0
SCORE_SHARE_MIN = 0.1
REASON_CHARACTERS_MAX = 500


@dataclass(frozen=True, slots=True)
class Found:
    """What was reckoned of a voter: how, and how odd he is in standard deviations."""

    method: str
    scores: dict[str, float]


class Voter(Aggregate):
    """Somebody who votes, in a space of votes.

    Whom the arithmetic flags is recorded as it is found. What an administrator says by hand
    stands above that: a flag until it is cleared, a clearing for all votes before it.
    """

    TOPIC = "voter"

    class Event(Aggregate.Event):
        """Anything that is found out or said about a voter."""

    class Noticed(Event, Created):
        TOPIC = "voter.noticed"
        space: str
        voter_id: str

    class Flagged(Event):
        """He is not trusted; `by` is the administrator who says so, nobody when reckoned."""

        TOPIC = "voter.flagged"
        space: str
        voter_id: str
        scores: dict[str, float]
        method: str
        by: UUID | None

        def apply(self, voter: Voter) -> None:
            voter.flagged = Found(self.method, self.scores)

    class Cleared(Event):
        """He is trusted again; nobody says so when it came out of the reckoning."""

        TOPIC = "voter.cleared"
        space: str
        voter_id: str
        by: UUID | None
        reason: str

        def apply(self, voter: Voter) -> None:
            voter.flagged = None

    def __init__(self, space: str, voter_id: str) -> None:
        self.space = space
        self.voter_id = voter_id
        self.flagged: Found | None = None

    @staticmethod
    def id_of(space: str, voter_id: str) -> UUID:
        """The same name in the same space is the same voter."""
        return uuid5(SPACES, f"{space}\n{voter_id}")

    @classmethod
    def notice(cls, space: str, voter_id: str) -> Self:
        """Begin to record what is found out about somebody."""
        return cls._create(
            cls.Noticed, id=cls.id_of(space, voter_id), space=space, voter_id=voter_id
        )

    @property
    def is_flagged_by_hand(self) -> bool:
        """Whether an administrator flagged him."""
        return self.flagged is not None and self.flagged.method == BY_HAND

    def find(self, found: Found) -> None:
        """Record that the arithmetic flags him; about the same scores again are no news."""
        if self.is_flagged_by_hand:
            return
        if self.flagged is None or differs(self.flagged, found):
            self._flag(found, by=None)

    def find_nothing(self) -> None:
        """Record that the arithmetic flags him no more; what was said by hand stays."""
        if self.flagged is not None and not self.is_flagged_by_hand:
            self._clear(by=None, reason="")

    def flag(self, scores: dict[str, float], *, by: UUID) -> None:
        """Trust him no more, whatever the arithmetic says."""
        if not self.is_flagged_by_hand:
            self._flag(Found(BY_HAND, scores), by=by)

    def clear(self, reason: str = "", *, by: UUID) -> None:
        """Trust what he voted until now. Who is not flagged has nothing to be cleared of."""
        reason = reason.replace("\x00", "").strip()
        if len(reason) > REASON_CHARACTERS_MAX:
            raise Invalid(f"reason has at most {REASON_CHARACTERS_MAX} characters.")
        if self.flagged is not None:
            self._clear(by=by, reason=reason)

    def _flag(self, found: Found, *, by: UUID | None) -> None:
        self.trigger_event(
            self.Flagged,
            space=self.space,
            voter_id=self.voter_id,
            scores=found.scores,
            method=found.method,
            by=by,
        )

    def _clear(self, *, by: UUID | None, reason: str) -> None:
        self.trigger_event(
            self.Cleared, space=self.space, voter_id=self.voter_id, by=by, reason=reason
        )


def differs(before: Found, after: Found) -> bool:
    """Whether scores say something else: by 1 at least, and by a tenth of what they were."""
    if before.method != after.method or set(before.scores) != set(after.scores):
        return True
    return any(
        abs(after.scores[name] - known) >= max(SCORE_CHANGE_MIN, SCORE_SHARE_MIN * abs(known))
        for name, known in before.scores.items()
    )
