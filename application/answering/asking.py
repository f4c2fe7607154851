"""Asks the model of one answer and takes down what it says."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from application.answering.aside import said_aside
from application.answering.context import Context, Conversations, Found, Opening, context_of
from application.answering.draft import Draft, History
from application.answering.manuscript import Manuscript
from application.answering.material import Material
from application.answering.record import record
from application.answering.retrieval import READER_KIND, Errand, Shelves
from application.answering.rooms import Rooms
from application.answers import StartAnswer
from application.arena import side_failed
from application.ports import (
    AnswerStreams,
    AnswerWriter,
    Log,
    Model,
    ModelFailed,
    ModelInfo,
    Models,
    Piece,
    Prompt,
    Turn,
    Unavailable,
    Written,
)
from domain.answers import Outcome, Status
from domain.battles import Blind

T = TypeVar("T")

LAG_PATIENCE = 30
WAIT_SECONDS_MAX = 20.0
WAITS_MAX = 1


def nothing() -> None:
    """Do nothing."""


async def patiently(look: Callable[[], Awaitable[T]]) -> T:
    """Look; and again for a while when what is looked at is away or lags behind."""
    for _ in range(LAG_PATIENCE):
        with suppress(Unavailable):
            return await look()
        await asyncio.sleep(1)
    return await look()


def told_of(error: BaseException) -> dict[str, str]:
    """A failure as it is kept."""
    return {"kind": getattr(error, "kind", "internal"), "message": str(error)}


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
    shelves: Shelves | None = None


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
            prompt = await self._prompt(model, info, so_far, position)
            room = self._tools.rooms.of(info.connection_id)
            if room.locked():
                self._tell_status("queued", {})
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
        """The outcome of a failure, with what is written; of a hidden model only that it failed."""
        if Blind.parse(self._draft.model) is None:
            return self._manuscript.outcome(Status.FAILED, told_of(error))
        outcome = self._manuscript.outcome(Status.FAILED, told_of(side_failed()))
        return replace(outcome, cause=told_of(error.__cause__ or error))

    async def _prompt(
        self, model: Model, info: ModelInfo, so_far: Written | None, position: int
    ) -> Prompt:
        """What the model is asked, with what was found for it."""
        draft, conversations = self._draft, self._tools.conversations
        opening = await patiently(lambda: self._opening(position))
        if opening is None:
            raise ModelFailed("question_gone", "The question of this answer is gone.")
        material = await patiently(lambda: self._material(model, info, opening))
        found = self._found(info, material)
        text = so_far.text if so_far else ""
        context = await patiently(
            lambda: context_of(draft, info, conversations, opening, so_far=text, found=found)
        )
        self._begin(context, material)
        return context.prompt

    async def _opening(self, position: int) -> Opening | None:
        draft = self._draft
        if draft.question_id is None:
            return None
        return await self._tools.conversations.opening(draft.chat_id, draft.question_id, position)

    async def _material(self, model: Model, info: ModelInfo, opening: Opening) -> Material | None:
        """What to answer from, if there is anywhere to look."""
        shelves = self._tools.shelves
        if shelves is None or not (opening.attached or info.kind == READER_KIND):
            return None

        async def ask(wish: str) -> str:
            prompt = Prompt(self._draft.model, (Turn("user", wish),), user_id=self._draft.owner)
            async with self._tools.rooms.of(info.connection_id):
                return await said_aside(model, prompt)

        asked = None if info.kind == READER_KIND else ask
        return await Errand(shelves, self._draft, info, opening, self._tell_status, asked).run()

    def _found(self, info: ModelInfo, material: Material | None) -> Found | None:
        """The material as this model reads it. The Reader names only what it quotes."""
        if material is None:
            return None
        if info.kind == READER_KIND:
            return Found(passages=material.given, attached=material.attached)
        if material.sources:
            self._tell()
            self._manuscript.take(Piece("citations", data={"items": material.citations}))
        return Found(text=material.text)

    def _tell_status(self, kind: str, data: Mapping[str, Any]) -> None:
        self._tell()
        self._writer.write("status", {"kind": kind, **data})

    def _begin(
        self, context: Context | None, material: Material | None = None
    ) -> asyncio.Task[None]:
        self._starting = asyncio.create_task(self._start(context, material))
        self._starting.add_done_callback(self._begun)
        return self._starting

    def _begun(self, starting: asyncio.Task[None]) -> None:
        if not starting.cancelled() and starting.exception():
            self.lost()

    async def _start(self, context: Context | None, material: Material | None) -> None:
        """Record the start while the model thinks, and how many messages it does not see."""
        left_out = 0
        if context is not None:
            left_out = await context.left_out(self._draft, self._tools.conversations)
        if left_out:
            self._tell_status("left_out", {"count": left_out})
        found = material.record if material else None
        await record(self._tools.log, StartAnswer(self._draft.id, self._number, left_out, found))

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
                self._tell_status("waiting", {"seconds": seconds})
                await asyncio.sleep(seconds)
            else:
                return
