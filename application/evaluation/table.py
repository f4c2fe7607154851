"""The leaderboard as a table."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from application.evaluation.bootstrap import bootstrap
from application.evaluation.bradley_terry import (
    Fit,
    Ties,
    even_weights,
    fit,
    fit_even,
    interval,
    kept,
)
from application.evaluation.identified import identified
from application.evaluation.ranks import ranks
from application.evaluation.votes import Counts, Floats

PROVISIONAL_BATTLES = 30
NOT_IDENTIFIED = "not_identified"


@dataclass(frozen=True, slots=True)
class Entry:
    """A model in the table; `reason` says why it has no rating."""

    model: str
    battles: int
    wins: int
    losses: int
    ties: int
    both_bad: int
    win_rate: float | None
    provisional: bool
    rating: float | None = None
    lower: float | None = None
    upper: float | None = None
    rank: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """How ratings are made. `rounds` above 0: intervals by bootstrap with this seed."""

    ties: Ties = "half"
    even: bool = False
    rounds: int = 0
    seed: int = 0
    anchor: tuple[str, float] | None = None


def tallies(counts: Counts) -> list[Entry]:
    """Who met whom how often, without ratings; models by name."""
    size = len(counts.models)
    first = [np.bincount(counts.a, counts.n[:, each], size) for each in range(4)]
    second = [np.bincount(counts.b, counts.n[:, each], size) for each in range(4)]
    wins, losses = first[0] + second[1], first[1] + second[0]
    ties, both_bad = first[2] + second[2], first[3] + second[3]
    found = []
    for index, model in enumerate(counts.models):
        won, lost, tied, bad = (int(each[index]) for each in (wins, losses, ties, both_bad))
        battles = won + lost + tied + bad
        found.append(
            Entry(
                model=model,
                battles=battles,
                wins=won,
                losses=lost,
                ties=tied,
                both_bad=bad,
                win_rate=(won + (tied + bad) / 2) / battles if battles else None,
                provisional=battles < PROVISIONAL_BATTLES,
            )
        )
    return found


def table(counts: Counts, choice: Choice | None = None) -> list[Entry]:
    """All models that were voted on, best first; those that cannot be compared at the end."""
    choice = choice or Choice()
    chosen = kept(counts, choice.ties)
    chosen = chosen.only(identified(chosen))
    found = fit_even(chosen, choice.ties) if choice.even else fit(chosen)
    anchor = choice.anchor if choice.anchor and choice.anchor[0] in found.models else None
    ratings = found.ratings(anchor)
    ends = interval(ratings, found.errors())
    if choice.rounds and found.models:
        ends = drawn(chosen, found, choice, anchor)
    return placed(tallies(counts), found.models, ratings, ends)


def drawn(
    chosen: Counts, found: Fit, choice: Choice, anchor: tuple[str, float] | None
) -> tuple[Floats, Floats]:
    """Intervals by bootstrap. An anchor moves the whole table, so it moves them by as much."""
    lower, upper = bootstrap(
        chosen,
        found.strengths,
        rounds=choice.rounds,
        seed=choice.seed,
        weights=even_weights(chosen) if choice.even else None,
    )
    moved = found.ratings(anchor) - found.ratings()
    return lower + moved, upper + moved


def placed(
    entries: list[Entry], models: tuple[str, ...], ratings: Floats, ends: tuple[Floats, Floats]
) -> list[Entry]:
    """Entries with their ratings, in order."""
    order = ranks(*ends) if models else np.zeros(0, np.int64)
    numbers = {
        model: (float(ratings[i]), float(ends[0][i]), float(ends[1][i]), int(order[i]))
        for i, model in enumerate(models)
    }
    found = []
    for each in entries:
        if each.model in numbers:
            rating, lower, upper, rank = numbers[each.model]
            found.append(replace(each, rating=rating, lower=lower, upper=upper, rank=rank))
        else:
            found.append(replace(each, reason=NOT_IDENTIFIED))
    return sorted(
        found,
        key=lambda each: (each.rank is None, -(each.rating or 0.0), each.model),
    )
