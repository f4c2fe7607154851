"""Answers: one stream per generation, so that parallel answers never disturb each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from domain.aggregate import Aggregate, Created
from domain.errors import Conflict, NotFound
from domain.messages import checked_text


class Status(StrEnum):
    """Where an answer stands; the last four are ends."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def is_end(self) -> bool:
        """Whether nothing more is written."""
        return self not in (Status.QUEUED, Status.RUNNING)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended, and all that it wrote.

    `cause` is the true error of a hidden model, which is not for those who read the answer.
    """

    status: Status
    text: str
    reasoning: str = ""
    reasoning_seconds: float | None = None
    seconds: float | None = None
    usage: dict[str, Any] | None = None
    citations: list[dict[str, Any]] = field(default_factory=list)
    error: dict[str, str] | None = None
    cause: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was looked for before an answer, where, and what came of it.

    `found`: passage_id, file_id, url, page, scores, used and n of each; of pages of the web,
    which are kept nowhere else, also title and quote.
    """

    queries: list[str]
    scope: dict[str, Any]
    found: list[dict[str, Any]]
    milliseconds: dict[str, float]


class Answer(Aggregate):
    """What one model says to one question.

    An attempt is one worker's try at writing it. Only the newest attempt may write, so a worker
    that was thought dead and wakes up again changes nothing.
    """

    TOPIC = "answer"

    class Event(Aggregate.Event):
        """Anything that happens to an answer."""

    class Requested(Event, Created):
        TOPIC = "answer.requested"
        PERSONAL = ("hint",)
        chat_id: UUID
        owner: UUID
        question_id: UUID
        model: str
        params: dict[str, Any]
        hint: str
        batch_id: UUID
        batch_index: int
        batch_count: int

    class Started(Event):
        TOPIC = "answer.started"
        attempt: int
        left_out: int

        def apply(self, answer: Answer) -> None:
            answer.attempt = self.attempt
            answer.status = Status.RUNNING

    class RetrievalPerformed(Event):
        """What was found for it, so that every citation can be explained later."""

        TOPIC = "answer.retrieval_performed"
        PERSONAL = ("queries", "found")
        attempt: int
        queries: list[str]
        scope: dict[str, Any]
        found: list[dict[str, Any]]
        milliseconds: dict[str, float]

    class Checkpointed(Event):
        """Text since the last checkpoint; offsets in characters, of the whole text so far."""

        TOPIC = "answer.checkpointed"
        PERSONAL = ("text", "reasoning")
        attempt: int
        offset: int
        text: str
        reasoning_offset: int
        reasoning: str

    class StopRequested(Event):
        TOPIC = "answer.stop_requested"

        def apply(self, answer: Answer) -> None:
            answer.stopping = True

    class Ended(Event):
        """The whole answer, however it ended."""

        TOPIC = "answer.ended"
        PERSONAL = ("text", "reasoning", "citations", "error")
        attempt: int
        status: Status
        text: str
        reasoning: str
        reasoning_seconds: float | None
        seconds: float | None
        usage: dict[str, Any] | None
        citations: list[dict[str, Any]]
        error: dict[str, str] | None

        def apply(self, answer: Answer) -> None:
            answer.status = self.status
            answer.stopping = False

    class Continued(Event):
        TOPIC = "answer.continued"

        def apply(self, answer: Answer) -> None:
            answer.status = Status.QUEUED

    class Recorded(Event, Created):
        """An answer that was given elsewhere: in a copied chat, or a temporary one."""

        TOPIC = "answer.recorded"
        PERSONAL = ("text", "reasoning", "citations")
        chat_id: UUID
        owner: UUID
        question_id: UUID | None
        model: str
        status: Status
        text: str
        reasoning: str
        citations: list[dict[str, Any]]

    class Edited(Event):
        TOPIC = "answer.edited"
        PERSONAL = ("text",)
        text: str

    class Deleted(Event):
        TOPIC = "answer.deleted"

        def apply(self, answer: Answer) -> None:
            answer.deleted = True

    def __init__(
        self,
        chat_id: UUID,
        owner: UUID,
        question_id: UUID | None,
        model: str,
        status: Status = Status.QUEUED,
    ) -> None:
        self.chat_id = chat_id
        self.owner = owner
        self.question_id = question_id
        self.model = model
        self.status = status
        self.attempt = 0
        self.stopping = False
        self.deleted = False

    @property
    def owner_id(self) -> UUID:
        return self.owner

    @property
    def root_id(self) -> UUID:
        return self.chat_id

    @property
    def is_closed(self) -> bool:
        return self.deleted

    @classmethod
    def request(cls, answer_id: UUID, **what: Any) -> Self:
        """Ask a model; fields as in Requested."""
        return cls._create(cls.Requested, id=answer_id, **what)

    @classmethod
    def record(cls, answer_id: UUID, **what: Any) -> Self:
        """Take over an answer that exists already; fields as in Recorded."""
        return cls._create(cls.Recorded, id=answer_id, **what)

    def start(self, *, left_out: int) -> int:
        """Begin the next attempt and return its number."""
        self.must_run()
        self.trigger_event(self.Started, attempt=self.attempt + 1, left_out=left_out)
        return self.attempt

    def record_retrieval(self, attempt: int, retrieval: Retrieval) -> None:
        """Record what an attempt found to answer from."""
        self.must_run()
        self.must_be_newest(attempt)
        self.trigger_event(
            self.RetrievalPerformed,
            attempt=attempt,
            queries=retrieval.queries,
            scope=retrieval.scope,
            found=retrieval.found,
            milliseconds=retrieval.milliseconds,
        )

    def checkpoint(
        self, attempt: int, *, offset: int, text: str, reasoning_offset: int, reasoning: str
    ) -> None:
        """Save what an attempt wrote since its last checkpoint."""
        self.must_run()
        self.must_be_newest(attempt)
        self.trigger_event(
            self.Checkpointed,
            attempt=attempt,
            offset=offset,
            text=text,
            reasoning_offset=reasoning_offset,
            reasoning=reasoning,
        )

    def end(self, attempt: int, outcome: Outcome) -> None:
        """End it once; the second end is no news."""
        if self.status.is_end:
            return
        self.must_be_newest(attempt)
        self.trigger_event(
            self.Ended,
            attempt=attempt,
            status=outcome.status,
            text=outcome.text,
            reasoning=outcome.reasoning,
            reasoning_seconds=outcome.reasoning_seconds,
            seconds=outcome.seconds,
            usage=outcome.usage,
            citations=outcome.citations,
            error=outcome.error,
        )

    def request_stop(self) -> None:
        """Ask whoever writes it to stop; what is written stays."""
        if not self.status.is_end and not self.stopping:
            self.trigger_event(self.StopRequested)

    def go_on(self) -> None:
        """Continue an ended answer in place."""
        self.must_exist()
        if not self.status.is_end:
            raise Conflict("This answer is still being written.")
        self.trigger_event(self.Continued)

    def edit(self, text: str) -> None:
        """Put other words in its place; the log keeps the old ones."""
        self.must_exist()
        if not self.status.is_end:
            raise Conflict("This answer is still being written. Stop it first.")
        self.trigger_event(self.Edited, text=checked_text(text))

    def delete(self) -> None:
        """Take it away; what followed it moves up. A running one is stopped."""
        if not self.deleted:
            self.request_stop()
            self.trigger_event(self.Deleted)

    def must_exist(self) -> None:
        """Refuse what would touch a deleted answer."""
        if self.deleted:
            raise NotFound("message", self.id)

    def must_run(self) -> None:
        """Refuse to write after the end."""
        if self.status.is_end:
            raise Conflict("This answer has ended.")

    def must_be_newest(self, attempt: int) -> None:
        """Refuse a worker whose answer another has taken over."""
        if attempt != self.attempt:
            raise Conflict("Another worker writes this answer now.")
