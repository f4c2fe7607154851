"""What an answer stream is made of, and how a reader keeps his place in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from pydantic_core import from_json, to_json

from application.ports import Chunk, ChunkKind

PLACE_PARTS = 4


@dataclass(slots=True)
class Entry:
    """One piece, shared by all who read it.

    `base` is the attempt at which the text began that this piece belongs to: who read an older
    attempt has to forget it. Offsets are in characters, of the text and of the reasoning, before
    and after the piece; so a hole or a repetition shows by itself.
    """

    attempt: int
    number: int
    base: int
    kind: ChunkKind
    data: bytes
    text_from: int = 0
    reasoning_from: int = 0
    text_to: int = 0
    reasoning_to: int = 0
    _frame: bytes = b""

    @property
    def id(self) -> str:
        """The place after this piece, to come back to."""
        return f"{self.attempt}.{self.number}.{self.text_to}.{self.reasoning_to}"

    @property
    def frame(self) -> bytes:
        """This piece as a server-sent event, built once for all readers."""
        if not self._frame:
            head = f"id: {self.id}\nevent: {self.kind}\ndata: ".encode()
            self._frame = b"%b%b\n\n" % (head, self.data)
        return self._frame

    def chunk(self) -> Chunk:
        """This piece for those who want to look at it."""
        return Chunk(self.id, self.kind, from_json(self.data))

    def after(self, skipped: int) -> Self:
        """What follows the first characters of a text piece."""
        text = from_json(self.data)["text"][skipped:]
        return replace(
            self,
            data=to_json({"text": text}),
            text_from=self.text_from + skipped * (self.kind == "delta"),
            reasoning_from=self.reasoning_from + skipped * (self.kind == "reasoning"),
            _frame=b"",
        )


@dataclass(slots=True)
class Saved:
    """What the log has of an answer. `attempt` is the one that wrote the text; 0: none yet."""

    attempt: int = 0
    base: int = 0
    model: str = ""
    text: str = ""
    reasoning: str = ""
    done: Mapping[str, Any] | None = None  # of an ended answer: {status, usage?, error?}
    queued: bool = False


class Hole(Exception):
    """Something between a reader's place and the next piece is not in the stream."""


@dataclass(slots=True)
class Place:
    """Where a reader is. It turns what the stream and the log have into what he still lacks."""

    attempt: int = 0
    number: int = 0
    text: int = 0
    reasoning: int = 0
    stale: int = 0  # up to this attempt, an end is no end: the answer was continued
    ended: bool = field(default=False, init=False)
    started: int = field(default=0, init=False)

    @classmethod
    def parse(cls, after: str, stale: int = 0) -> Self:
        """The place of an id that was given out; from the start when it makes no sense."""
        parts = after.split(".")
        if len(parts) != PLACE_PARTS or not all(
            each.isascii() and each.isdigit() for each in parts
        ):
            return cls(stale=stale)
        attempt, number, text, reasoning = map(int, parts)
        place = cls(attempt, number, text, reasoning, stale=stale)
        place.started = attempt
        return place

    @property
    def id(self) -> str:
        """This place, to come back to."""
        return f"{self.attempt}.{self.number}.{self.text}.{self.reasoning}"

    def take(self, entry: Entry, told: list[Entry]) -> None:
        """Tell what of a piece the reader still lacks.

        Raises Hole when something is missing before it; then take it once more, later.
        """
        if (entry.attempt, entry.number) <= (self.attempt, self.number):
            return
        if 0 < self.attempt < entry.base:
            told.append(self._restart(entry.attempt))
        match entry.kind:
            case "delta" | "reasoning":
                told += self._words(entry)
            case "start":
                told += [entry] if self.started < entry.attempt else []
                self.started = entry.attempt
            case "done":
                told += self._done(entry)
            case "status":
                told.append(self._here(entry))
            case "restarted":
                pass  # told above to those who have something to forget
        self.attempt, self.number = entry.attempt, entry.number

    def catch_up(self, saved: Saved) -> list[Entry]:
        """What the log has and the reader lacks."""
        told: list[Entry] = []
        if not saved.attempt or (saved.attempt < self.attempt and saved.done is None):
            return self._end(saved)  # what a newer attempt writes is not in the log yet
        ahead = self.text > len(saved.text) or self.reasoning > len(saved.reasoning)
        if 0 < self.attempt < saved.base or (saved.done is not None and ahead):
            told.append(self._restart(saved.attempt))
        elif self.attempt < saved.attempt:
            self.attempt, self.number = saved.attempt, 0
        if self.started < saved.attempt:
            self.started = saved.attempt
            told.append(self.entry("start", {"model": saved.model, "attempt": saved.attempt}))
        if rest := saved.reasoning[self.reasoning :]:
            self.reasoning += len(rest)
            told.append(self.entry("reasoning", {"text": rest}))
        if rest := saved.text[self.text :]:
            self.text += len(rest)
            told.append(self.entry("delta", {"text": rest}))
        return told + self._end(saved)

    def entry(self, kind: ChunkKind, data: Mapping[str, Any]) -> Entry:
        """A piece at this place that is not in the stream."""
        return Entry(
            self.attempt,
            self.number,
            self.attempt,
            kind,
            to_json(data),
            text_to=self.text,
            reasoning_to=self.reasoning,
        )

    def _words(self, entry: Entry) -> list[Entry]:
        is_text = entry.kind == "delta"
        here = self.text if is_text else self.reasoning
        begin = entry.text_from if is_text else entry.reasoning_from
        end = entry.text_to if is_text else entry.reasoning_to
        if begin > here:
            raise Hole
        if end <= here:
            return []
        if is_text:
            self.text = end
        else:
            self.reasoning = end
        told = entry if begin == here else entry.after(here - begin)
        if (told.text_to, told.reasoning_to) != (self.text, self.reasoning):
            told = self._here(told)
        return [told]

    def _done(self, entry: Entry) -> list[Entry]:
        if entry.attempt <= self.stale:
            return []
        if (entry.text_to, entry.reasoning_to) != (self.text, self.reasoning):
            raise Hole
        self.ended = True
        return [entry]

    def _end(self, saved: Saved) -> list[Entry]:
        if saved.done is None:
            return []
        self.ended = True
        return [self.entry("done", saved.done)]

    def _restart(self, attempt: int) -> Entry:
        """Have the reader forget what he has."""
        self.attempt, self.number = attempt, 0
        self.text = self.reasoning = 0
        return self.entry("restarted", {"attempt": attempt})

    def _here(self, entry: Entry) -> Entry:
        """A piece whose id tells what this reader has, not what others have."""
        if (entry.text_to, entry.reasoning_to) == (self.text, self.reasoning):
            return entry
        return replace(entry, text_to=self.text, reasoning_to=self.reasoning, _frame=b"")
