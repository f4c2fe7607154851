"""The built-in Reader: answers by quoting, so a fresh install answers something true."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from application.ports import Piece, Prompt, Turn
from infrastructure.models.manual import Index, Passage, manual, stems

PASSAGES_MAX = 3
SENTENCES_MAX = 3
QUESTION_CHARACTERS_MAX = 4000
COVERED_MIN = 0.5
BESIDE_BEST_MIN = 0.6
EARLIER_WEIGHT = 0.3
SHORT_QUESTION_WORDS = 2
QUOTE_CHARACTERS_MAX = 600
SENTENCE = re.compile(r"(?<=[.!?:])\s+(?=[\"'`*(A-Z0-9])|\n+")
LIST_ITEM = re.compile(r"^\s*(?:[-*]|\d+\.) +")
WORD = re.compile(r"\S+\s*|\s+")
GREETINGS_TEXT = (
    "hello hi hey moin hallo good morning evening afternoon day thank thanks there again greetings"
    " bye ok okay test ping help"
)
GREETINGS = frozenset(GREETINGS_TEXT.split())

INTRODUCTION = (
    "Hello. I am the Reader, built into Quire. I am not a language model: I answer by quoting "
    "from Quire's own manual, and I say so when it holds no answer. Ask me for example:\n\n"
)
NOTHING = (
    "I found nothing about that in Quire's manual, and I do not guess: I am the built-in Reader "
    "and can only quote. To chat about anything else, an administrator connects a model server "
    "in the settings under Connections. I can answer questions such as:\n\n"
)
SUGGESTIONS = (
    "How do I connect a model?",
    "What happens to an answer when I close the page?",
    "How do I edit a question or ask again?",
    "How do I back up my data?",
    "Which keyboard shortcuts are there?",
)


class Passages(Protocol):
    """Finds passages a person may see, such as in the documents they gave."""

    async def search(self, user_id: UUID, query: str, limit: int) -> list[Passage]:
        """The best passages for a question, best first."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A quoted passage with its number."""

    number: int
    text: str
    passage: Passage

    def item(self) -> dict[str, Any]:
        """The quote as a citation."""
        quote, passage = " ".join(self.text.split()), self.passage
        return {"n": self.number, "title": passage.title, "quote": quote, "source": passage.source}


@dataclass(frozen=True, slots=True)
class ReaderModel:
    """Answers from Quire's manual, and from a person's documents when it is given some."""

    documents: Passages | None = None
    index: Index = field(default_factory=lambda: Index(manual()))

    @property
    def continues_prefix(self) -> bool:
        """The same question has the same answer, so the rest of it can be given."""
        return True

    async def answer(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Quote what fits, word by word."""
        text, quotes = await self._compose(prompt)
        if prompt.continues and prompt.turns and prompt.turns[-1].role == "assistant":
            text = rest(text, prompt.turns[-1].content)
        if quotes:
            yield Piece("citations", data={"items": [each.item() for each in quotes]})
        pieces = WORD.findall(text)
        wanted = prompt.params.get("max_tokens")
        limit = wanted if isinstance(wanted, int) and wanted > 0 else len(pieces)
        for piece in pieces[:limit]:
            yield Piece("text", piece)
            await asyncio.sleep(0)
        read = sum(len(turn.content.split()) for turn in prompt.turns)
        yield Piece("usage", data={"input_tokens": read, "output_tokens": len(pieces[:limit])})
        yield Piece("finish", data={"reason": "length" if limit < len(pieces) else "stop"})

    async def _compose(self, prompt: Prompt) -> tuple[str, list[Quote]]:
        """The whole answer."""
        questions = [asked(turn) for turn in prompt.turns if turn.role == "user"]
        question = questions[-1] if questions else ""
        query = weighed(questions)
        if not query or set(re.findall(r"\w+", question.lower())) <= GREETINGS:
            return INTRODUCTION + suggestions(), []
        found = self.index.search(query, await self._documents(prompt, question))
        quotes = [
            Quote(number, quote(passage.text, query), passage)
            for number, (_, _, passage) in enumerate(good(found), 1)
        ]
        if not quotes:
            return NOTHING + suggestions(), []
        return "\n\n".join(f"{quoted(each.text)} [{each.number}]" for each in quotes), quotes

    async def _documents(self, prompt: Prompt, question: str) -> list[Passage]:
        if self.documents is None or prompt.user_id is None:
            return []
        return await self.documents.search(prompt.user_id, question, PASSAGES_MAX * 2)


def asked(turn: Turn) -> str:
    """What we look at of a question."""
    return turn.content[-QUESTION_CHARACTERS_MAX:]


def weighed(questions: Sequence[str]) -> Mapping[str, float]:
    """The words of a question; a short one is understood by the question before it."""
    query = dict.fromkeys(stems(questions[-1]), 1.0) if questions else {}
    if len(query) < SHORT_QUESTION_WORDS and len(questions) > 1:
        for word in stems(questions[-2]):
            query.setdefault(word, EARLIER_WEIGHT)
    return query


def good(found: Sequence[tuple[float, float, Passage]]) -> list[tuple[float, float, Passage]]:
    """The passages that are about the question, not merely near it."""
    fitting = [each for each in found if each[1] >= COVERED_MIN]
    fitting.sort(key=lambda each: -each[0] * each[1])
    best = fitting[0][0] * fitting[0][1] if fitting else 0.0
    return [each for each in fitting if each[0] * each[1] >= best * BESIDE_BEST_MIN][:PASSAGES_MAX]


def quote(text: str, query: Mapping[str, float]) -> str:
    """The sentences that fit best, as they stand, in their order.

    A sentence that begins a list is followed by the list.
    """
    if len(text) <= QUOTE_CHARACTERS_MAX:
        return text
    sentences = [each for each in SENTENCE.split(text) if each.strip()]
    scores = [sum(query.get(word, 0.0) for word in set(stems(each))) for each in sentences]
    best = sorted(range(len(sentences)), key=lambda place: (-scores[place], place))
    chosen = sorted(place for place in best[:SENTENCES_MAX] if scores[place] > 0)
    parts: list[str] = []
    for place in chosen or [0]:
        follows = bool(parts) and place - 1 in chosen
        listed = LIST_ITEM.match(sentences[place])
        parts.append("\n" if listed else " " if follows else "\n\n" if parts else "")
        parts.append(sentences[place])
    return "".join(parts).strip()


def quoted(text: str) -> str:
    """A passage in the form of a quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def suggestions() -> str:
    """Questions that have an answer."""
    return "\n".join(f"- {each}" for each in SUGGESTIONS)


def rest(text: str, begun: str) -> str:
    """What is missing of an answer that was begun; all of it when it was another one."""
    if text.startswith(begun):
        return text[len(begun) :]
    return f"\n\n{text}"
