"""What one attempt has written, on its way to the readers and into the log."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID

from application.answering.record import record
from application.answers import CheckpointAnswer
from application.ports import AnswerWriter, Log, Piece, Unavailable, Written
from domain.answers import Outcome, Status

NO_TOOL = "The model asked for a tool that is not available here"
NAME_CHARACTERS_MAX = 100


def cleaned(text: str) -> str:
    """A text as it can be kept: no NUL, no halves of characters."""
    if text.isascii():
        return text.replace("\x00", "") if "\x00" in text else text
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


@dataclass(slots=True)
class Words:
    """A text that grows, and how much of it is saved."""

    parts: list[str] = field(default_factory=list)
    length: int = 0
    saved: int = 0

    def add(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def whole(self) -> str:
        """All of it."""
        if len(self.parts) > 1:
            self.parts = ["".join(self.parts)]
        return self.parts[0] if self.parts else ""

    @property
    def unsaved(self) -> int:
        """How many characters only the stream has."""
        return self.length - self.saved


class Manuscript:
    """Takes the pieces of a model."""

    def __init__(self, answer_id: UUID, attempt: int, writer: AnswerWriter, log: Log) -> None:
        self._answer_id = answer_id
        self._attempt = attempt
        self._writer = writer
        self._log = log
        self._text = Words()
        self._reasoning = Words()
        self._begun = monotonic()
        self._thinking_since: float | None = None
        self._thought_seconds: float | None = None
        self._citations: list[dict[str, Any]] = []
        self._usage: dict[str, Any] | None = None

    def go_on(self, so_far: Written) -> None:
        """Begin with what is there already; readers get it from the stream."""
        self._text.add(so_far.text)
        self._reasoning.add(so_far.reasoning)
        self._text.saved, self._reasoning.saved = self._text.length, self._reasoning.length

    def know(self, citations: list[dict[str, Any]], reasoning_seconds: float | None) -> None:
        """Keep what belongs to the text that is gone on with."""
        self._citations = list(citations)
        self._thought_seconds = reasoning_seconds

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written."""
        return not self._text.length or not self._text.whole().strip()

    @property
    def is_untouched(self) -> bool:
        """Whether nothing at all came."""
        return not (self._text.length or self._reasoning.length)

    @property
    def unsaved(self) -> int:
        """How many characters are not in the log."""
        return self._text.unsaved + self._reasoning.unsaved

    def take(self, piece: Piece) -> None:
        """Pass a piece on, and keep it."""
        if piece.kind == "text":
            if self._thinking_since is not None:
                self._stop_thinking()
            if text := cleaned(piece.text):
                self._text.add(text)
                self._writer.write("delta", {"text": text})
        elif piece.kind == "reasoning":
            if self._thinking_since is None:
                self._thinking_since = monotonic()
            if text := cleaned(piece.text):
                self._reasoning.add(text)
                self._writer.write("reasoning", {"text": text})
        else:
            self._take_fact(piece)

    async def save(self, patience: float) -> None:
        """Record what is not saved yet. When the log is away, next time."""
        text, reasoning = self._text.whole(), self._reasoning.whole()
        command = CheckpointAnswer(
            self._answer_id,
            self._attempt,
            self._text.saved,
            text[self._text.saved :],
            self._reasoning.saved,
            reasoning[self._reasoning.saved :],
        )
        try:
            await record(self._log, command, patience=patience)
        except Unavailable:
            return
        self._text.saved, self._reasoning.saved = len(text), len(reasoning)

    def outcome(self, status: Status, error: dict[str, str] | None = None) -> Outcome:
        """How it ended, and all of it."""
        self._stop_thinking()
        seconds = self._thought_seconds
        return Outcome(
            status=status,
            text=self._text.whole(),
            reasoning=self._reasoning.whole(),
            reasoning_seconds=None if seconds is None else round(seconds, 3),
            seconds=round(monotonic() - self._begun, 3),
            usage=self._usage,
            citations=self._citations,
            error=error,
        )

    def _take_fact(self, piece: Piece) -> None:
        if piece.kind == "usage":
            self._usage = dict(piece.data)
        elif piece.kind == "citations":
            self._cite(piece.data.get("items", ()))
        elif piece.kind == "tool_call":
            name = cleaned(str(piece.data.get("name") or ""))[:NAME_CHARACTERS_MAX]
            self._writer.write("status", {"kind": "tool_unavailable", "name": name})
            if self.is_empty:
                self.take(Piece("text", f"{NO_TOOL}: {name}." if name else f"{NO_TOOL}."))

    def _cite(self, items: Iterable[dict[str, Any]]) -> None:
        """Keep sources, each number once; who goes on with an answer names them again."""
        known = {each.get("n") for each in self._citations}
        self._citations += [each for each in items if each.get("n") not in known]
        told = {"kind": "citations", "items": list(self._citations)}
        self._writer.write("status", told)

    def _stop_thinking(self) -> None:
        if self._thinking_since is not None:
            thought = monotonic() - self._thinking_since
            self._thought_seconds = (self._thought_seconds or 0.0) + thought
            self._thinking_since = None
