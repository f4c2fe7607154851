"""Queues: battles that several people judge one after the other, without seeing who answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from domain.aggregate import Aggregate, Created
from domain.battles import Winner
from domain.errors import Conflict, Invalid, NotFound

LEASE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Sieve:
    """Which battles a queue is drawn from; what is empty means all. `models`: one of them."""

    space: str
    category: str
    language: str
    models: list[str]
    without_votes: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What a queue is for, how it is drawn, how many judge each item, and who may (empty: all)."""

    name: str
    instructions: str
    sieve: Sieve
    size: int
    seed: int
    people: int
    annotators: list[UUID]


class Queue(Aggregate):
    """Items that people take, judge or skip. Who takes one holds it for a while.

    An item is the place of a battle in the queue. It is done when as many people as planned have
    judged it; each of them once.
    """

    TOPIC = "queue"

    class Event(Aggregate.Event):
        """Anything that happens to a queue."""

    class Opened(Event, Created):
        TOPIC = "queue.opened"
        owner: UUID
        plan: Plan

    class ItemsDrawn(Event):
        """With plan and seed the draw can be done again from a `pool` of so many battles."""

        TOPIC = "queue.items_drawn"
        pool: int
        battles: list[str]

        def apply(self, queue: Queue) -> None:
            queue.items = [Item() for _ in self.battles]
            queue.battles = self.battles

    class ItemTaken(Event):
        TOPIC = "queue.item_taken"
        item: int
        annotator: UUID
        until: datetime

        def apply(self, queue: Queue) -> None:
            queue.items[self.item].leases[self.annotator] = self.until

    class Annotated(Event):
        TOPIC = "queue.annotated"
        PERSONAL = ("comment",)
        item: int
        annotator: UUID
        winner: Winner
        comment: str

        def apply(self, queue: Queue) -> None:
            item = queue.items[self.item]
            item.winners[self.annotator] = self.winner
            item.leases.pop(self.annotator, None)

    class Skipped(Event):
        TOPIC = "queue.skipped"
        item: int
        annotator: UUID

        def apply(self, queue: Queue) -> None:
            item = queue.items[self.item]
            item.skipped.add(self.annotator)
            item.leases.pop(self.annotator, None)

    class Closed(Event):
        TOPIC = "queue.closed"

        def apply(self, queue: Queue) -> None:
            queue.is_over = True

    def __init__(self, owner: UUID, plan: Plan) -> None:
        self.owner = owner
        self.plan = plan
        self.battles: list[str] = []
        self.items: list[Item] = []
        self.is_over = False

    @property
    def owner_id(self) -> UUID:
        return self.owner

    @classmethod
    def open(
        cls, queue_id: UUID, *, owner: UUID, plan: Plan, battles: list[str], pool: int
    ) -> Self:
        """Let people judge battles that were drawn."""
        if not battles:
            raise Invalid("No battle fits.", code="nothing_to_annotate")
        queue = cls._create(cls.Opened, id=queue_id, owner=owner, plan=plan)
        queue.trigger_event(cls.ItemsDrawn, pool=pool, battles=battles)
        return queue

    def admits(self, person: UUID) -> bool:
        """Whether somebody may judge here."""
        return not self.plan.annotators or person in self.plan.annotators

    def take(self, *, by: UUID, now: datetime) -> int | None:
        """The item to judge next, held for a while; None when nothing is left for him now."""
        self.must_be_open()
        for number, item in enumerate(self.items):
            if item.holds(by, now):
                return number
        for number, item in enumerate(self.items):
            if not item.knows(by) and item.has_room(self.plan.people, by, now):
                self.trigger_event(self.ItemTaken, item=number, annotator=by, until=now + LEASE)
                return number
        return None

    def annotate(self, item: int, winner: Winner, *, comment: str, by: UUID, now: datetime) -> None:
        """Judge an item that was taken; the same again is no news."""
        self.must_be_open()
        found = self._item(item)
        if by in found.winners:
            if found.winners[by] != winner:
                raise Conflict("You have judged this one already.", code="already_annotated")
            return
        self._must_have_taken(found, by)
        if not found.has_room(self.plan.people, by, now):
            raise Conflict("It took you long, and others have done this one.", code="item_done")
        self.trigger_event(self.Annotated, item=item, annotator=by, winner=winner, comment=comment)

    def skip(self, item: int, *, by: UUID) -> None:
        """Pass an item that was taken; it does not come again."""
        self.must_be_open()
        found = self._item(item)
        if by in found.winners:
            raise Conflict("You have judged this one already.", code="already_annotated")
        if by not in found.skipped:
            self._must_have_taken(found, by)
            self.trigger_event(self.Skipped, item=item, annotator=by)

    def close(self) -> None:
        """Take no more; what was said stays."""
        if not self.is_over:
            self.trigger_event(self.Closed)

    def must_be_open(self) -> None:
        """Refuse to judge where it is over."""
        if self.is_over:
            raise Conflict("This queue is closed.", code="queue_closed")

    def _item(self, item: int) -> Item:
        if not 0 <= item < len(self.items):
            raise NotFound("item", item)
        return self.items[item]

    def _must_have_taken(self, item: Item, by: UUID) -> None:
        if by not in item.leases:
            raise Conflict("Take this one before you judge it.", code="not_taken")


class Item:
    """Who judged, who passes, and who holds an item until when."""

    def __init__(self) -> None:
        self.winners: dict[UUID, Winner] = {}
        self.skipped: set[UUID] = set()
        self.leases: dict[UUID, datetime] = {}

    def knows(self, person: UUID) -> bool:
        """Whether somebody is done with it."""
        return person in self.winners or person in self.skipped

    def holds(self, person: UUID, now: datetime) -> bool:
        """Whether somebody has it in his hands."""
        return person in self.leases and self.leases[person] > now

    def has_room(self, people: int, person: UUID, now: datetime) -> bool:
        """Whether one more may judge it, beside those who did and those who hold it."""
        held = sum(until > now for who, until in self.leases.items() if who != person)
        return len(self.winners) + held < people
