"""What a question is about: the kind whose examples are nearest, and words that are in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from application.evaluation.categories import EXAMPLES, TAGS, VERSION
from application.evaluation.leaks import normalised

CLASSIFIER = "examples"
NEAR_MIN = 0.1  # how near the nearest kind must be
LEAD_MIN = 0.03  # and by how much nearer than the next
TAGS_MAX = 3
TEXT_CHARACTERS_MAX = 4_000
LETTERS_MIN = 10
SIGNS_MIN = 4  # of a script in which each is a syllable or a word
SURE_MIN = 0.6
ENGLISH = ("", "en")
FOREIGN = "translation"  # near to whatever is in another language, so it says nothing there

NOISE = re.compile(r"```.*?(?:```|\Z)|`[^`]*`|https?://\S+", re.DOTALL)
WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
WORDS = {
    tag: re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)")
    for tag, words in TAGS.items()
}

Floats = NDArray[np.float64]
Guess = Callable[[str], tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Topic:
    """What a question is about; empty where that is not sure."""

    category: str = ""
    language: str = ""
    tags: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """As battles take it."""
        return {
            "category": self.category,
            "language": self.language,
            "tags": self.tags,
            "classifier": CLASSIFIER,
            "version": VERSION,
        }


def examples() -> list[str]:
    """All examples, as they are embedded."""
    return [normalised(each) for some in EXAMPLES.values() for each in some]


@dataclass(frozen=True, slots=True)
class Categories:
    """The middles of all kinds, seen from the middle of everything."""

    names: tuple[str, ...]
    middle: Floats
    centres: Floats

    @classmethod
    def of(cls, vectors: NDArray[Any], sizes: Mapping[str, int]) -> Categories:
        """From the vectors of examples, kind by kind."""
        ends = np.cumsum(list(sizes.values()))[:-1]
        groups = np.split(np.asarray(vectors, np.float64), ends)
        middle = np.stack([each.mean(axis=0) for each in groups]).mean(axis=0)
        centres = np.stack([unit(each - middle).mean(axis=0) for each in groups])
        return cls(tuple(sizes), middle, unit(centres))

    def nearest(self, vector: NDArray[Any]) -> str:
        """The kind a question is of; nothing when none is near, or two are as near."""
        near = self.centres @ unit(np.asarray(vector, np.float64) - self.middle)
        second, first = np.argsort(near, kind="stable")[-2:]
        sure = near[first] >= NEAR_MIN and near[first] - near[second] >= LEAD_MIN
        return self.names[first] if sure else ""


def sizes() -> dict[str, int]:
    """How many examples each kind has."""
    return {name: len(some) for name, some in EXAMPLES.items()}


def unit(rows: Floats) -> Floats:
    """At length 1; nothing stays nothing."""
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    found: Floats = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    return found


def topic_of(text: str, vector: NDArray[Any], categories: Categories, guess: Guess) -> Topic:
    """All that can be said of a question."""
    language = language_of(text, guess)
    category = categories.nearest(vector)
    if category == FOREIGN and language not in ENGLISH:
        category = ""
    return Topic(category, language, tags_of(text))


def language_of(text: str, guess: Guess) -> str:
    """The language of a question; of a few letters, or of code, nobody can tell."""
    words = NOISE.sub(" ", text[:TEXT_CHARACTERS_MAX])
    letters = sum(map(str.isalpha, words))
    if letters < LETTERS_MIN and len(WIDE.findall(words)) < SIGNS_MIN:
        return ""
    language, sure = guess(words)
    return language if sure >= SURE_MIN else ""


def tags_of(text: str) -> list[str]:
    """Words of a fixed list that are in a question, the earliest first."""
    words = normalised(text[:TEXT_CHARACTERS_MAX])
    found = {tag: hit.start() for tag, form in WORDS.items() if (hit := form.search(words))}
    return sorted(found, key=lambda tag: (found[tag], tag))[:TAGS_MAX]
