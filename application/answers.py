"""How a question finds its answer: policies ask for the work, commands record what became of it."""

from dataclasses import dataclass
from uuid import UUID

from application.arena import finish_side
from application.command import Command, Work
from application.ports import Jobs
from domain.answers import Answer, Outcome, Retrieval, Status
from domain.errors import Conflict
from domain.reactions import Reactions

answering: Reactions[Jobs] = Reactions("answering")
stopping: Reactions[Jobs] = Reactions("stopping")
titling: Reactions[Jobs] = Reactions("titling")


@answering.on(Answer.Requested)
def on_requested(event: Answer.Requested, jobs: Jobs) -> None:
    """Have every question answered."""
    jobs.enqueue("answer", event.originator_id)


@answering.on(Answer.Continued)
def on_continued(event: Answer.Continued, jobs: Jobs) -> None:
    """Have an answer written on."""
    jobs.enqueue("answer", event.originator_id)


@stopping.on(Answer.StopRequested)
def on_stop_requested(event: Answer.StopRequested, jobs: Jobs) -> None:
    """Have whoever writes it stop."""
    jobs.enqueue("stop", event.originator_id)


@titling.on(Answer.Ended)
def on_ended(event: Answer.Ended, jobs: Jobs) -> None:
    """Have a title looked for; whether the chat needs one is found out then."""
    if event.status == Status.COMPLETED and event.text:
        jobs.enqueue("title", event.originator_id)


@dataclass(frozen=True, slots=True)
class StartAnswer(Command[None]):
    """Begin one attempt, unless another worker has begun it; with what was found for it."""

    answer_id: UUID
    attempt: int
    left_out: int = 0
    retrieval: Retrieval | None = None

    async def execute(self, work: Work) -> None:
        answer = await work.get(Answer, self.answer_id)
        if answer.attempt + 1 != self.attempt:
            raise Conflict("Another worker writes this answer now.")
        answer.start(left_out=self.left_out)
        if self.retrieval is not None:
            answer.record_retrieval(self.attempt, self.retrieval)


@dataclass(frozen=True, slots=True)
class CheckpointAnswer(Command[None]):
    """Save what an attempt wrote since its last checkpoint."""

    answer_id: UUID
    attempt: int
    offset: int
    text: str
    reasoning_offset: int
    reasoning: str

    async def execute(self, work: Work) -> None:
        answer = await work.get(Answer, self.answer_id)
        answer.checkpoint(
            self.attempt,
            offset=self.offset,
            text=self.text,
            reasoning_offset=self.reasoning_offset,
            reasoning=self.reasoning,
        )


@dataclass(frozen=True, slots=True)
class EndAnswer(Command[bool]):
    """Record how an attempt ended; False when the answer had an end already."""

    answer_id: UUID
    attempt: int
    outcome: Outcome

    async def execute(self, work: Work) -> bool:
        answer = await work.get(Answer, self.answer_id)
        if answer.status.is_end:
            return False
        answer.end(self.attempt, self.outcome)
        await finish_side(work, answer, self.outcome)
        return True
