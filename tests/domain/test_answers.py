"""An answer decides."""

from typing import Any
from uuid import UUID

import pytest

from domain.answers import Answer, Outcome, Retrieval, Status
from domain.errors import Conflict, Invalid, NotFound
from tests.scenario import KEY, fact, given, news

ANA, CHAT, QUESTION = UUID(int=10), UUID(int=20), UUID(int=21)

REQUESTED = fact(
    Answer.Requested,
    chat_id=CHAT,
    owner=ANA,
    question_id=QUESTION,
    model="reader",
    params={},
    hint="",
    batch_id=QUESTION,
    batch_index=0,
    batch_count=1,
)
RECORDED = fact(
    Answer.Recorded,
    chat_id=CHAT,
    owner=ANA,
    question_id=None,
    model="reader",
    status=Status.COMPLETED,
    text="80",
    reasoning="",
    citations=[],
)
STOP, CONTINUED, DELETED = fact(Answer.StopRequested), fact(Answer.Continued), fact(Answer.Deleted)


def started(attempt: int = 1) -> Any:
    return fact(Answer.Started, attempt=attempt, left_out=0)


def ended(status: Status = Status.COMPLETED, attempt: int = 1) -> Any:
    return fact(
        Answer.Ended,
        attempt=attempt,
        status=status,
        text="80 °C",
        reasoning="",
        reasoning_seconds=None,
        seconds=2.5,
        usage={"input_tokens": 1},
        citations=[],
        error=None,
    )


def outcome(status: Status = Status.COMPLETED) -> Outcome:
    return Outcome(status, "80 °C", seconds=2.5, usage={"input_tokens": 1})


def checkpoint(answer: Answer, attempt: int) -> None:
    answer.checkpoint(attempt, offset=0, text="8", reasoning_offset=0, reasoning="")


def test_ends_are_ends() -> None:
    assert [each for each in Status if not each.is_end] == [Status.QUEUED, Status.RUNNING]


def test_it_is_asked_for() -> None:
    answer = Answer.request(KEY, **REQUESTED.details)
    assert news(answer) == [REQUESTED]
    assert (answer.owner_id, answer.root_id, answer.status) == (ANA, CHAT, Status.QUEUED)


def test_it_is_taken_over_from_elsewhere() -> None:
    answer = Answer.record(KEY, **RECORDED.details)
    assert news(answer) == [RECORDED]
    assert answer.status == Status.COMPLETED
    with pytest.raises(Conflict):
        answer.start(left_out=0)


def test_attempts_count() -> None:
    answer = given(Answer, REQUESTED)
    assert [answer.start(left_out=0), answer.start(left_out=2)] == [1, 2]
    assert news(answer) == [started(), fact(Answer.Started, attempt=2, left_out=2)]
    assert answer.status == Status.RUNNING


def test_only_the_newest_attempt_writes() -> None:
    answer = given(Answer, REQUESTED, started(1), started(2))
    with pytest.raises(Conflict):
        checkpoint(answer, 1)
    with pytest.raises(Conflict):
        answer.end(1, outcome())
    assert news(answer) == []
    checkpoint(answer, 2)
    assert [each.kind for each in news(answer)] == [Answer.Checkpointed]


def test_it_ends_once() -> None:
    answer = given(Answer, REQUESTED, started())
    answer.end(1, outcome())
    answer.end(1, outcome(Status.FAILED))
    assert news(answer) == [ended()]
    assert answer.status == Status.COMPLETED


def test_nothing_is_written_after_the_end() -> None:
    answer = given(Answer, REQUESTED, started(), ended())
    with pytest.raises(Conflict):
        checkpoint(answer, 1)
    with pytest.raises(Conflict):
        answer.start(left_out=0)


def test_it_is_asked_to_stop_once_and_only_while_it_runs() -> None:
    answer = given(Answer, REQUESTED, started())
    answer.request_stop()
    answer.request_stop()
    assert news(answer) == [STOP]
    over = given(Answer, REQUESTED, started(), ended(Status.STOPPED))
    over.request_stop()
    assert news(over) == []


def test_an_end_settles_the_wish_to_stop() -> None:
    answer = given(Answer, REQUESTED, started(), STOP, ended(Status.STOPPED), CONTINUED)
    assert not answer.stopping
    assert answer.status == Status.QUEUED


def test_it_goes_on_in_place_after_its_end() -> None:
    answer = given(Answer, REQUESTED, started())
    with pytest.raises(Conflict):
        answer.go_on()
    answer.end(1, outcome(Status.STOPPED))
    answer.go_on()
    assert answer.start(left_out=0) == 2
    assert news(answer) == [ended(Status.STOPPED), CONTINUED, started(2)]


def test_it_is_edited_after_its_end() -> None:
    answer = given(Answer, REQUESTED, started())
    with pytest.raises(Conflict):
        answer.edit("75")
    over = given(Answer, REQUESTED, started(), ended())
    over.edit("75")
    assert news(over) == [fact(Answer.Edited, text="75")]
    with pytest.raises(Invalid):
        over.edit(" ")


def test_a_running_one_is_stopped_when_it_goes() -> None:
    answer = given(Answer, REQUESTED, started())
    answer.delete()
    answer.delete()
    assert news(answer) == [STOP, DELETED]
    assert answer.is_closed
    over = given(Answer, REQUESTED, started(), ended())
    over.delete()
    assert news(over) == [DELETED]


def test_what_is_gone_cannot_be_touched() -> None:
    answer = given(Answer, REQUESTED, started(), ended(), DELETED)
    for touch in (answer.go_on, answer.must_exist, lambda: answer.edit("75")):
        with pytest.raises(NotFound):
            touch()


RETRIEVAL = Retrieval(["tea"], {"files": 1, "knowledge": []}, [], {"total": 2.5})


def test_what_was_found_belongs_to_the_newest_attempt() -> None:
    answer = given(Answer, REQUESTED, started(), started(2))
    with pytest.raises(Conflict):
        answer.record_retrieval(1, RETRIEVAL)
    answer.record_retrieval(2, RETRIEVAL)
    assert news(answer) == [
        fact(
            Answer.RetrievalPerformed,
            attempt=2,
            queries=["tea"],
            scope={"files": 1, "knowledge": []},
            found=[],
            milliseconds={"total": 2.5},
        )
    ]
    with pytest.raises(Conflict):
        given(Answer, REQUESTED, started(), ended()).record_retrieval(1, RETRIEVAL)
