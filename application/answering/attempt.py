"""One worker's try at one answer, from its lease to its end."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from time import monotonic
from uuid import UUID

from application.answering.asking import Asking, Tools
from application.answering.draft import Draft, told_at_end
from application.answering.manuscript import Manuscript
from application.answering.record import PATIENCE_SECONDS, record
from application.answers import CheckpointAnswer, EndAnswer, StartAnswer
from application.ports import AnswerWriter, Model, ModelFailed, ModelInfo, Unavailable, Written
from domain.answers import Outcome, Status
from domain.errors import NotFound, Refusal

CHECKPOINT_SECONDS = 1.0
CHECKPOINT_CHARACTERS = 4_096
LOOK_SECONDS = 1.0
TRIES_MAX = 10


@dataclass(frozen=True, slots=True)
class Order:
    """Which answer to write, how often that was tried, and as of which position."""

    answer_id: UUID
    position: int
    tries: int = 1
    stopping: bool = False


class Reason(StrEnum):
    """Why an attempt is interrupted."""

    STOP = "stop"
    LOST = "lost"
    SHUTDOWN = "shutdown"


@dataclass(slots=True)
class Writing:
    """What there is while an attempt writes."""

    writer: AnswerWriter
    manuscript: Manuscript
    asking: Asking
    answering: asyncio.Task[Outcome]
    saving: asyncio.Task[None] | None = None
    saved_at: float = 0.0


class Attempt:
    """Writes one answer. `run` says whether it is done with; if not, somebody else goes on."""

    def __init__(self, tools: Tools, order: Order) -> None:
        self._tools = tools
        self._order = order
        self._reason: Reason | None = Reason.STOP if order.stopping else None
        self._number = 0
        self._writing: Writing | None = None

    def interrupt(self, reason: Reason) -> None:
        """Stop writing: because somebody wants that, or because it is no longer ours."""
        if self._reason is None or reason == Reason.LOST:
            self._reason = reason
            if self._writing is not None:
                self._writing.answering.cancel()

    def tick(self, seconds: float = CHECKPOINT_SECONDS) -> None:
        """Called again and again: save what is not saved."""
        writing = self._writing
        if writing is None or not writing.asking.is_started:
            return
        unsaved, idle = writing.manuscript.unsaved, writing.saving is None or writing.saving.done()
        late = monotonic() - writing.saved_at >= seconds
        if idle and ((unsaved and late) or unsaved >= CHECKPOINT_CHARACTERS):
            writing.saved_at = monotonic()
            writing.saving = asyncio.create_task(self._save(writing))

    async def run(self) -> bool:
        """Write the answer; True when nothing more is to be done."""
        try:
            draft = await self._draft()
            if draft.status.is_end:
                return True  # whoever still reads finds the end in the log
            self._writing = await self._begin(draft)
            outcome = await self._outcome(self._writing)
            return outcome is not None and await self._end(self._writing, outcome)
        except NotFound:
            return True
        except (Refusal, Unavailable):
            return False  # another worker writes it now, or soon
        finally:
            if self._writing is not None:
                await self._leave(self._writing)

    async def _draft(self) -> Draft:
        deadline = monotonic() + PATIENCE_SECONDS
        while True:
            try:
                events = await self._tools.log.history(self._order.answer_id)
                return Draft.of(self._order.answer_id, events)
            except Unavailable:
                if monotonic() > deadline:
                    raise
                await asyncio.sleep(LOOK_SECONDS)

    async def _begin(self, draft: Draft) -> Writing:
        """Open the stream, with what is there already, and ask."""
        if self._order.tries > 1:
            # Whoever tried before us may write under the next number without its record.
            await record(self._tools.log, StartAnswer(draft.id, draft.attempt + 1))
            draft.attempt += 1
        self._number = draft.attempt + 1
        found = await self._find(draft.model)
        so_far = await self._so_far(draft, found)
        writer = self._tools.streams.writer(draft.id, self._number, draft.model, so_far)
        manuscript = Manuscript(draft.id, self._number, writer, self._tools.log)
        if so_far is not None:
            manuscript.go_on(so_far)
            manuscript.know(draft.citations, draft.reasoning_seconds)
        asking = Asking(self._tools, draft, self._number, writer, manuscript)
        asking.lost = partial(self.interrupt, Reason.LOST)
        answering = asyncio.create_task(asking.answer(found, so_far, self._order.position))
        if self._reason is not None:
            answering.cancel()
        return Writing(writer, manuscript, asking, answering, saved_at=monotonic())

    async def _find(self, model: str) -> tuple[Model, ModelInfo] | ModelFailed:
        if self._order.tries > TRIES_MAX:
            return ModelFailed("internal", "This answer could not be written, again and again.")
        try:
            return await self._tools.models.find(model)
        except ModelFailed as error:
            return error

    async def _so_far(
        self, draft: Draft, found: tuple[Model, ModelInfo] | ModelFailed
    ) -> Written | None:
        """The text to go on from; what only the stream has is saved first."""
        if draft.continued and draft.attempt == draft.text_attempt:
            base = draft.base if draft.base <= draft.text_attempt else self._number
            return Written(draft.text, draft.reasoning, base)
        if not draft.attempt:
            return None
        seen = await self._tools.streams.written(draft.id)
        so_far = Written(draft.text, draft.reasoning, self._number)  # who knows what readers saw
        if seen and seen.text.startswith(draft.text) and seen.reasoning.startswith(draft.reasoning):
            await self._rescue(draft, seen)
            so_far = seen
        may = isinstance(found, ModelFailed) or found[0].continues_prefix
        return so_far if may or self._reason == Reason.STOP or draft.continued else None

    async def _rescue(self, draft: Draft, seen: Written) -> None:
        """Save what readers saw and the log has not."""
        text, reasoning = seen.text[len(draft.text) :], seen.reasoning[len(draft.reasoning) :]
        if text or reasoning:
            offsets = (len(draft.text), text, len(draft.reasoning), reasoning)
            await record(self._tools.log, CheckpointAnswer(draft.id, draft.attempt, *offsets))

    async def _outcome(self, writing: Writing) -> Outcome | None:
        """Wait for the model, or for a reason not to; None: it is not for us to end it."""
        await asyncio.wait([writing.answering])
        if not writing.answering.cancelled():
            return writing.answering.result()
        if self._reason == Reason.STOP:
            return writing.manuscript.outcome(Status.STOPPED)
        if self._reason == Reason.SHUTDOWN and writing.asking.is_started:
            with suppress(Refusal):
                await writing.manuscript.save(LOOK_SECONDS)
        return None

    async def _end(self, writing: Writing, outcome: Outcome) -> bool:
        """Record the end, once; only then tell the readers."""
        await writing.asking.started()
        if writing.saving is not None:
            await asyncio.wait([writing.saving])
        answer_id = self._order.answer_id
        await record(self._tools.log, EndAnswer(answer_id, self._number, outcome))
        told = told_at_end(outcome.status, outcome.usage, outcome.error)
        writing.writer.write("done", told)
        return True

    async def _save(self, writing: Writing) -> None:
        try:
            await writing.manuscript.save(LOOK_SECONDS)
        except Refusal:
            self.interrupt(Reason.LOST)

    async def _leave(self, writing: Writing) -> None:
        """Leave nothing running."""
        writing.asking.close()
        for task in (writing.answering, writing.saving):
            if task is not None and not task.done():
                task.cancel()
                await asyncio.wait([task])
        await writing.writer.close()
