"""What an export is made from: votes, thumbs, annotations, each with the texts it judged."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from application.ports import Turn
from domain.battles import Winner


@dataclass(frozen=True, slots=True)
class Judged:
    """A counted vote. `context` is what both models were asked: it ends with a user's turn.

    `place` is the position of the act that gave the vote its value.
    """

    place: int
    battle: str
    voter: str
    at: datetime
    winner: Winner
    model_a: str
    model_b: str
    context: Sequence[Turn]
    answer_a: str
    answer_b: str
    blind: bool = True
    category: str = ""
    language: str = ""

    @property
    def chosen(self) -> str | None:
        """The better answer; None when neither is."""
        return {Winner.MODEL_A: self.answer_a, Winner.MODEL_B: self.answer_b}.get(self.winner)

    @property
    def rejected(self) -> str | None:
        """The worse answer; None when neither is."""
        return {Winner.MODEL_A: self.answer_b, Winner.MODEL_B: self.answer_a}.get(self.winner)


@dataclass(frozen=True, slots=True)
class Annotated(Judged):
    """What somebody said of an item of a queue; whoever judged is the `voter`."""

    queue: str = ""
    item: int = 0
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Rated:
    """A thumb, as it stood at the end of what is exported."""

    place: int
    rating: str
    answer_id: str
    voter: str
    at: datetime
    model: str
    value: int
    context: Sequence[Turn]
    answer: str
    score: int | None = None
    reasons: Sequence[str] = ()
    comment: str = ""
    tags: Sequence[str] = field(default=())
    siblings: Sequence[str] = ()


Sample = Judged | Rated
