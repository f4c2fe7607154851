"""Online Elo: each vote moves two ratings, in the order they were cast (A. Elo, 1978)."""

from collections.abc import Iterable

from application.evaluation.votes import Game

START = 1000.0
K = 32.0
SPREAD = 400.0
SCORES = {"model_a": 1.0, "model_b": 0.0, "tie": 0.5, "both_bad": 0.5}


def elo(games: Iterable[Game], *, k: float = K, ties: str = "half") -> dict[str, float]:
    """Ratings after all votes. `ties`: half, drop_both_bad or drop_all, as in Bradley-Terry.

    Nothing is rounded; who met nobody but themselves stays where all begin.
    """
    found: dict[str, float] = {}
    skipped = {"drop_all": {"tie", "both_bad"}, "drop_both_bad": {"both_bad"}}.get(ties, set())
    for each in games:
        a, b = found.setdefault(each.model_a, START), found.setdefault(each.model_b, START)
        if each.winner in skipped or each.model_a == each.model_b:
            continue
        expected = 1.0 / (1.0 + 10.0 ** ((b - a) / SPREAD))
        change = k * (SCORES[each.winner] - expected)
        found[each.model_a], found[each.model_b] = a + change, b - change
    return found
