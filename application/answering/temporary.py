"""Answers a conversation that only its asker has. Nothing of it is recorded."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from application.answering.aside import said_aside
from application.answering.context import Context, Found, Manner, Opening, Said, context_of
from application.answering.draft import Draft
from application.answering.material import Material
from application.answering.retrieval import READER_KIND, Errand, Shelves
from application.ports import (
    Model,
    ModelFailed,
    ModelInfo,
    Models,
    Piece,
    Prompt,
    Turn,
    Unavailable,
)
from application.retrieval.ports import Attached
from application.retrieval.scope import is_attached


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said, oldest first, how to answer it, and what it is about."""

    owner: UUID
    model: str
    said: Sequence[Said]
    params: Mapping[str, Any] = field(default_factory=dict)
    attached: Attached = field(default_factory=Attached)


@dataclass(frozen=True, slots=True)
class Note:
    """Something that readers are told beside the answer."""

    kind: str
    data: Mapping[str, Any]


class NothingAbove:
    """The chat of a conversation that was sent whole: there is no more of it anywhere."""

    async def upwards(
        self, chat_id: UUID, start_id: UUID | None
    ) -> AsyncGenerator[Sequence[Said], None]:
        """No more pages."""
        del chat_id, start_id
        pages: Sequence[Sequence[Said]] = ()
        for page in pages:
            yield page


class Temporary:
    """One answer, from what was found for it to its last piece."""

    def __init__(self, models: Models, shelves: Shelves, conversation: Conversation) -> None:
        self._models = models
        self._shelves = shelves
        self._asked = conversation
        self._notes: asyncio.Queue[Note | None] = asyncio.Queue()

    async def pieces(self) -> AsyncGenerator[Note | Piece, None]:
        """What readers are told, then the answer. Raises ModelFailed."""
        model, info = await self._models.find(self._asked.model)
        looking = asyncio.create_task(self._context(model, info))
        looking.add_done_callback(lambda _: self._notes.put_nowait(None))
        try:
            while (note := await self._notes.get()) is not None:
                yield note
            context = await looking
        except Unavailable as error:
            raise ModelFailed("unavailable", str(error)) from error
        finally:
            looking.cancel()
        async with aclosing(model.answer(context.prompt)) as pieces:
            async for piece in pieces:
                yield piece

    async def _context(self, model: Model, info: ModelInfo) -> Context:
        """What the model is asked, with what was found for it."""
        asked, opening = self._asked, self._opening()
        draft = Draft(uuid4(), uuid4(), asked.owner, None, asked.model, params=dict(asked.params))
        found = None
        if opening.attached or info.kind == READER_KIND:
            found = self._found(info, await self._material(model, info, draft, opening))
        context = await context_of(draft, info, NothingAbove(), opening, found=found)
        if context.used is not None:
            self._tell("left_out", {"count": len(opening.said) - context.used})
        return context

    def _opening(self) -> Opening:
        asked = self._asked
        system = "\n\n".join(each.content for each in asked.said if each.role == "system")
        said = [each for each in reversed(asked.said) if each.role != "system"]
        return Opening(Manner(system, {}), said, None, is_attached(asked.attached))

    async def _material(
        self, model: Model, info: ModelInfo, draft: Draft, opening: Opening
    ) -> Material | None:
        async def ask(wish: str) -> str:
            prompt = Prompt(draft.model, (Turn("user", wish),), user_id=draft.owner)
            return await said_aside(model, prompt)

        asked = None if info.kind == READER_KIND else ask
        errand = Errand(
            self._shelves, draft, info, opening, self._tell, asked, attached=self._asked.attached
        )
        return await errand.run()

    def _found(self, info: ModelInfo, material: Material | None) -> Found | None:
        """The material as this model reads it. The Reader names only what it quotes."""
        if material is None:
            return None
        if info.kind == READER_KIND:
            return Found(passages=material.given, attached=material.attached)
        if material.sources:
            self._tell("citations", {"items": material.citations})
        return Found(text=material.text)

    def _tell(self, kind: str, data: Mapping[str, Any]) -> None:
        self._notes.put_nowait(Note(kind, data))
