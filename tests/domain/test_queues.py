"""What may happen to a queue, whoever comes in whichever order."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from application.command import Command, R, carry_out
from application.ports import Actor
from application.queues import (
    PEOPLE_MAX,
    SIZE_MAX,
    AnnotateItem,
    CloseQueue,
    OpenQueue,
    SkipItem,
    TakeItem,
)
from domain.battles import Winner
from domain.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from domain.queues import LEASE, Plan, Queue, Sieve
from infrastructure.memory_log import MemoryLog
from tests.scenario import KEY, fact, given, news

A, B, TIE = Winner.MODEL_A, Winner.MODEL_B, Winner.TIE
PEOPLE = [UUID(int=n) for n in range(20, 24)]
ANA, BEN, CY, DI = PEOPLE
BOSS = Actor(UUID(int=10), role="administrator")
NOW = datetime(2026, 1, 2, tzinfo=UTC)
LATER = NOW + LEASE + timedelta(seconds=1)
PLAN = Plan("Maths", "Be strict.", Sieve("", "maths", "", [], without_votes=True), 3, 7, 2, [])
OPENED = fact(Queue.Opened, owner=BOSS.id, plan=PLAN)
DRAWN = fact(Queue.ItemsDrawn, pool=9, battles=["b1", "b2", "b3"])


def queue(plan: Plan = PLAN) -> Queue:
    return given(Queue, replace_plan(plan), DRAWN)


def replace_plan(plan: Plan) -> Any:
    return fact(Queue.Opened, owner=BOSS.id, plan=plan)


def test_what_is_drawn_is_recorded_with_the_queue() -> None:
    found = Queue.open(KEY, owner=BOSS.id, plan=PLAN, battles=["b1", "b2", "b3"], pool=9)
    assert news(found) == [OPENED, DRAWN]
    with pytest.raises(Invalid):
        Queue.open(KEY, owner=BOSS.id, plan=PLAN, battles=[], pool=0)


def test_an_item_is_taken_judged_and_done() -> None:
    found = queue()
    assert found.take(by=ANA, now=NOW) == 0
    assert found.take(by=ANA, now=NOW + timedelta(minutes=1)) == 0
    found.annotate(0, A, comment="Well put.", by=ANA, now=NOW)
    found.annotate(0, A, comment="Again.", by=ANA, now=NOW)
    assert found.take(by=BEN, now=NOW) == 0
    found.annotate(0, TIE, comment="", by=BEN, now=NOW)
    assert found.take(by=CY, now=NOW) == 1
    assert news(found) == [
        fact(Queue.ItemTaken, item=0, annotator=ANA, until=NOW + LEASE),
        fact(Queue.Annotated, item=0, annotator=ANA, winner=A, comment="Well put."),
        fact(Queue.ItemTaken, item=0, annotator=BEN, until=NOW + LEASE),
        fact(Queue.Annotated, item=0, annotator=BEN, winner=TIE, comment=""),
        fact(Queue.ItemTaken, item=1, annotator=CY, until=NOW + LEASE),
    ]


def test_what_is_held_is_not_given_to_others_until_it_is_too_late() -> None:
    found = queue()
    assert [found.take(by=who, now=NOW) for who in PEOPLE] == [0, 0, 1, 1]
    assert found.take(by=DI, now=LATER) == 0
    assert found.take(by=CY, now=LATER) == 0
    found.annotate(0, A, comment="", by=CY, now=LATER)
    found.annotate(0, A, comment="", by=DI, now=LATER)
    with pytest.raises(Conflict) as refused:
        found.annotate(0, A, comment="", by=ANA, now=LATER)
    assert refused.value.more["code"] == "item_done"


def test_who_is_late_may_still_judge_what_nobody_else_holds() -> None:
    found = queue()
    found.take(by=ANA, now=NOW)
    found.annotate(0, A, comment="", by=ANA, now=LATER)
    assert found.items[0].winners == {ANA: A}


def test_a_word_once_given_stays() -> None:
    found = queue()
    found.take(by=ANA, now=NOW)
    found.annotate(0, A, comment="", by=ANA, now=NOW)
    acts: list[Callable[[], object]] = [
        lambda: found.annotate(0, B, comment="", by=ANA, now=NOW),
        lambda: found.skip(0, by=ANA),
    ]
    for act in acts:
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.more["code"] == "already_annotated"


def test_what_is_passed_does_not_come_again() -> None:
    found = queue()
    for number in range(3):
        assert found.take(by=ANA, now=NOW) == number
        found.skip(number, by=ANA)
        found.skip(number, by=ANA)
    assert found.take(by=ANA, now=NOW) is None
    assert found.take(by=BEN, now=NOW) == 0


def test_nobody_judges_what_he_has_not_taken() -> None:
    found = queue()
    with pytest.raises(Conflict):
        found.annotate(1, A, comment="", by=ANA, now=NOW)
    with pytest.raises(Conflict):
        found.skip(1, by=ANA)
    for number in (-1, 3):
        with pytest.raises(NotFound):
            found.annotate(number, A, comment="", by=ANA, now=NOW)


def test_where_it_is_over_nobody_judges() -> None:
    found = queue()
    found.take(by=ANA, now=NOW)
    found.close()
    found.close()
    acts: list[Callable[[], object]] = [
        lambda: found.take(by=ANA, now=NOW),
        lambda: found.annotate(0, A, comment="", by=ANA, now=NOW),
        lambda: found.skip(0, by=ANA),
    ]
    for act in acts:
        with pytest.raises(Conflict):
            act()
    assert news(found)[1:] == [fact(Queue.Closed)]


class Annotating(RuleBasedStateMachine):
    """Several people in any order and at any pace, against a plain account of who did what."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = queue(replace(PLAN, people=2))
        self.now = NOW
        self.said: dict[tuple[UUID, int], Winner] = {}
        self.passed: set[tuple[UUID, int]] = set()
        self.held: dict[UUID, tuple[int, datetime]] = {}
        self.is_over = False
        self.taken: set[tuple[UUID, int]] = set()

    def left(self, who: UUID) -> list[int]:
        """What the account would give somebody."""
        done = self.said.keys() | self.passed
        return [item for item in self.free(who) if (who, item) not in done]

    def free(self, who: UUID) -> list[int]:
        """Where the account has room for somebody."""
        counts = Counter(item for _, item in self.said)
        others = Counter(
            item for one, (item, until) in self.held.items() if one != who and until > self.now
        )
        return [item for item in range(3) if counts[item] + others[item] < 2]

    @rule(seconds=st.integers(0, 1_200))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: not self.is_over)
    @rule(who=st.sampled_from(PEOPLE))
    def take(self, who: UUID) -> None:
        item = self.queue.take(by=who, now=self.now)
        if who in self.held and self.held[who][1] > self.now:
            assert item == self.held[who][0]
        elif left := self.left(who):
            assert item == left[0]
            self.held[who] = (left[0], self.now + LEASE)
            self.taken.add((who, left[0]))
        else:
            assert item is None

    @precondition(lambda self: not self.is_over)
    @rule(who=st.sampled_from(PEOPLE), item=st.integers(0, 2), winner=st.sampled_from(Winner))
    def annotate(self, who: UUID, item: int, winner: Winner) -> None:
        try:
            self.queue.annotate(item, winner, comment="", by=who, now=self.now)
        except Conflict:
            assert self.said.get((who, item)) != winner
            taken, is_full = (who, item) in self.taken, item not in self.free(who)
            assert (who, item) in self.said or (who, item) in self.passed or not taken or is_full
            return
        assert (who, item) in self.taken
        assert self.said.setdefault((who, item), winner) == winner
        if who in self.held and self.held[who][0] == item:
            del self.held[who]

    @precondition(lambda self: not self.is_over)
    @rule(who=st.sampled_from(PEOPLE), item=st.integers(0, 2))
    def skip(self, who: UUID, item: int) -> None:
        try:
            self.queue.skip(item, by=who)
        except Conflict:
            return
        assert (who, item) not in self.said
        self.passed.add((who, item))
        if who in self.held and self.held[who][0] == item:
            del self.held[who]

    @rule(chance=st.integers(0, 30))
    def close(self, chance: int) -> None:
        if chance == 0:
            self.queue.close()
            self.is_over = True

    @invariant()
    def it_is_as_told(self) -> None:
        found = {
            (who, number): winner
            for number, item in enumerate(self.queue.items)
            for who, winner in item.winners.items()
        }
        assert found == self.said
        assert max(Counter(item for _, item in found).values(), default=0) <= 2

    @invariant()
    def the_past_alone_explains_the_present(self) -> None:
        events = self.queue.pending_events
        again = queue()
        for event in events:
            event.mutate(again)
        assert [vars(each) for each in again.items] == [vars(each) for each in self.queue.items]


TestAnnotating = Annotating.TestCase
TestAnnotating.settings = settings(max_examples=60, stateful_step_count=40)


async def do(log: MemoryLog, command: Command[R], by: Actor) -> R:
    return (await carry_out(command, log=log, actor=by)).result


async def opened(log: MemoryLog, plan: Plan = PLAN) -> UUID:
    key = uuid4()
    await do(log, OpenQueue(key, plan, ["b1", "b2", "b3"], 9), BOSS)
    return key


async def test_only_whom_it_is_for_sees_a_queue() -> None:
    log = MemoryLog()
    key = await opened(log, replace(PLAN, annotators=[ANA, BEN]))
    taken = await do(log, TakeItem(key, NOW), Actor(ANA))
    assert taken
    assert (taken.item, taken.battle, taken.until) == (0, "b1", NOW + LEASE)
    commands: list[Command[Any]] = [
        TakeItem(key, NOW),
        AnnotateItem(key, 0, "tie", "", NOW),
        SkipItem(key, 0),
    ]
    for command in commands:
        with pytest.raises(NotFound):
            await do(log, command, Actor(CY))
    await do(log, AnnotateItem(key, 0, "tie", " So so. ", NOW), Actor(ANA))
    with pytest.raises(Invalid):
        await do(log, AnnotateItem(key, 0, "both", "", NOW), Actor(ANA))


async def test_only_administrators_open_and_close() -> None:
    log = MemoryLog()
    with pytest.raises(Forbidden):
        await do(log, OpenQueue(uuid4(), PLAN, ["b1"], 1), Actor(ANA))
    key = await opened(log)
    with pytest.raises(Forbidden):
        await do(log, CloseQueue(key), Actor(ANA))
    await do(log, CloseQueue(key), BOSS)
    with pytest.raises(Conflict):
        await do(log, TakeItem(key, NOW), Actor(ANA))


async def test_a_wish_twice_is_one_queue() -> None:
    log, key = MemoryLog(), uuid4()
    for battles in (["b1"], ["b2"]):
        await do(log, OpenQueue(key, PLAN, battles, 2), BOSS)
    assert (await log.get(Queue, key)).battles == ["b1"]
    with pytest.raises(Conflict):
        await do(log, OpenQueue(key, replace(PLAN, seed=8), ["b1"], 2), BOSS)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"name": " "}, "name"),
        ({"size": 0}, "size"),
        ({"size": SIZE_MAX + 1}, "size"),
        ({"people": 0}, "people"),
        ({"people": PEOPLE_MAX + 1}, "people"),
        ({"annotators": [ANA]}, "people"),
        ({"annotators": [ANA, ANA]}, "people"),
    ],
)
async def test_a_plan_must_make_sense(change: dict[str, Any], word: str) -> None:
    with pytest.raises(Refusal, match=word):
        await opened(MemoryLog(), replace(PLAN, **change))
