"""Made-up worlds of voters: models of known strength, and votes by chance."""

import math
import random
from datetime import UTC, datetime, timedelta

import numpy as np

from application.evaluation.votes import Counts, Game, Outcome

START = datetime(2026, 1, 1, tzinfo=UTC)


def names(count: int) -> list[str]:
    return [f"model-{index:02}" for index in range(count)]


def strength(index: int, count: int) -> float:
    """From strongest to weakest, over 2.4 logits."""
    return 1.2 - 2.4 * index / max(count - 1, 1)


def games(models: int, votes: int, seed: int = 1, ties: float = 0.2) -> list[Game]:
    dice = random.Random(seed)
    called = names(models)
    found = []
    for _ in range(votes):
        a, b = dice.sample(range(models), 2)
        found.append(Game(called[a], called[b], said(dice, a, b, models, ties)))
    return found


def said(dice: random.Random, a: int, b: int, models: int, ties: float = 0.2) -> Outcome:
    if dice.random() < ties:
        return "tie" if dice.random() < 0.7 else "both_bad"
    chance = 1 / (1 + math.exp(strength(b, models) - strength(a, models)))
    return "model_a" if dice.random() < chance else "model_b"


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def many(models: int, votes: int, seed: int = 1) -> Counts:
    """Counts alone, of more votes than one would write down."""
    dice = np.random.default_rng(seed)
    a, b = np.triu_indices(models, 1)
    skills = np.linspace(1.2, -1.2, models) * models / 20
    chance = 1 / (1 + np.exp(skills[b] - skills[a]))
    met = dice.multinomial(votes, np.full(len(a), 1 / len(a)))
    n = dice.multinomial(
        met, np.column_stack([0.8 * chance, 0.8 * (1 - chance), 0 * a + 0.14, 0 * a + 0.06])
    )
    called = tuple(f"model-{index:03}" for index in range(models))
    return Counts(called, a.astype(np.int64), b.astype(np.int64), n.astype(np.float64))
