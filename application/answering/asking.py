"""Asks the model of one answer and takes down what it says."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from application.answering.context import Context, Conversations, context_of
from application.answering.draft import Draft, History
from application.answering.manuscript import Manuscript
from application.answering.record import record
from application.answering.rooms import Rooms
from application.answers import StartAnswer
from application.ports import (
    AnswerStreams,
    AnswerWriter,
    Log,
    Model,
    ModelFailed,
    ModelInfo,
    Models,
    Prompt,
    Unavailable,
    Written,
)
from domain.answers import Outcome, Status

LAG_PATIENCE = 30
WAIT_SECONDS_MAX = 20.0
WAITS_MAX = 1


def nothing() -> None:
    """Do nothing."""


class AnswersLog(Log, History, Protocol):
    """A log that also tells all that happened to one thing."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What is needed to answer."""

    log: AnswersLog
    streams: AnswerStreams
    models: Models
    conversations: Conversations
    rooms: Rooms


class Asking:
    """From the prompt to the outcome. The log learns of the start while the model thinks."""

    def __init__(
        self, tools: Tools, draft: Draft, number: int, writer: AnswerWriter, manuscript: Manuscript
    ) -> None:
        self._tools = tools
        self._draft = draft
        self._number = number
        self._writer = writer
        self._manuscript = manuscript
        self._starting: asyncio.Task[None] | None = None
        self._told = False
        self.lost: Callable[[], None] = nothing  # called when the log refuses our start

    async def answer(
        self, found: tuple[Model, ModelInfo] | ModelFailed, so_far: Written | None, position: int
    ) -> Outcome:
        """Ask the model, and say how it went."""
        try:
            if isinstance(found, ModelFailed):
                raise found
            model, info = found
            prompt = await self._prompt(info, so_far, position)
            room = self._tools.rooms.of(info.connection_id)
            if room.locked():
                self._tell()
                self._writer.write("status", {"kind": "queued"})
            async with room:
                await self._ask(model, prompt)
        except ModelFailed as error:
            return self.failed(error)
        if self._manuscript.is_empty:
            return self.failed(ModelFailed("empty", "The model gave an empty answer."))
        return self._manuscript.outcome(Status.COMPLETED)

    async def started(self) -> None:
        """Be sure that the log knows of this attempt, and tell readers of it.

        Raises Conflict when another worker writes.
        """
        await asyncio.shield(self._starting or self._begin(None))
        self._tell()

    def _tell(self) -> None:
        """Tell readers that it begins."""
        if not self._told:
            self._told = True
            self._writer.write("start", {})

    @property
    def is_started(self) -> bool:
        """Whether the log knows of this attempt."""
        starting = self._starting
        return starting is not None and starting.done() and not starting.exception()

    def close(self) -> None:
        """Nothing more is to be started."""
        if self._starting is not None:
            self._starting.cancel()

    def failed(self, error: ModelFailed) -> Outcome:
        """The outcome of a failure, with what is written."""
        told = {"kind": error.kind, "message": str(error)}
        return self._manuscript.outcome(Status.FAILED, told)

    async def _prompt(self, info: ModelInfo, so_far: Written | None, position: int) -> Prompt:
        draft, conversations = self._draft, self._tools.conversations
        text = so_far.text if so_far else ""
        tries = 0
        while True:
            try:
                context = await context_of(draft, info, conversations, after=position, so_far=text)
                break
            except Unavailable:
                tries += 1
                if tries > LAG_PATIENCE:
                    raise
                await asyncio.sleep(1)
        if context is None:
            raise ModelFailed("question_gone", "The question of this answer is gone.")
        self._begin(context)
        return context.prompt

    def _begin(self, context: Context | None) -> asyncio.Task[None]:
        self._starting = asyncio.create_task(self._start(context))
        self._starting.add_done_callback(self._begun)
        return self._starting

    def _begun(self, starting: asyncio.Task[None]) -> None:
        if not starting.cancelled() and starting.exception():
            self.lost()

    async def _start(self, context: Context | None) -> None:
        """Record the start while the model thinks, and how many messages it does not see."""
        left_out = 0
        if context is not None:
            left_out = await context.left_out(self._draft, self._tools.conversations)
        if left_out:
            self._tell()
            self._writer.write("status", {"kind": "left_out", "count": left_out})
        await record(self._tools.log, StartAnswer(self._draft.id, self._number, left_out))

    async def _ask(self, model: Model, prompt: Prompt) -> None:
        """Take pieces; a server that asks for a little patience gets it, before the first one."""
        for turn in range(WAITS_MAX + 1):
            try:
                async with aclosing(model.answer(prompt)) as pieces:
                    async for piece in pieces:
                        if not self._told:
                            self._tell()
                        self._manuscript.take(piece)
            except ModelFailed as error:
                seconds = error.retry_after
                untouched = self._manuscript.is_untouched
                if not (untouched and turn < WAITS_MAX and seconds and seconds <= WAIT_SECONDS_MAX):
                    raise
                self._tell()
                self._writer.write("status", {"kind": "waiting", "seconds": seconds})
                await asyncio.sleep(seconds)
            else:
                return
