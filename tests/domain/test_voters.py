"""What may be said of a voter, by whom, and what is no news."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from application.command import Command, carry_out
from application.ports import SYSTEM, Actor
from application.voters import ClearVoter, FlagVoter, RecordFlags
from domain.errors import Forbidden, Invalid
from domain.voters import BY_HAND, Found, Voter
from infrastructure.memory_log import MemoryLog
from tests.scenario import Fact, fact, given, news

ANA = Actor(UUID(int=10), role="administrator")
BEN = Actor(UUID(int=11))
WHO = {"space": "club", "voter_id": "ben"}
NOTICED = fact(Voter.Noticed, **WHO)
ODD = Found("residuals-1", {"for_model": 9.0, "against_odds": 2.0})


def flagged(found: Found = ODD, by: UUID | None = None) -> Fact:
    return fact(Voter.Flagged, **WHO, scores=found.scores, method=found.method, by=by)


def cleared(by: UUID | None = None, reason: str = "") -> Fact:
    return fact(Voter.Cleared, **WHO, by=by, reason=reason)


def scored(score: float) -> Found:
    return Found(ODD.method, {**ODD.scores, "for_model": score})


def test_about_the_same_scores_again_are_no_news() -> None:
    voter = given(Voter, NOTICED)
    for score in (9.0, 9.9, 8.1, 10.0, 10.9):
        voter.find(scored(score))
    assert news(voter) == [flagged(), flagged(scored(10.0))]
    large = given(Voter, NOTICED, flagged(scored(50.0)))
    large.find(scored(54.0))
    assert news(large) == []
    other = given(Voter, NOTICED, flagged())
    other.find(Found("residuals-2", ODD.scores))
    assert news(other) == [flagged(Found("residuals-2", ODD.scores))]


def test_whom_the_arithmetic_finds_it_also_lets_go() -> None:
    voter = given(Voter, NOTICED, flagged())
    voter.find_nothing()
    voter.find_nothing()
    assert news(voter) == [cleared()]


def test_what_is_said_by_hand_stands_above_the_arithmetic() -> None:
    voter = given(Voter, NOTICED, flagged())
    voter.flag(ODD.scores, by=ANA.id)
    voter.flag({}, by=ANA.id)
    voter.find(scored(30.0))
    voter.find_nothing()
    assert news(voter) == [flagged(Found(BY_HAND, ODD.scores), by=ANA.id)]
    voter.clear(" He\x00 tests. ", by=ANA.id)
    voter.clear(by=ANA.id)
    assert news(voter)[1:] == [cleared(ANA.id, "He tests.")]


def test_who_was_cleared_can_be_found_again() -> None:
    voter = given(Voter, NOTICED, flagged(), cleared(ANA.id))
    voter.find(ODD)
    assert news(voter) == [flagged()]


def test_a_reason_has_an_end() -> None:
    with pytest.raises(Invalid):
        given(Voter, NOTICED, flagged()).clear("x" * 501, by=ANA.id)


async def test_the_log_tells_what_was_found_and_what_was_forgiven() -> None:
    log = MemoryLog()
    wish = RecordFlags("club", {"ben": ODD, "eve": scored(7.0)})
    assert (await carry_out(wish, log=log, actor=SYSTEM)).result == 2
    assert (await carry_out(wish, log=log, actor=SYSTEM)).result == 0
    again = RecordFlags("club", {"ben": scored(9.5)}, even=("eve",))
    assert (await carry_out(again, log=log, actor=SYSTEM)).result == 1
    await carry_out(ClearVoter("club", "ben", "Fine.", scored(9.5)), log=log, actor=ANA)
    await carry_out(ClearVoter("club", "new", "", ODD), log=log, actor=ANA)
    await carry_out(FlagVoter("", "ben"), log=log, actor=ANA)
    told = [(each.type, vars(each.event)["voter_id"]) for each in await log.read(0)]
    assert told == [
        ("voter.noticed", "ben"),
        ("voter.flagged", "ben"),
        ("voter.noticed", "eve"),
        ("voter.flagged", "eve"),
        ("voter.cleared", "eve"),
        ("voter.cleared", "ben"),
        ("voter.noticed", "new"),
        ("voter.flagged", "new"),
        ("voter.cleared", "new"),
        ("voter.noticed", "ben"),
        ("voter.flagged", "ben"),
    ]


@pytest.mark.parametrize(
    "wish", [RecordFlags("", {"x": ODD}), FlagVoter("", "x"), ClearVoter("", "x")]
)
async def test_only_administrators_may(wish: Command[Any]) -> None:
    with pytest.raises(Forbidden):
        await carry_out(wish, log=MemoryLog(), actor=BEN, command_id=uuid4())
