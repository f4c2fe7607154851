"""Judgings: have a model judge battles, stop it, and record what it says."""

from dataclasses import dataclass
from uuid import UUID

from application.command import Command, Work
from application.ports import Jobs
from application.users import require_administrator
from domain.battles import Winner
from domain.errors import Conflict, Invalid
from domain.judgings import Assignment, Fault, Judgement, Judging
from domain.reactions import Reactions

LIMIT_MAX = 10_000
WHERE = ("category", "language", "model")

judging: Reactions[Jobs] = Reactions("judging")


@judging.on(Judging.Started)
def on_started(event: Judging.Started, jobs: Jobs) -> None:
    """Have it done."""
    jobs.enqueue("judge", event.originator_id)


@dataclass(frozen=True, slots=True)
class StartJudging(Command[None]):
    """Have a model judge battles. The caller chooses the id, so wishing twice is once."""

    judging_id: UUID
    assignment: Assignment

    async def execute(self, work: Work) -> None:
        require_administrator(work)
        wish = self.assignment
        if not 1 <= wish.limit <= LIMIT_MAX:
            raise Invalid(f"limit: a run judges 1 to {LIMIT_MAX:,} battles.")
        if unknown := [each for each in wish.where if each not in WHERE]:
            raise Invalid(f"where: {unknown[0]!r} is none of {', '.join(WHERE)}.")
        if known := await work.known(Judging, self.judging_id):
            old = known.assignment
            same = (old.judge, old.space, old.where, old.limit)
            if known.owner != work.actor.id or same != (
                wish.judge,
                wish.space,
                wish.where,
                wish.limit,
            ):
                raise Conflict("Another run has this id.")
            return
        work.add(Judging.start(self.judging_id, owner=work.actor.id, assignment=wish))


@dataclass(frozen=True, slots=True)
class StopJudging(Command[None]):
    """End a run of a judge; what was judged stays."""

    judging_id: UUID

    async def execute(self, work: Work) -> None:
        require_administrator(work)
        (await work.get(Judging, self.judging_id)).stop()


@dataclass(frozen=True, slots=True)
class FinishJudging(Command[None]):
    """Record that a run has looked at all its battles."""

    judging_id: UUID

    async def execute(self, work: Work) -> None:
        (await work.get(Judging, self.judging_id)).finish()


@dataclass(frozen=True, slots=True)
class FailJudging(Command[None]):
    """Record that a run cannot go on, and why."""

    judging_id: UUID
    reason: str

    async def execute(self, work: Work) -> None:
        (await work.get(Judging, self.judging_id)).fail(self.reason)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a judge said of a battle: both verdicts, or why there are none."""

    usage: dict[str, int]
    verdicts: tuple[Winner, Winner] | None = None
    fault: Fault = "model"
    error: str = ""


@dataclass(frozen=True, slots=True)
class RecordJudgement(Command[None]):
    """Record what a judge said of a battle that belongs to somebody."""

    judging_id: UUID
    battle: str
    owner: UUID
    heard: Heard

    async def execute(self, work: Work) -> None:
        run = await work.get(Judging, self.judging_id)
        key = Judgement.id_of(run.assignment, self.battle)
        judgement = await work.known(Judgement, key)
        if judgement is None:
            judgement = Judgement.open(run.assignment, self.battle, owner=self.owner)
            work.add(judgement)
        heard = self.heard
        if heard.verdicts is not None:
            first, second = heard.verdicts
            judgement.give(first, second, in_=run.id, usage=heard.usage)
        else:
            judgement.fail(heard.fault, heard.error, in_=run.id, usage=heard.usage)
