"""One judgement as those outside are told of it: under pseudonyms, and no model before its time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from application.exporting.pseudonyms import Pseudonyms
from domain.aggregate import Aggregate
from domain.battles import PREFIX, Battle
from domain.ratings import PARTS, Rating

RATINGS = (Rating.Given, Rating.Changed, Rating.Withdrawn)
VOTES = (Battle.VoteCast, Battle.VoteChanged, Battle.VoteRetracted, Battle.IdentityRevealed)
KINDS = {
    Battle.VoteCast: "vote.cast",
    Battle.VoteChanged: "vote.changed",
    Battle.VoteRetracted: "vote.retracted",
    Battle.IdentityRevealed: "vote.cast",
}

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Happened:
    """An event at its place, and all of its stream up to there."""

    position: int
    event: Aggregate.Event
    past: Sequence[Aggregate.Event]


@dataclass(frozen=True, slots=True)
class Telling:
    """Puts what happened into words for others. The same event is always the same words."""

    pseudonyms: Pseudonyms

    def item(self, happened: Happened) -> Item | None:
        """What is told of an event; None when there is nothing to be told."""
        state: Any = None
        for each in happened.past:
            state = each.mutate(state)
        if isinstance(state, Rating):
            return self._rating(happened, state)
        return self._vote(happened, state) if isinstance(state, Battle) else None

    def _head(self, happened: Happened, kind: str, voter: UUID) -> Item:
        return {
            "id": f"{self.pseudonyms.mark}-{happened.position}",
            "type": kind,
            "position": happened.position,
            "at": rfc(happened.event.timestamp),
            "voter": self.pseudonyms.of(str(voter)),
        }

    def _rating(self, happened: Happened, rating: Rating) -> Item:
        event = happened.event
        model = getattr(event, "model", "")
        opinion = {name: getattr(event, name, None) for name in PARTS}
        return {
            **self._head(happened, type(event).TOPIC, rating.owner),  # type: ignore[attr-defined]
            "response_id": str(rating.answer_id),
            "model": model if model and not model.startswith(PREFIX) else None,
            **opinion,
        }

    def _vote(self, happened: Happened, battle: Battle) -> Item | None:
        """A vote is told once the models are named: those that came before it, at that moment."""
        kind = KINDS.get(type(happened.event))  # type: ignore[arg-type]
        named = isinstance(happened.event, Battle.IdentityRevealed)
        if kind is None or not battle.revealed or battle.is_alone:
            return None
        if named and battle.winner is None:
            return None
        return {
            **self._head(happened, kind, battle.owner),
            "battle_id": str(battle.id),
            "blind": battle.blind,
            "winner": None if battle.winner is None else str(battle.winner),
            "responses": {
                slot: {"response_id": str(side.answer_id), "model": side.model}
                for slot, side in sorted(battle.sides.items())
            },
        }


def rfc(at: datetime) -> str:
    """A time as RFC 3339 has it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
