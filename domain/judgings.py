"""Judgings: a model of the house reads battles and says who was better, apart from people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self
from uuid import UUID, uuid5

from domain.aggregate import Aggregate, Created
from domain.battles import SPACES, Winner
from domain.errors import Conflict, Invalid

VOTER_TYPE = "judge"


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who judges, by which version of our prompt, and which battles were chosen how.

    `limit` is how many were wanted at most; `battles` are their keys, in the order of work.
    """

    judge: str
    template: int
    space: str
    where: dict[str, str]
    limit: int
    battles: list[str]


class Judging(Aggregate):
    """A run of a judge over battles that were chosen at its start, so its cost is bounded."""

    TOPIC = "judging"

    class Event(Aggregate.Event):
        """Anything that happens to a run of a judge."""

    class Started(Event, Created):
        TOPIC = "judging.started"
        owner: UUID
        assignment: Assignment

    class Stopped(Event):
        TOPIC = "judging.stopped"

        def apply(self, judging: Judging) -> None:
            judging.state = "stopped"

    class Finished(Event):
        """All battles were looked at; some may not have been judged."""

        TOPIC = "judging.finished"

        def apply(self, judging: Judging) -> None:
            judging.state = "finished"

    class Failed(Event):
        TOPIC = "judging.failed"
        reason: str

        def apply(self, judging: Judging) -> None:
            judging.state = "failed"

    def __init__(self, owner: UUID, assignment: Assignment) -> None:
        self.owner = owner
        self.assignment = assignment
        self.state = "running"

    @property
    def owner_id(self) -> UUID:
        return self.owner

    @classmethod
    def start(cls, judging_id: UUID, *, owner: UUID, assignment: Assignment) -> Self:
        """Have a model judge battles."""
        if not assignment.battles:
            raise Invalid("No battle is left to judge.", code="nothing_to_judge")
        return cls._create(cls.Started, id=judging_id, owner=owner, assignment=assignment)

    def stop(self) -> None:
        """Ask no more; what was judged stays."""
        if self.state == "stopped":
            return
        if self.state != "running":
            raise Conflict("This run has ended.")
        self.trigger_event(self.Stopped)

    def finish(self) -> None:
        """There is no more to judge; the second end is no news."""
        if self.state == "running":
            self.trigger_event(self.Finished)

    def fail(self, reason: str) -> None:
        """It cannot go on."""
        if self.state == "running":
            self.trigger_event(self.Failed, reason=reason)


Fault = Literal["model", "unreadable", "too_long", "gone"]


class Judgement(Aggregate):
    """What one judge thinks of one battle under one version of the prompt.

    The battle is shown twice, the second time with the sides swapped. Only what the judge says
    both times counts; else it is a tie that is marked as inconsistent. It belongs to whoever
    the battle belongs to.
    """

    TOPIC = "judgement"

    class Event(Aggregate.Event):
        """Anything that happens to a judgement."""

    class Opened(Event, Created):
        TOPIC = "judgement.opened"
        owner: UUID
        voter_type: str
        judge: str
        template: int
        space: str
        battle: str

    class Given(Event):
        """`first` and `second` are what was said each time, both in terms of the true sides."""

        TOPIC = "judgement.given"
        judging_id: UUID
        first: Winner
        second: Winner
        winner: Winner
        consistent: bool
        usage: dict[str, int]

        def apply(self, judgement: Judgement) -> None:
            judgement.winner = self.winner

    class Failed(Event):
        """No verdict; the true error is for those who look after the house."""

        TOPIC = "judgement.failed"
        PERSONAL = ("error",)
        judging_id: UUID
        fault: Fault
        error: str
        usage: dict[str, int]

        def apply(self, judgement: Judgement) -> None:
            judgement.failed_in = self.judging_id

    def __init__(self, owner: UUID) -> None:
        self.owner = owner
        self.winner: Winner | None = None
        self.failed_in: UUID | None = None

    @property
    def owner_id(self) -> UUID:
        return self.owner

    @staticmethod
    def id_of(assignment: Assignment, battle: str) -> UUID:
        """The same judge on the same battle by the same prompt is the same judgement."""
        words = (assignment.judge, str(assignment.template), assignment.space, battle)
        return uuid5(SPACES, "\n".join(("judgement", *words)))

    @classmethod
    def open(cls, assignment: Assignment, battle: str, *, owner: UUID) -> Self:
        """Begin to judge a battle."""
        return cls._create(
            cls.Opened,
            id=cls.id_of(assignment, battle),
            owner=owner,
            voter_type=VOTER_TYPE,
            judge=assignment.judge,
            template=assignment.template,
            space=assignment.space,
            battle=battle,
        )

    def is_over(self, judging_id: UUID) -> bool:
        """Whether this run has nothing more to ask here."""
        return self.winner is not None or self.failed_in == judging_id

    def give(self, first: Winner, second: Winner, *, in_: UUID, usage: dict[str, int]) -> None:
        """Record both verdicts; a battle is judged once."""
        if self.is_over(in_):
            return
        consistent = first == second
        self.trigger_event(
            self.Given,
            judging_id=in_,
            first=first,
            second=second,
            winner=first if consistent else Winner.TIE,
            consistent=consistent,
            usage=usage,
        )

    def fail(self, fault: Fault, error: str, *, in_: UUID, usage: dict[str, int]) -> None:
        """Record that there is no verdict; a later run may try again."""
        if not self.is_over(in_):
            self.trigger_event(self.Failed, judging_id=in_, fault=fault, error=error, usage=usage)
