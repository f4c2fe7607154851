"""What may happen to the run of a judge, what it says of battles, and who may want it."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from application.command import carry_out
from application.judgings import (
    LIMIT_MAX,
    FailJudging,
    FinishJudging,
    Heard,
    RecordJudgement,
    StartJudging,
    StopJudging,
    judging,
)
from application.ports import SYSTEM, Actor
from domain.battles import Winner
from domain.errors import Conflict, Forbidden, Invalid
from domain.judgings import Assignment, Judgement, Judging
from infrastructure.memory_log import MemoryLog
from tests.scenario import fact, given, news

A, B, TIE, BAD = Winner.MODEL_A, Winner.MODEL_B, Winner.TIE, Winner.BOTH_BAD
ANA = Actor(UUID(int=10), role="administrator")
EVE = Actor(UUID(int=12), role="administrator")
BEN = Actor(UUID(int=11))
WISH = Assignment("judge-1", 1, "", {"category": "code"}, 10, ["b1", "b2"])
STARTED = fact(Judging.Started, owner=ANA.id, assignment=WISH)
OPENED = fact(
    Judgement.Opened,
    owner=BEN.id,
    voter_type="judge",
    judge="judge-1",
    template=1,
    space="",
    battle="b1",
)
RUN = UUID(int=5)


class Asked:
    """What a policy asks for."""

    def __init__(self) -> None:
        self.jobs: list[tuple[str, UUID]] = []

    def enqueue(self, job: str, key: UUID, **_: object) -> None:
        self.jobs.append((job, key))


def test_a_run_ends_once() -> None:
    run = given(Judging, STARTED)
    run.finish()
    run.finish()
    run.fail("late")
    assert news(run) == [fact(Judging.Finished)]
    with pytest.raises(Conflict):
        run.stop()


def test_what_was_stopped_stays_so() -> None:
    run = given(Judging, STARTED)
    run.stop()
    run.stop()
    run.finish()
    assert news(run) == [fact(Judging.Stopped)]


def test_what_cannot_go_on_says_why() -> None:
    run = given(Judging, STARTED)
    run.fail("No such model.")
    assert news(run) == [fact(Judging.Failed, reason="No such model.")]


def test_without_a_battle_there_is_no_run() -> None:
    with pytest.raises(Invalid):
        Judging.start(RUN, owner=ANA.id, assignment=replace(WISH, battles=[]))


@pytest.mark.parametrize(
    ("said", "winner", "consistent"),
    [((A, A), A, True), ((A, B), TIE, False), ((BAD, BAD), BAD, True), ((TIE, B), TIE, False)],
)
def test_only_what_is_said_both_times_counts(
    said: tuple[Winner, Winner], winner: Winner, *, consistent: bool
) -> None:
    judgement = given(Judgement, OPENED)
    judgement.give(*said, in_=RUN, usage={"calls": 2})
    judgement.give(B, B, in_=uuid4(), usage={})
    assert news(judgement) == [
        fact(
            Judgement.Given,
            judging_id=RUN,
            first=said[0],
            second=said[1],
            winner=winner,
            consistent=consistent,
            usage={"calls": 2},
        )
    ]


def test_a_failure_is_final_for_its_run_alone() -> None:
    judgement = given(Judgement, OPENED)
    for _ in range(2):
        judgement.fail("unreadable", "Hm.", in_=RUN, usage={"calls": 1})
    judgement.give(A, A, in_=RUN, usage={})
    assert len(news(judgement)) == 1
    judgement.give(A, A, in_=uuid4(), usage={})
    judgement.fail("model", "late", in_=uuid4(), usage={})
    assert judgement.winner == A
    assert len(news(judgement)) == 2


@pytest.mark.parametrize(
    "other",
    [
        replace(WISH, judge="judge-2"),
        replace(WISH, template=2),
        replace(WISH, space="club"),
    ],
)
def test_judge_prompt_and_space_tell_judgements_apart(other: Assignment) -> None:
    assert Judgement.id_of(WISH, "b1") != Judgement.id_of(other, "b1")
    assert Judgement.id_of(WISH, "b1") == Judgement.id_of(replace(WISH, limit=3, where={}), "b1")


async def test_a_wish_twice_is_one_run() -> None:
    log, key = MemoryLog(), uuid4()
    for battles in (["b1", "b2"], ["b2"]):
        wish = StartJudging(key, replace(WISH, battles=battles))
        await carry_out(wish, log=log, actor=ANA)
    assert (await log.get(Judging, key)).assignment == WISH
    with pytest.raises(Conflict):
        await carry_out(StartJudging(key, replace(WISH, limit=9)), log=log, actor=ANA)
    with pytest.raises(Conflict):
        await carry_out(StartJudging(key, WISH), log=log, actor=EVE)


@pytest.mark.parametrize("limit", [0, LIMIT_MAX + 1])
async def test_a_limit_is_required(limit: int) -> None:
    with pytest.raises(Invalid, match="limit"):
        await carry_out(
            StartJudging(uuid4(), replace(WISH, limit=limit)), log=MemoryLog(), actor=ANA
        )


async def test_only_known_names_choose_battles() -> None:
    wish = StartJudging(uuid4(), replace(WISH, where={"colour": "red"}))
    with pytest.raises(Invalid, match="colour"):
        await carry_out(wish, log=MemoryLog(), actor=ANA)


async def test_only_administrators_have_judges() -> None:
    log, key = MemoryLog(), uuid4()
    with pytest.raises(Forbidden):
        await carry_out(StartJudging(key, WISH), log=log, actor=BEN)
    await carry_out(StartJudging(key, WISH), log=log, actor=ANA)
    with pytest.raises(Forbidden):
        await carry_out(StopJudging(key), log=log, actor=BEN)
    await carry_out(StopJudging(key), log=log, actor=EVE)
    assert (await log.get(Judging, key)).state == "stopped"


async def test_a_battle_is_judged_once_over_all_runs() -> None:
    log, first, second = MemoryLog(), uuid4(), uuid4()
    for key in (first, second):
        await carry_out(StartJudging(key, WISH), log=log, actor=ANA)
    wrong = Heard({"calls": 1}, fault="model", error="busy")
    for key, heard in (
        (first, wrong),
        (second, Heard({"calls": 2}, (B, B))),
        (first, Heard({"calls": 2}, (A, A))),
    ):
        await carry_out(RecordJudgement(key, "b1", BEN.id, heard), log=log, actor=SYSTEM)
    found = await log.get(Judgement, Judgement.id_of(WISH, "b1"))
    assert (found.winner, found.owner_id, found.version) == (B, BEN.id, 3)


async def test_the_house_ends_runs() -> None:
    log, first, second = MemoryLog(), uuid4(), uuid4()
    for key in (first, second):
        await carry_out(StartJudging(key, WISH), log=log, actor=ANA)
    await carry_out(FinishJudging(first), log=log, actor=SYSTEM)
    await carry_out(FailJudging(second, "no"), log=log, actor=SYSTEM)
    states = [(await log.get(Judging, key)).state for key in (first, second)]
    assert states == ["finished", "failed"]


def test_a_run_that_was_started_is_done() -> None:
    asked = Asked()
    run = Judging.start(RUN, owner=ANA.id, assignment=WISH)
    for event in run.collect_events():
        judging.handle(event, asked)
    assert asked.jobs == [("judge", RUN)]
