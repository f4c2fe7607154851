"""Votes, the battles they are about, and their counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from application.evaluation.style_of import Style

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Outcome = Literal["model_a", "model_b", "tie", "both_bad"]
OUTCOMES: tuple[Outcome, ...] = ("model_a", "model_b", "tie", "both_bad")
FLIPPED: dict[Outcome, Outcome] = {
    "model_a": "model_b",
    "model_b": "model_a",
    "tie": "tie",
    "both_bad": "both_bad",
}


@dataclass(frozen=True, slots=True)
class Action:
    """One act of a voter, in the order of `position`; `seq` is its number where it comes from."""

    position: int
    voter: str
    battle: str
    kind: Literal["cast", "change", "retract"]
    winner: Outcome | None
    after_reveal: bool
    at: datetime
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Bout:
    """What is known of a battle. `prompt` is the key of its prompt (`leaks.prompt_key`)."""

    id: str
    model_a: str
    model_b: str
    blind: bool = True
    complete: bool = True
    leaked: bool = False
    prompt: bytes | str = b""
    category: str = ""
    language: str = ""
    style_a: Style = field(default_factory=Style)
    style_b: Style = field(default_factory=Style)


@dataclass(frozen=True, slots=True)
class Game:
    """A vote as the numbers need it."""

    model_a: str
    model_b: str
    winner: Outcome


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each pair met, and with which outcome.

    `a`, `b`: places in `models` (P,), each pair once; `n`: counts or weights (P, 4), in the
    order of OUTCOMES as seen from `a`.
    """

    models: tuple[str, ...]
    a: Integers
    b: Integers
    n: Floats

    @classmethod
    def of(cls, games: Iterable[Game], weights: Iterable[float] | None = None) -> Counts:
        """Count votes; each counts as much as its weight, else 1."""
        found: dict[tuple[str, str, Outcome], float] = {}
        heavy = iter(weights) if weights is not None else None
        for game in games:
            weight = next(heavy) if heavy is not None else 1.0
            key = (game.model_a, game.model_b, game.winner)
            found[key] = found.get(key, 0.0) + weight
        return cls.of_rows((*key, n) for key, n in found.items())

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[str, str, Outcome, float]]) -> Counts:
        """Counts from (model a, model b, outcome, how often), in any order; selves are left out."""
        pairs: dict[tuple[str, str], list[float]] = {}
        for first, second, outcome, n in rows:
            if first == second:
                continue
            low, high, seen = first, second, outcome
            if first > second:
                low, high, seen = second, first, FLIPPED[outcome]
            pairs.setdefault((low, high), [0.0] * 4)[OUTCOMES.index(seen)] += n
        models = tuple(sorted({name for pair in pairs for name in pair}))
        place = {name: index for index, name in enumerate(models)}
        keys = sorted(pairs)
        return cls(
            models,
            np.array([place[low] for low, _ in keys], np.int64),
            np.array([place[high] for _, high in keys], np.int64),
            np.array([pairs[key] for key in keys], np.float64).reshape(-1, 4),
        )

    def only(self, chosen: Sequence[str]) -> Counts:
        """The battles of some models among themselves."""
        wanted = set(chosen)
        models = tuple(each for each in self.models if each in wanted)
        place = {name: index for index, name in enumerate(models)}
        inside = np.array([each in wanted for each in self.models], bool)
        kept = inside[self.a] & inside[self.b] if len(self.a) else np.zeros(0, bool)
        to = np.array([place.get(each, -1) for each in self.models], np.int64)
        return Counts(models, to[self.a[kept]], to[self.b[kept]], self.n[kept])

    def with_counts(self, n: Floats) -> Counts:
        """The same pairs with other counts."""
        return Counts(self.models, self.a, self.b, n)

    def rows(self) -> Iterator[tuple[str, str, Outcome, float]]:
        """What `of_rows` takes: every outcome that was seen."""
        for a, b, cells in zip(self.a.tolist(), self.b.tolist(), self.n.tolist(), strict=True):
            for outcome, n in zip(OUTCOMES, cells, strict=True):
                if n:
                    yield self.models[a], self.models[b], outcome, n

    def plus(self, other: Counts) -> Counts:
        """These votes and those of another."""
        return Counts.of_rows((*self.rows(), *other.rows()))

    def less(self, other: Counts) -> Counts:
        """These votes without some of them; who then never met is not named any more."""
        taken = ((a, b, outcome, -n) for a, b, outcome, n in other.rows())
        return Counts.of_rows(Counts.of_rows((*self.rows(), *taken)).rows())

    @property
    def total(self) -> float:
        """All votes."""
        return float(self.n.sum())
