"""An answer, whatever is done to it, by any number of workers and people at once."""

from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.answers import Answer, Outcome, Status
from domain.errors import Refusal
from tests.domain.test_answers import REQUESTED
from tests.scenario import memory, news, retold

ENDS = st.sampled_from([each for each in Status if each.is_end])
ATTEMPTS = st.integers(min_value=0, max_value=6)


class AnswerLife(RuleBasedStateMachine):
    """Random lives of an answer, checked against what readers rely on."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = Answer.request(UUID(int=1), **REQUESTED.details)

    @rule()
    def start(self) -> None:
        over, before = self.answer.status.is_end, self.answer.attempt
        try:
            assert self.answer.start(left_out=0) == before + 1
        except Refusal:
            assert over

    @rule(attempt=ATTEMPTS)
    def checkpoint(self, attempt: int) -> None:
        right = attempt == self.answer.attempt and not self.answer.status.is_end
        try:
            self.answer.checkpoint(attempt, offset=0, text="x", reasoning_offset=0, reasoning="")
            assert right
        except Refusal:
            assert not right

    @rule(attempt=ATTEMPTS, status=ENDS)
    def end(self, attempt: int, status: Status) -> None:
        over, newest = self.answer.status.is_end, attempt == self.answer.attempt
        told = len(self.answer.pending_events)
        try:
            self.answer.end(attempt, Outcome(status, "x"))
            assert over == (len(self.answer.pending_events) == told)
        except Refusal:
            assert not over
            assert not newest

    @rule()
    def stop(self) -> None:
        self.answer.request_stop()
        assert self.answer.stopping or self.answer.status.is_end

    @rule()
    def go_on(self) -> None:
        may = self.answer.status.is_end and not self.answer.deleted
        try:
            self.answer.go_on()
            assert may
            assert not self.answer.status.is_end
        except Refusal:
            assert not may

    @rule()
    def edit(self) -> None:
        may = self.answer.status.is_end and not self.answer.deleted
        try:
            self.answer.edit("y")
            assert may
        except Refusal:
            assert not may

    @rule()
    def delete(self) -> None:
        self.answer.delete()
        assert self.answer.is_closed

    @invariant()
    def each_run_ends_at_most_once(self) -> None:
        runs = 0
        for each in news(self.answer):
            if each.kind is Answer.Ended:
                runs += 1
            elif each.kind is Answer.Continued:
                runs -= 1
            assert runs in (0, 1)
        assert runs == int(self.answer.status.is_end)

    @invariant()
    def the_past_alone_explains_the_present(self) -> None:
        assert memory(retold(self.answer)) == memory(self.answer)


AnswerLife.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestAnswerLife = AnswerLife.TestCase
