"""Voters who do not vote as people do: for one model whatever it says, or against the odds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from application.evaluation.bradley_terry import (
    SCORES,
    laplacian,
    sigmoid,
    solid,
    strengths_of,
)
from application.evaluation.identified import islands
from application.evaluation.votes import FLIPPED, OUTCOMES, Counts, Floats, Game, Integers

VOTES_MIN = 20
SCORE_MAX = 5.0
ROUNDS_MAX = 6
METHOD = "residuals-1"
ROUGH_MAX = 4.0  # whoever may be odder than that is looked at closely,
SHARE_MAX = 0.05  # and whoever cast more than this of a model's votes
PRIOR_TIES = 0.01
NEVER = 1e-12
HALF = 0.5


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


def suspicions(
    games: Mapping[str, Sequence[Game]],
    *,
    outcast: frozenset[str] = frozenset(),
    settled: Iterable[Game] = (),
) -> list[Suspicion]:
    """Everybody with enough counted votes, each against the odds that all others make.

    Whoever is flagged does not make odds in the next round, until nobody is added or cleared.
    Outcasts never make odds, however few their votes are; settled votes do, and nobody is
    judged by them.
    """
    often = sorted(
        voter for voter, votes in games.items() if voter in outcast or len(votes) >= VOTES_MIN
    )
    every = Counts.of(chain(chain.from_iterable(games.values()), settled))
    if not often or not every.models:
        return []
    cells = {
        (every.models[a], every.models[b]): row
        for row, (a, b) in enumerate(zip(every.a.tolist(), every.b.tolist(), strict=True))
    }
    ballots = [Ballot.of(voter, games[voter], cells) for voter in often]
    flagged = outcast & frozenset(often)
    found: list[Suspicion] = []
    for _ in range(ROUNDS_MAX):
        odds = Odds(every, [each for each in ballots if each.voter in flagged])
        found = [odds.suspicion(each, counts_in=each.voter not in flagged) for each in ballots]
        odd = frozenset(each.voter for each in found if each.is_flagged)
        now = odd | (outcast & frozenset(often))
        if now == flagged:
            break
        flagged = now
    return found


@dataclass(frozen=True, slots=True)
class Ballot:
    """What one voter said: rows of pairs (K,) in the counts of all, and his own counts (K, 4)."""

    voter: str
    rows: Integers
    n: Floats

    @classmethod
    def of(cls, voter: str, votes: Sequence[Game], cells: Mapping[tuple[str, str], int]) -> Ballot:
        """A voter's votes by pair and outcome."""
        said: dict[int, list[float]] = {}
        for each in votes:
            pair, winner = (each.model_a, each.model_b), each.winner
            if each.model_a > each.model_b:
                pair, winner = (each.model_b, each.model_a), FLIPPED[winner]
            if pair in cells:  # a model never meets itself
                said.setdefault(cells[pair], [0.0] * 4)[OUTCOMES.index(winner)] += 1.0
        rows = sorted(said)
        n = np.array([said[row] for row in rows], np.float64).reshape(-1, len(OUTCOMES))
        return cls(voter, np.array(rows, np.int64), n)


class Odds:
    """What is expected of votes, from those of all but some."""

    def __init__(self, every: Counts, without: Sequence[Ballot]) -> None:
        self._counts = less(every, without)
        self._islands = islands(self._counts)
        self._strengths = smoothed(self._counts)
        chance = self._chance(self._strengths, np.arange(len(every.n)))
        votes = self._counts.n.sum(axis=1) + PRIOR_TIES
        bend = laplacian(self._counts, votes * chance * (1.0 - chance))
        self._inverse = np.linalg.inv(solid(bend))
        self._known = np.maximum(bend.diagonal(), NEVER)

    def suspicion(self, ballot: Ballot, *, counts_in: bool) -> Suspicion:
        """How odd a voter is against odds that are made without him.

        His part of the gradient says roughly where the others would be without him. Where that
        may be odd, or is much of what is known of a model, the fit is made again, from there.
        """
        if not counts_in:
            return self._against(ballot, self._strengths, self._islands)
        rough = self._strengths - self._inverse @ self._pull(ballot)
        found = self._against(ballot, rough, self._islands)
        if found.score <= ROUGH_MAX and self._share(ballot) <= SHARE_MAX:
            return found
        others = less(self._counts, [ballot])
        return self._against(ballot, smoothed(others, rough), islands(others))

    def _share(self, ballot: Ballot) -> float:
        """How much of what is known of a model comes from one voter, at most."""
        chance = self._chance(self._strengths, ballot.rows)
        own = self._by_model(ballot, ballot.n.sum(axis=1) * chance * (1.0 - chance), 1.0)
        return float((own / self._known).max(initial=0.0))

    def _chance(self, strengths: Floats, rows: Integers) -> Floats:
        gap = strengths[self._counts.a[rows]] - strengths[self._counts.b[rows]]
        found: Floats = np.clip(sigmoid(gap), NEVER, 1.0 - NEVER)
        return found

    def _by_model(self, ballot: Ballot, values: Floats, sign: float) -> Floats:
        """Sums of values of pairs for their first model, and with this sign for their second."""
        size = len(self._counts.models)
        a, b = self._counts.a[ballot.rows], self._counts.b[ballot.rows]
        found: Floats = np.bincount(a, values, size) + sign * np.bincount(b, values, size)
        return found

    def _pull(self, ballot: Ballot) -> Floats:
        """A voter's part of the gradient."""
        chance = self._chance(self._strengths, ballot.rows)
        return self._by_model(ballot, ballot.n @ SCORES - ballot.n.sum(axis=1) * chance, -1.0)

    def _against(self, ballot: Ballot, strengths: Floats, parts: Integers) -> Suspicion:
        """Standardised residuals, by model and against the odds.

        There are no odds, and so no residuals, between models that others never connected.
        """
        a, b = self._counts.a[ballot.rows], self._counts.b[ballot.rows]
        chance = self._chance(strengths, ballot.rows)
        total = ballot.n.sum(axis=1) * (parts[a] == parts[b])
        residual = (ballot.n @ SCORES - ballot.n.sum(axis=1) * chance) * (total > 0)
        spread = total * chance * (1.0 - chance)
        pulled = self._by_model(ballot, residual, -1.0)
        scores = standardised(pulled, self._by_model(ballot, spread, 1.0))
        favoured = (np.where(chance >= HALF, 1.0, -1.0) * residual).sum()
        best = int(np.abs(scores).argmax()) if len(scores) else 0
        return Suspicion(
            voter=ballot.voter,
            votes=int(ballot.n.sum()),
            favourite=self._counts.models[best] if len(scores) else "",
            for_model=float(scores[best]) if len(scores) else 0.0,
            against_odds=-float(standardised(favoured, spread.sum())),
        )


def less(counts: Counts, ballots: Sequence[Ballot]) -> Counts:
    """The same pairs without the votes of some."""
    n = counts.n.copy()
    for each in ballots:
        n[each.rows] -= each.n
    return counts.with_counts(n)


def smoothed(counts: Counts, start: Floats | None = None) -> Floats:
    """Strengths that stay finite where a model only won or lost: a hundredth of a tie a pair."""
    some = counts.n.copy()
    some[:, 2] += PRIOR_TIES
    return strengths_of(counts.with_counts(some), start)


def standardised(sums: Floats, variances: Floats) -> Floats:
    """Sums over their standard deviations; 0 where nothing varies."""
    found: Floats = np.divide(
        sums, np.sqrt(variances), out=np.zeros(np.shape(sums)), where=variances > 0
    )
    return found
