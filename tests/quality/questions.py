"""The texts, and what is asked about them."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FOLDER = Path(__file__).parent
TEXTS = FOLDER / "texts"

Kind = Literal["exact", "paraphrase", "similar", "none"]
KINDS: tuple[Kind, ...] = ("exact", "paraphrase", "similar")


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and the words of its answer; nothing in the texts answers the kind `none`."""

    kind: Kind
    text: str
    file: str | None
    quotes: Sequence[str]

    @property
    def is_answered(self) -> bool:
        return bool(self.quotes)

    def is_in(self, text: str) -> bool:
        """Whether a text holds the answer."""
        line = in_one_line(text)
        return any(each in line for each in self.quotes)


def questions(files: Collection[str] | None = None) -> list[Question]:
    """All questions; or those about some files, and those that nothing answers."""
    found = [
        Question(each["kind"], each["question"], each["file"], each["quotes"])
        for each in json.loads((FOLDER / "questions.json").read_text())
    ]
    return [each for each in found if files is None or each.file is None or each.file in files]


def texts() -> dict[str, str]:
    """All texts by their names."""
    return {path.name: path.read_text() for path in sorted(TEXTS.glob("*.txt"))}


def in_one_line(text: str) -> str:
    """A text without its line breaks, which have no meaning here."""
    return " ".join(text.split())
