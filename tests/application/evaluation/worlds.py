"""Made-up worlds of voters: models of known strength, and votes by chance."""

import math
import random
from datetime import UTC, datetime, timedelta

from application.evaluation.votes import Game, Outcome

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
