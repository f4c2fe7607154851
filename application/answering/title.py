"""Finds a title for a chat after its first answer."""

import asyncio
import re
from contextlib import suppress
from uuid import UUID

from application.answering.aside import said_aside
from application.answering.asking import Tools
from application.answering.draft import Draft
from application.answering.record import record
from application.chats import TitleChat
from application.ports import ModelFailed, Prompt, Turn
from domain.answers import Status
from domain.battles import Blind
from domain.chats import Chat, TitleSource

SECONDS_MAX = 20.0
EXCERPT_CHARACTERS = 2_000
TITLE_CHARACTERS = 100
READER_KIND = "reader"
WISH = (
    "Give this conversation a title of two to six words, in its own language. "
    "Answer with the title alone: no quotes, no full stop.\n\n"
)
AROUND = " \t\"'`*#“”„«»‘’"  # noqa: RUF001 (quotes as models write them)


async def find_title(tools: Tools, answer_id: UUID) -> None:
    """Ask the model that answered for a title; when it has none, the derived one stays."""
    draft = Draft.of(answer_id, await tools.log.history(answer_id))
    question = await _first_question(tools, draft)
    if not question or Blind.parse(draft.model):
        return  # a title in the words of a hidden model might give it away
    with suppress(ModelFailed, TimeoutError):
        model, info = await tools.models.find(draft.model)
        if info.kind == READER_KIND:
            return  # it quotes, and has no words of its own
        async with asyncio.timeout(SECONDS_MAX):
            said = await said_aside(model, prompt_of(draft, question))
        if title := title_in(said):
            await record(tools.log, TitleChat(draft.chat_id, title))


def prompt_of(draft: Draft, question: str) -> Prompt:
    """What a model is asked."""
    talk = f"Question: {question[:EXCERPT_CHARACTERS]}\n\nAnswer: {draft.text[:EXCERPT_CHARACTERS]}"
    return Prompt(draft.model, (Turn("user", WISH + talk),), user_id=draft.owner)


def title_in(said: str) -> str:
    """The title in what a model said."""
    lines = [line.strip(AROUND) for line in said.splitlines()]
    first = next((line for line in lines if line), "")
    return re.sub(r"^(title|titel|titre)\s*:\s*", "", first, flags=re.IGNORECASE).strip(AROUND)[
        :TITLE_CHARACTERS
    ]


async def _first_question(tools: Tools, draft: Draft) -> str:
    """The question, if it is the first of its chat, and the chat needs a title."""
    if draft.status != Status.COMPLETED or draft.question_id is None:
        return ""
    chat = await tools.log.get(Chat, draft.chat_id)
    if chat.title_source != TitleSource.DERIVED or chat.is_closed:
        return ""
    opening = await tools.conversations.opening(draft.chat_id, draft.question_id, 0)
    return opening.said[0].content if opening and len(opening.said) == 1 else ""
