"""What comes out of models as characters: whole ones, and thoughts apart from the answer."""

from dataclasses import dataclass
from typing import Literal

TAGS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
)

Kind = Literal["text", "reasoning"]
HIGH_FIRST, HIGH_LAST = "\ud800", "\udbff"


@dataclass(slots=True)
class Characters:
    """Makes text that can be stored: no NUL, no half characters."""

    _half: str = ""

    def whole(self, text: str) -> str:
        """The text so far whole; half a pair waits for its other half."""
        if "\0" in text:
            text = text.replace("\0", "")
        if text.isascii() and not self._half:
            return text
        text, self._half = self._half + text, ""
        try:
            text.encode()
        except UnicodeEncodeError:
            if HIGH_FIRST <= text[-1] <= HIGH_LAST:
                text, self._half = text[:-1], text[-1]
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return text

    def rest(self) -> str:
        """A half whose other half never came."""
        half, self._half = self._half, ""
        return "\ufffd" if half else ""


@dataclass(slots=True)
class Thoughts:
    """Tells thoughts, written in tags at the start of an answer, from the answer.

    Models without a field for their thoughts write them like that; a tag may come in parts.
    """

    tags: tuple[tuple[str, str], ...] = TAGS
    passed: bool = False  # whether all that comes from now on is answer
    _close: str = ""
    _held: str = ""
    _after: bool = False

    def split(self, text: str) -> list[tuple[Kind, str]]:
        """What is certain now; what may be part of a tag is held back."""
        text, self._held = self._held + text, ""
        if not self._close:
            return self._start(text)
        if self._after:
            return self._answer(text)
        return self._inside(text)

    def rest(self) -> list[tuple[Kind, str]]:
        """What was held back, when nothing more comes."""
        held, self._held = self._held, ""
        kind: Kind = "reasoning" if self._close and not self._after else "text"
        return [(kind, held)] if held else []

    def _start(self, text: str) -> list[tuple[Kind, str]]:
        begin = text.lstrip()
        lower = begin[:16].lower()
        for opening, closing in self.tags:
            if lower.startswith(opening):
                self._close = closing
                return self._inside(begin[len(opening) :].lstrip("\n"))
        if any(opening.startswith(lower) for opening, _ in self.tags):
            self._held = text
            return []
        self.passed = True
        return [("text", text)]

    def _inside(self, text: str) -> list[tuple[Kind, str]]:
        at = text.find(self._close)
        if at >= 0:
            self._after = True
            before = text[:at].rstrip("\n")
            thought: list[tuple[Kind, str]] = [("reasoning", before)] if before else []
            return thought + self._answer(text[at + len(self._close) :])
        keep = self._begun(text)
        text, self._held = text[: len(text) - keep], text[len(text) - keep :]
        return [("reasoning", text)] if text else []

    def _answer(self, text: str) -> list[tuple[Kind, str]]:
        text = text.lstrip()
        if not text:
            return []
        self.passed = True
        return [("text", text)]

    def _begun(self, text: str) -> int:
        """How many characters at the end may be the beginning of the closing tag."""
        for size in range(min(len(self._close) - 1, len(text)), 0, -1):
            if text.endswith(self._close[:size]):
                return size
        return 0
