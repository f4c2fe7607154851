"""Suggests what a conversation is about, in a few tags."""

import asyncio
from contextlib import suppress
from uuid import UUID

from application.answering.aside import said_aside
from application.ports import ModelFailed, Models, Prompt, Turn

SECONDS_MAX = 8.0
EXCERPT_CHARACTERS = 2_000
TAGS_MAX = 3
TAG_CHARACTERS_MAX = 50
READER_KIND = "reader"
AROUND = " \t.-*#\"'`"
WISH = (
    "Name the topic of this conversation in one to three tags, broad to narrow, each of one or "
    "two words, in its own language. Answer with the tags alone, separated by commas.\n\n"
)


async def suggest_tags(
    models: Models, model_id: str, talk: tuple[str, str], user_id: UUID
) -> list[str]:
    """Ask a model what a question and its answer are about; nothing when it has no words."""
    with suppress(ModelFailed, TimeoutError):
        async with asyncio.timeout(SECONDS_MAX):
            model, info = await models.find(model_id)
            if info.kind == READER_KIND:
                return []  # it quotes, and has no words of its own
            return tags_in(await said_aside(model, prompt_of(model_id, talk, user_id)))
    return []


def prompt_of(model_id: str, talk: tuple[str, str], user_id: UUID) -> Prompt:
    """What a model is asked."""
    question, answer = (each[:EXCERPT_CHARACTERS] for each in talk)
    words = f"{WISH}Question: {question}\n\nAnswer: {answer}"
    return Prompt(model_id, (Turn("user", words),), user_id=user_id)


def tags_in(said: str) -> list[str]:
    """The tags in what a model said; what is too long is no tag."""
    parts = (each.strip(AROUND).casefold() for each in said.replace("\n", ",").split(","))
    found = dict.fromkeys(each for each in parts if 0 < len(each) <= TAG_CHARACTERS_MAX)
    return list(found)[:TAGS_MAX]
