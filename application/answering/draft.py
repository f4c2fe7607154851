"""What the log has of one answer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, Self
from uuid import UUID

from domain.aggregate import Aggregate
from domain.answers import Answer, Retrieval, Status
from domain.errors import NotFound


class History(Protocol):
    """A log that tells all that happened to one thing."""

    async def history(self, key: UUID) -> list[Aggregate.Event]:
        """All events of one stream, in order."""


@dataclass(slots=True)
class Draft:
    """An answer as far as it is recorded.

    `text_attempt` is the attempt that wrote the text, `base` the one at which this text began:
    who has words of an older attempt must not put ours behind them.
    """

    id: UUID
    chat_id: UUID
    owner: UUID
    question_id: UUID | None
    model: str
    params: dict[str, Any] = field(default_factory=dict)
    hint: str = ""
    batch_index: int = 0
    status: Status = Status.QUEUED
    attempt: int = 0
    text_attempt: int = 0
    base: int = 0
    text: str = ""
    reasoning: str = ""
    reasoning_seconds: float | None = None
    seconds: float | None = None
    usage: dict[str, Any] | None = None
    citations: list[dict[str, Any]] = field(default_factory=list)
    retrieval: Retrieval | None = None
    error: dict[str, str] | None = None
    stopping: bool = False
    continued: bool = False
    deleted: bool = False

    @classmethod
    def of(cls, answer_id: UUID, events: Iterable[Aggregate.Event]) -> Self:
        """Tell an answer from its events, or raise NotFound."""
        draft: Self | None = None
        for event in events:
            if isinstance(event, Answer.Requested | Answer.Recorded):
                draft = cls(answer_id, event.chat_id, event.owner, event.question_id, event.model)
            if draft is not None and (tell := TELL.get(type(event))):
                tell(draft, event)
        if draft is None:
            raise NotFound("answer", answer_id)
        return draft

    def done(self) -> dict[str, Any] | None:
        """What readers are told at the end; None before it."""
        if not self.status.is_end:
            return None
        return told_at_end(self.status, self.usage, self.error)


def told_at_end(
    status: Status, usage: dict[str, Any] | None, error: dict[str, str] | None
) -> dict[str, Any]:
    """The last thing readers are told."""
    told: dict[str, Any] = {"status": status.value}
    if usage:
        told["usage"] = usage
    if error:
        told["error"] = error
    return told


def _requested(draft: Draft, event: Answer.Requested) -> None:
    draft.params = event.params
    draft.hint = event.hint
    draft.batch_index = event.batch_index


def _recorded(draft: Draft, event: Answer.Recorded) -> None:
    draft.status = Status(event.status)
    draft.text, draft.reasoning = event.text, event.reasoning
    draft.citations = event.citations or []
    draft.text_attempt = draft.base = 1


def _started(draft: Draft, event: Answer.Started) -> None:
    draft.status, draft.attempt = Status.RUNNING, event.attempt


def _retrieved(draft: Draft, event: Answer.RetrievalPerformed) -> None:
    draft.retrieval = Retrieval(event.queries, event.scope, event.found, event.milliseconds)


def _checkpointed(draft: Draft, event: Answer.Checkpointed) -> None:
    if event.offset == 0 and event.reasoning_offset == 0 and event.attempt > draft.text_attempt:
        draft.base = event.attempt
    draft.text = draft.text[: event.offset] + event.text
    draft.reasoning = draft.reasoning[: event.reasoning_offset] + event.reasoning
    draft.text_attempt = event.attempt


def _stop_requested(draft: Draft, _: Answer.StopRequested) -> None:
    draft.stopping = True


def _ended(draft: Draft, event: Answer.Ended) -> None:
    if event.attempt > draft.text_attempt:
        draft.base = event.attempt  # nobody knows from what it went on
    draft.text_attempt = event.attempt
    draft.status, draft.stopping, draft.continued = Status(event.status), False, False
    draft.text, draft.reasoning = event.text, event.reasoning
    draft.reasoning_seconds, draft.seconds = event.reasoning_seconds, event.seconds
    draft.usage, draft.error = event.usage, event.error
    draft.citations = event.citations or []


def _continued(draft: Draft, _: Answer.Continued) -> None:
    draft.status, draft.continued = Status.QUEUED, True


def _edited(draft: Draft, event: Answer.Edited) -> None:
    draft.text = event.text
    draft.base = draft.text_attempt + 1


def _deleted(draft: Draft, _: Answer.Deleted) -> None:
    draft.deleted = True


TELL: dict[type, Callable[[Draft, Any], None]] = {
    Answer.Requested: _requested,
    Answer.Recorded: _recorded,
    Answer.Started: _started,
    Answer.RetrievalPerformed: _retrieved,
    Answer.Checkpointed: _checkpointed,
    Answer.StopRequested: _stop_requested,
    Answer.Ended: _ended,
    Answer.Continued: _continued,
    Answer.Edited: _edited,
    Answer.Deleted: _deleted,
}
