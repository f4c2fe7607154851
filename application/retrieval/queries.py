"""What to look for: a question as it is understood in its conversation."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from application.answering.context import Said
from application.ports import ModelFailed

Ask = Callable[[str], Awaitable[str]]

SECONDS_MAX = 8.0
QUERIES_MAX = 3
QUERY_CHARACTERS_MAX = 2_000
WRITTEN_CHARACTERS_MAX = 300
SHORT_WORDS_MAX = 5
TRIES_MAX = 20  # at finding where JSON begins
TURNS_MAX = 6
TURN_CHARACTERS_MAX = 600
WISH = (
    "Below is the end of a conversation. To answer its last question, documents are searched. "
    "Write one to three short search queries for that, each understandable by itself, in the "
    "language of the question. Answer with JSON alone, such as "
    '{"queries": ["first query", "second query"]}. Do not answer the question.\n\n'
)
THOUGHTS = re.compile(r"<think>.*?</think>", re.DOTALL | re.IGNORECASE)


async def queries_of(said: Sequence[Said], ask: Ask | None = None) -> list[str]:
    """One to three queries for the newest message, which is said[0].

    A first question is its own query. A later one is put in other words by the model, if there
    is one that answers in time; else it is searched for as it is.
    """
    if ask is None or len(said) < 2:  # noqa: PLR2004 (a question, and something before it)
        return plain(said)
    with suppress(ModelFailed, TimeoutError):
        async with asyncio.timeout(SECONDS_MAX):
            if found := parsed(await ask(WISH + excerpt(said))):
                return found
    return plain(said)


def plain(said: Sequence[Said]) -> list[str]:
    """The question itself; a short one is understood by the question before it."""
    questions = [each.content.strip() for each in said if each.role != "assistant"]
    question = questions[0] if questions else ""
    if len(question.split()) <= SHORT_WORDS_MAX and len(questions) > 1:
        question = f"{questions[1]}\n{question}"
    return [ends_of(question)] if question else []


def excerpt(said: Sequence[Said]) -> str:
    """The end of a conversation, oldest first, shortened."""
    lines = [
        f"{'Assistant' if each.role == 'assistant' else 'User'}: "
        f"{ends_of(each.content, TURN_CHARACTERS_MAX)}"
        for each in said[:TURNS_MAX]
    ]
    return "\n\n".join(reversed(lines))


def ends_of(text: str, characters_max: int = QUERY_CHARACTERS_MAX) -> str:
    """A long text without its middle: what is asked stands at one of its ends."""
    if len(text) <= characters_max:
        return text
    half = characters_max // 2
    return f"{text[:half]}\n{text[-half:]}"


def parsed(said: str) -> list[str]:
    """The queries in what a model said, however it wrapped them up; none when there are none."""
    said = THOUGHTS.sub("", said)
    starts = (found.start() for found in re.finditer(r"[\[{]", said))
    for place in islice(starts, TRIES_MAX):
        with suppress(ValueError, RecursionError):
            value, _ = json.JSONDecoder().raw_decode(said, place)
            if queries := _texts(value):
                return queries
    return []


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = value.get("queries", value.get("query"))
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        return []
    lines = (" ".join(each.split()) for each in value if isinstance(each, str))
    short = (each[:WRITTEN_CHARACTERS_MAX] for each in lines if each)
    return list(dict.fromkeys(short))[:QUERIES_MAX]
