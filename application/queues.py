"""Queues: have people judge battles that were drawn for them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.battles import winner_of
from application.command import Command, Work
from application.users import require_administrator
from domain.errors import Conflict, Invalid, NotFound
from domain.queues import Plan, Queue

SIZE_MAX = 1_000
PEOPLE_MAX = 20


@dataclass(frozen=True, slots=True)
class OpenQueue(Command[None]):
    """Let people judge battles. The caller chooses the id, so wishing twice is once."""

    queue_id: UUID
    plan: Plan
    battles: list[str]
    pool: int

    async def execute(self, work: Work) -> None:
        require_administrator(work)
        plan = self.plan
        if not plan.name.strip():
            raise Invalid("name: a queue needs a name.")
        if not 1 <= plan.size <= SIZE_MAX:
            raise Invalid(f"size: a queue has 1 to {SIZE_MAX:,} items.")
        if not 1 <= plan.people <= PEOPLE_MAX:
            raise Invalid(f"people: 1 to {PEOPLE_MAX} judge an item.")
        if 0 < len(set(plan.annotators)) < plan.people:
            raise Invalid("people: not so many may judge here.")
        if known := await work.known(Queue, self.queue_id):
            if (known.owner, known.plan) != (work.actor.id, plan):
                raise Conflict("Another queue has this id.")
            return
        work.add(
            Queue.open(
                self.queue_id,
                owner=work.actor.id,
                plan=plan,
                battles=self.battles,
                pool=self.pool,
            )
        )


async def admitted(work: Work, queue_id: UUID) -> Queue:
    """A queue to whom may judge there; to others it does not exist."""
    queue = await work.get(Queue, queue_id)
    if not queue.admits(work.actor.id):
        raise NotFound("queue", queue_id)
    return queue


@dataclass(frozen=True, slots=True)
class Taken:
    """An item somebody holds, and how far he is in his queue."""

    item: int
    battle: str
    space: str
    until: datetime


@dataclass(frozen=True, slots=True)
class TakeItem(Command[Taken | None]):
    """Get what to judge next, or what one holds already; None when nothing is left."""

    queue_id: UUID
    now: datetime

    async def execute(self, work: Work) -> Taken | None:
        queue = await admitted(work, self.queue_id)
        item = queue.take(by=work.actor.id, now=self.now)
        if item is None:
            return None
        until = queue.items[item].leases[work.actor.id]
        return Taken(item, queue.battles[item], queue.plan.sieve.space, until)


@dataclass(frozen=True, slots=True)
class AnnotateItem(Command[None]):
    """Say which answer of an item is better."""

    queue_id: UUID
    item: int
    winner: str
    comment: str
    now: datetime

    async def execute(self, work: Work) -> None:
        queue = await admitted(work, self.queue_id)
        winner = winner_of(self.winner)
        queue.annotate(
            self.item, winner, comment=self.comment.strip(), by=work.actor.id, now=self.now
        )


@dataclass(frozen=True, slots=True)
class SkipItem(Command[None]):
    """Pass an item."""

    queue_id: UUID
    item: int

    async def execute(self, work: Work) -> None:
        (await admitted(work, self.queue_id)).skip(self.item, by=work.actor.id)


@dataclass(frozen=True, slots=True)
class CloseQueue(Command[None]):
    """Have a queue judged no more."""

    queue_id: UUID

    async def execute(self, work: Work) -> None:
        require_administrator(work)
        (await work.get(Queue, self.queue_id)).close()
