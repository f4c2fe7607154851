"""Voters who do not vote as people do: for one model whatever it says, or against the odds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from application.evaluation.bradley_terry import (
    SCORES,
    gradient,
    laplacian,
    sigmoid,
    solid,
    strengths_of,
)
from application.evaluation.votes import OUTCOMES, Counts, Floats, Game, Outcome

Row = tuple[str, str, Outcome, float]

VOTES_MIN = 20
SCORE_MAX = 5.0
ROUNDS_MAX = 6
STEPS = 3
METHOD = "residuals-1"
NEVER = 1e-12


@dataclass(frozen=True, slots=True)
class Suspicion:
    """How odd a voter is, in standard deviations: for the model he favours, and against odds."""

    voter: str
    votes: int
    favourite: str
    for_model: float
    against_odds: float

    @property
    def score(self) -> float:
        """The larger of both."""
        return max(abs(self.for_model), self.against_odds)

    @property
    def is_flagged(self) -> bool:
        """Whether that is more than chance gives."""
        return self.score > SCORE_MAX


def suspicions(games: Mapping[str, Sequence[Game]]) -> list[Suspicion]:
    """Everybody with enough counted votes, each against the odds that all others make.

    Whoever is flagged does not make odds in the next round, until nobody is added or cleared.
    """
    often = sorted(voter for voter, votes in games.items() if len(votes) >= VOTES_MIN)
    if not often:
        return []
    own = {voter: counted(votes) for voter, votes in games.items()}
    flagged: frozenset[str] = frozenset()
    found: list[Suspicion] = []
    for _ in range(ROUNDS_MAX):
        whole = Counts.of_rows(
            row for voter, rows in own.items() if voter not in flagged for row in rows
        )
        start = smoothed_strengths(whole, None)
        found = [
            _suspicion(voter, own[voter], whole, start, counts_in=voter not in flagged)
            for voter in often
        ]
        now = frozenset(each.voter for each in found if each.is_flagged)
        if now == flagged:
            break
        flagged = now
    return found


def counted(votes: Iterable[Game]) -> list[Row]:
    """A voter's votes by pair and outcome."""
    counts = Counts.of(votes)
    return [
        (counts.models[a], counts.models[b], OUTCOMES[place], n)
        for a, b, row in zip(counts.a.tolist(), counts.b.tolist(), counts.n.tolist(), strict=True)
        for place, n in enumerate(row)
        if n
    ]


def smoothed_strengths(counts: Counts, start: Floats | None) -> Floats:
    """Strengths that stay finite: every pair that met has a tie of a hundredth more."""
    some = counts.n.copy()
    some[:, 2] += 0.01
    return strengths_of(counts.with_counts(some), start)


def _suspicion(
    voter: str, rows: Sequence[Row], whole: Counts, start: Floats, *, counts_in: bool
) -> Suspicion:
    """Standardised residuals of one voter, against odds made without him."""
    place = {name: index for index, name in enumerate(whole.models)}
    pairs = {
        pair: index
        for index, pair in enumerate(zip(whole.a.tolist(), whole.b.tolist(), strict=True))
    }
    mine = np.zeros_like(whole.n)
    for a, b, outcome, n in rows:
        index = pairs.get((place.get(a, -1), place.get(b, -1)))
        if index is not None:
            mine[index, OUTCOMES.index(outcome)] += n
    strengths = start
    if counts_in:
        strengths = without(whole, mine, start)
    chance = np.clip(sigmoid(strengths[whole.a] - strengths[whole.b]), NEVER, 1 - NEVER)
    total = mine.sum(axis=1)
    residual = mine @ SCORES - total * chance
    spread = total * chance * (1.0 - chance)
    size = len(whole.models)
    pulled = np.bincount(whole.a, residual, size) - np.bincount(whole.b, residual, size)
    variance = np.bincount(whole.a, spread, size) + np.bincount(whole.b, spread, size)
    scores = np.divide(pulled, np.sqrt(variance), out=np.zeros(size), where=variance > 0)
    sign = np.where(strengths[whole.a] >= strengths[whole.b], 1.0, -1.0)
    all_spread = float(spread.sum())
    against = -float((sign * residual).sum()) / all_spread**0.5 if all_spread > 0 else 0.0
    best = int(np.abs(scores).argmax()) if size else 0
    return Suspicion(
        voter=voter,
        votes=int(sum(n for *_, n in rows)),
        favourite=whole.models[best] if size else "",
        for_model=float(scores[best]) if size else 0.0,
        against_odds=against,
    )


def without(whole: Counts, mine: Floats, start: Floats) -> Floats:
    """Strengths without one voter: some Newton steps from those with him."""
    some = whole.n - mine
    some[:, 2] += 0.01
    counts = whole.with_counts(some)
    total = some.sum(axis=1)
    now = start
    for _ in range(STEPS):
        chance = sigmoid(now[counts.a] - now[counts.b])
        bend = laplacian(counts, total * chance * (1.0 - chance))
        now = now + np.linalg.solve(solid(bend), gradient(counts, now))
    return now
