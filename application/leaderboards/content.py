"""What a table says."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from json import dumps
from typing import Any

import numpy as np

from application.evaluation.approval import wilson
from application.evaluation.bradley_terry import KEPT, TIES, interval
from application.evaluation.elo import elo
from application.evaluation.identified import identified
from application.evaluation.style import Styled, features_of, fit_styled
from application.evaluation.table import Choice, Entry, placed, table, tallies
from application.evaluation.votes import OUTCOMES, Counts
from application.leaderboards.asking import Asked, UnknownModel
from application.leaderboards.judging import Row

SCORES = {"model_a": 1.0, "model_b": 0.0, "tie": 0.5, "both_bad": 0.5}


@dataclass(frozen=True, slots=True)
class Totals:
    """How many votes there are, how many count, and why the others do not."""

    votes: int
    accepted: int
    dropped: dict[str, int]
    voters: int

    @classmethod
    def of(cls, reasons: dict[str, int], voters: int) -> "Totals":
        """Totals from how often each reason was given; '' for what counts."""
        dropped = {name: n for name, n in sorted(reasons.items()) if name and n}
        accepted = reasons.get("", 0)
        return cls(accepted + sum(dropped.values()), accepted, dropped, voters)

    @classmethod
    def of_rows(cls, rows: Sequence[Row]) -> "Totals":
        """Totals of votes one by one."""
        return cls.of(Counter(each.reason or "" for each in rows), len({r.voter for r in rows}))


@dataclass(frozen=True, slots=True)
class Heard:
    """How much votes say of a topic.

    `votes` were compared with it, and say as much as `effective` votes about nothing else; the
    questions of those `without` have no words, or are among those still to be read (`reading`).
    """

    text: str
    effective: float
    votes: int
    without: int
    reading: int


@dataclass(frozen=True, slots=True)
class Standings:
    """The rows of a table, the weights of looks if they were taken out, and what it is about."""

    entries: list[Entry]
    totals: Totals
    weights: dict[str, float] | None = None
    topic: Heard | None = None


def by_counts(counts: Counts, asked: Asked, seed: int) -> list[Entry]:
    """A table from counts alone."""
    if asked.anchor is not None and asked.anchor[0] not in counts.models:
        raise UnknownModel(asked.anchor[0])
    choice = Choice(
        ties=next(each for each in TIES if each == asked.ties),
        even=asked.weighting == "pair",
        rounds=asked.rounds,
        seed=seed,
        anchor=asked.anchor,
    )
    return table(counts, choice)


def by_rows(rows: Sequence[Row], asked: Asked, seed: int) -> Standings:
    """A table from votes one by one."""
    totals = Totals.of_rows(rows)
    counted = [each for each in rows if each.reason is None]
    counts = Counts.of(each.game for each in counted)
    if asked.method == "elo":
        found = elo((each.game for each in counted), k=asked.k, ties=asked.ties)
        return Standings(ordered(tallies(counts), found), totals)
    if asked.style == "on":
        entries, weights = styled(counted, counts, asked)
        return Standings(entries, totals, weights)
    return Standings(by_counts(counts, asked, seed), totals)


def ordered(entries: list[Entry], ratings: dict[str, float]) -> list[Entry]:
    """Entries by a rating that has no interval; equal ones share a rank."""
    found = sorted(entries, key=lambda each: (-ratings[each.model], each.model))
    numbers = sorted(ratings.values(), reverse=True)
    return [
        replace(each, rating=ratings[each.model], rank=1 + numbers.index(ratings[each.model]))
        for each in found
    ]


def styled(
    counted: Sequence[Row], counts: Counts, asked: Asked
) -> tuple[list[Entry], dict[str, float] | None]:
    """A table in which looks do not count."""
    if asked.anchor is not None and asked.anchor[0] not in counts.models:
        raise UnknownModel(asked.anchor[0])
    left = KEPT[next(each for each in TIES if each == asked.ties)]
    names = identified(counts.with_counts(counts.n * left))
    place = {name: index for index, name in enumerate(names)}
    rows = [
        each
        for each in counted
        if each.model_a in place and each.model_b in place and left[OUTCOMES.index(each.winner)] > 0
    ]
    if not rows:
        return placed(tallies(counts), (), np.zeros(0), (np.zeros(0), np.zeros(0))), None
    fit, weights = fit_styled(
        Styled(
            models=names,
            a=np.array([place[each.model_a] for each in rows], np.int64),
            b=np.array([place[each.model_b] for each in rows], np.int64),
            scores=np.array([SCORES[each.winner] for each in rows]),
            features=features_of([(each.style_a, each.style_b) for each in rows]),
        )
    )
    ratings = fit.ratings(asked.anchor if asked.anchor and asked.anchor[0] in place else None)
    return placed(tallies(counts), names, ratings, interval(ratings, fit.errors())), weights


def by_thumbs(thumbs: Iterable[tuple[str, int, int, int]]) -> Standings:
    """A table of how many liked what (model, up, down, neither), by the lower end."""
    found = []
    for model, up, down, neutral in thumbs:
        share, lower, upper = wilson(up, up + down)
        known = up + down > 0
        found.append(
            Entry(
                model=model,
                battles=up + down + neutral,
                wins=up,
                losses=down,
                ties=neutral,
                both_bad=0,
                win_rate=share if known else None,
                provisional=up + down < 30,  # noqa: PLR2004 (as for battles)
                rating=share if known else None,
                lower=lower if known else None,
                upper=upper if known else None,
                reason=None if known else "not_rated",
            )
        )
    found.sort(key=lambda each: (each.lower is None, -(each.lower or 0.0), each.model))
    count = sum(each.battles for each in found)
    ends = [each.lower for each in found if each.lower is not None]
    ranked = [
        each if each.lower is None else replace(each, rank=1 + ends.index(each.lower))
        for each in found
    ]
    return Standings(ranked, Totals(count, count, {}, 0))


def by_feedback(feedback: Iterable[tuple[str, Sequence[str], int]]) -> Standings:
    """A table as Open WebUI reckons: one game with each sibling, K = 32, no draws."""
    ratings: dict[str, float] = {}
    won: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    count = 0
    for model, siblings, value in feedback:
        count += 1
        if value == 0:
            continue
        for other in siblings:
            ratings.setdefault(model, 1000.0)
            ratings.setdefault(other, 1000.0)
            winner, loser = (model, other) if value > 0 else (other, model)
            expected = 1 / (1 + 10 ** ((ratings[loser] - ratings[winner]) / 400))
            change = 32 * (1 - expected)
            won[winner] += 1
            lost[loser] += 1
            if winner != loser:
                ratings[winner] += change
                ratings[loser] -= change
    entries = [
        Entry(
            model=each,
            battles=won[each] + lost[each],
            wins=won[each],
            losses=lost[each],
            ties=0,
            both_bad=0,
            win_rate=won[each] / (won[each] + lost[each]) if won[each] + lost[each] else None,
            provisional=won[each] + lost[each] < 30,  # noqa: PLR2004 (as for battles)
        )
        for each in ratings
    ]
    return Standings(ordered(entries, ratings), Totals(count, count, {}, 0))


def told(standings: Standings, asked: Asked, position: int, policy_version: int) -> dict[str, Any]:
    """A table as JSON."""
    topic = {} if standings.topic is None else {"topic": asdict(standings.topic)}
    return {
        "position": position,
        "as_of": asked.as_of,
        "policy_version": policy_version,
        "method": asked.method,
        "params": asked.params(),
        "totals": asdict(standings.totals),
        "entries": [asdict(each) for each in standings.entries],
        "weights": standings.weights,
        **topic,
    }


def content_sha256(board: dict[str, Any]) -> str:
    """The sum of what a table says, whenever it is said."""
    said = {name: each for name, each in board.items() if name not in ("position", "as_of")}
    return sha256(dumps(said, sort_keys=True, allow_nan=False).encode()).hexdigest()


def matrix(counts: Counts, models: Sequence[str]) -> list[list[dict[str, float] | None]]:
    """How often the row beat the column; ties are half a win."""
    place = {name: index for index, name in enumerate(models)}
    cells: list[list[dict[str, float] | None]] = [[None] * len(models) for _ in models]
    names = counts.models
    for a, b, row in zip(counts.a.tolist(), counts.b.tolist(), counts.n.tolist(), strict=True):
        won, lost, *ties = row
        total = won + lost + sum(ties)
        share = (won + sum(ties) / 2) / total if total else 0.0
        i, j = place[names[a]], place[names[b]]
        cells[i][j] = {"rate": share, "battles": int(total)}
        cells[j][i] = {"rate": 1 - share, "battles": int(total)}
    return cells
