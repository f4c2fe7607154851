"""The built-in Reader: answers by quoting, so a fresh install answers something true."""

import asyncio
import math
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from application.ports import Given, Piece, Prompt, Turn
from infrastructure.models.manual import Index, Passage, manual, stems

PASSAGES_MAX = 3
SENTENCES_MAX = 3
QUESTION_CHARACTERS_MAX = 4000
COVERED_MIN = 0.5
BESIDE_BEST_MIN = 0.6
SHARE_MIN = 0.45  # of what a question says, in a passage
BESIDE_BEST_SHARE_MIN = 0.8
MEANING_MIN = 0.4
NUMBER = re.compile(r"\d+")
EARLIER_WEIGHT = 0.3
SHORT_QUESTION_WORDS = 2
QUOTE_CHARACTERS_MAX = 600
SENTENCE = re.compile(
    r"(?<=[.!?:])(?<!\b[A-Z]\.)(?<!\b(?:Mr|Ms|Dr|St)\.)(?<!\bMrs\.)\s+(?=[\"'`*(A-Z0-9])|\n+"
)
WRAPPED = re.compile(r"(?<=[^\n|`]{45})\n(?=[^\W\d_]|[\"'($])(?![^\n]* \| )")
LIST_ITEM = re.compile(r"^\s*(?:[-*]|\d+\.) +")
WORD = re.compile(r"\S+\s*|\s+")
GREETINGS_TEXT = (
    "hello hi hey moin hallo good morning evening afternoon day thank thanks there again greetings"
    " bye ok okay test ping help"
)
GREETINGS = frozenset(GREETINGS_TEXT.split())

INTRODUCTION = (
    "Hello. I am the Reader, built into Quire. I am not a language model: I answer by quoting "
    "from the files you add to a conversation and from Quire's own manual, and I say so when they "
    "hold no answer. Ask me for example:\n\n"
)
NOTHING = (
    "I found nothing about that in Quire's manual, and I do not guess: I am the built-in Reader "
    "and can only quote. To chat about anything else, an administrator connects a model server "
    "in the settings under Connections. I can answer questions such as:\n\n"
)
NOTHING_ATTACHED = (
    "I found nothing about that in the documents of this conversation, nor in Quire's manual, and "
    "I do not guess: I am the built-in Reader and can only quote. Other words may help. I can also "
    "answer questions such as:\n\n"
)
SUGGESTIONS = (
    "How do I connect a model?",
    "What happens to an answer when I close the page?",
    "How do I edit a question or ask again?",
    "How do I back up my data?",
    "Which keyboard shortcuts are there?",
)


@dataclass(frozen=True, slots=True)
class Quote:
    """What is quoted, with its number and where it stands."""

    number: int
    text: str
    place: Mapping[str, Any]

    def item(self) -> dict[str, Any]:
        """The quote as a citation."""
        quote = " ".join(self.text.split())[:QUOTE_CHARACTERS_MAX]
        return {**self.place, "n": self.number, "quote": quote}


@dataclass(frozen=True, slots=True)
class ReaderModel:
    """Answers from the passages it is given, and from Quire's manual."""

    index: Index = field(default_factory=lambda: Index(manual()))

    @property
    def continues_prefix(self) -> bool:
        """The same question has the same answer, so the rest of it can be given."""
        return True

    async def answer(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Quote what fits, word by word."""
        text, quotes = self._compose(prompt)
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

    def _compose(self, prompt: Prompt) -> tuple[str, list[Quote]]:
        """The whole answer."""
        questions = [asked(turn) for turn in prompt.turns if turn.role == "user"]
        question = questions[-1] if questions else ""
        query = weighed(questions)
        exact = {**query, **dict.fromkeys(NUMBER.findall(question), 1.0)}
        if not exact or set(re.findall(r"\w+", question.lower())) <= GREETINGS:
            return INTRODUCTION + suggestions(), []
        quotes = self._quotes(prompt, query, exact)
        if not quotes:
            nothing = NOTHING_ATTACHED if prompt.attached else NOTHING
            return nothing + suggestions(), []
        return "\n\n".join(f"{quoted(each.text)} [{each.number}]" for each in quotes), quotes

    def _quotes(
        self, prompt: Prompt, query: Mapping[str, float], exact: Mapping[str, float]
    ) -> list[Quote]:
        """From the passages it is given; from the manual, when that fits better.

        Whoever chose documents wants to know what they say.
        """
        known = good(self.index.search(query))
        covered = known[0][1] if known else 0.0
        given, share = fitting(prompt.passages, exact)
        if given and (prompt.attached or share > covered):
            return [Quote(each.n, quote(each.text, exact), each.citation) for each in given]
        if not known and prompt.attached:
            return [
                Quote(each.n, beginning(each.text), each.citation) for each in near(prompt.passages)
            ]
        first = max((each.n for each in prompt.passages), default=0) + 1
        return [
            Quote(n, quote(each.text, query), {"title": each.title, "source": each.source})
            for n, (_, _, each) in enumerate(known, first)
        ]


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


def terms(text: str) -> list[str]:
    """The words of a text that say something, and its numbers."""
    return stems(text) + NUMBER.findall(text)


def fitting(passages: Sequence[Given], query: Mapping[str, float]) -> tuple[list[Given], float]:
    """The passages that have the words of a question, in their order, and how much they have.

    Words that few of the passages have, or none, say more than those that all of them have.
    """
    held = [set(terms(f"{each.citation.get('headings')} {each.text}")) for each in passages]
    weights = {
        word: weight * math.log(1 + (len(held) + 1) / (sum(word in each for each in held) + 1))
        for word, weight in query.items()
    }
    wanted = sum(weights.values())
    shares = [sum(weights.get(word, 0.0) for word in each) / wanted for each in held]
    best = max(shares, default=0.0)
    least = max(SHARE_MIN, best * BESIDE_BEST_SHARE_MIN)
    pairs = zip(passages, shares, strict=True)
    return [each for each, share in pairs if share >= least][:PASSAGES_MAX], best


def near(passages: Sequence[Given]) -> list[Given]:
    """The one passage that says it in other words, if there is one."""
    return [each for each in passages[:1] if (each.meaning or 0.0) >= MEANING_MIN]


def beginning(text: str) -> str:
    """The first sentences of a text, as many as are quoted at once."""
    found = ""
    for sentence in sentences_of(text):
        if found and len(found) + len(sentence) > QUOTE_CHARACTERS_MAX:
            break
        found = f"{found} {sentence}".strip()
    return found[:QUOTE_CHARACTERS_MAX]


def sentences_of(text: str) -> list[str]:
    """The sentences of a text, and its lines where they are no wrapped prose."""
    found = SENTENCE.split(WRAPPED.sub(" ", text))
    return [each for each in found if each.strip()]


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
    sentences = sentences_of(text)
    scores = [sum(query.get(word, 0.0) for word in set(terms(each))) for each in sentences]
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
