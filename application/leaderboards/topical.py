"""A table in which a vote weighs as much as its question is near to a topic."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from application.evaluation.bradley_terry import TIES, interval
from application.evaluation.table import PROVISIONAL_BATTLES, Entry, placed, tallies
from application.evaluation.topic import Weighed, effective_size, fit_weighed
from application.evaluation.votes import OUTCOMES, Counts
from application.leaderboards.asking import Asked, UnknownModel
from application.leaderboards.content import Heard, Standings, Totals
from application.leaderboards.judging import Row

Near = Mapping[str, float | None]


def by_topic(rows: Sequence[Row], asked: Asked, near: Near) -> Standings:
    """Ratings from weighed votes; entries count the votes that weigh anything."""
    counted = [each for each in rows if each.reason is None]
    known = {name for each in counted for name in (each.model_a, each.model_b)}
    if asked.anchor is not None and asked.anchor[0] not in known:
        raise UnknownModel(asked.anchor[0])
    read = [each for each in counted if near.get(each.prompt) is not None]
    left = {each.prompt for each in counted if each.prompt not in near}
    weights = np.array([near[each.prompt] for each in read], np.float64)
    heard = Heard(
        text=asked.topic or "",
        effective=effective_size(weights),
        votes=len(read),
        without=len(counted) - len(read),
        reading=len(left),
    )
    some = [(row, float(weight)) for row, weight in zip(read, weights, strict=True) if weight > 0]
    return Standings(entries(some, asked), Totals.of_rows(rows), topic=heard)


def entries(votes: Sequence[tuple[Row, float]], asked: Asked) -> list[Entry]:
    """All models that were voted on near the topic, best first."""
    rows = [row for row, _ in votes]
    counts = Counts.of(each.game for each in rows)
    place = {name: index for index, name in enumerate(counts.models)}
    weighed = Weighed(
        models=counts.models,
        a=np.array([place[each.model_a] for each in rows], np.int64),
        b=np.array([place[each.model_b] for each in rows], np.int64),
        outcomes=np.array([OUTCOMES.index(each.winner) for each in rows], np.int64),
        weights=np.array([weight for _, weight in votes], np.float64),
    )
    fit = fit_weighed(weighed, next(each for each in TIES if each == asked.ties))
    anchor = asked.anchor if asked.anchor and asked.anchor[0] in fit.models else None
    ratings = fit.ratings(anchor)
    found = placed(tallies(counts), fit.models, ratings, interval(ratings, fit.errors()))
    return [replace(each, provisional=is_thin(weighed, place[each.model])) for each in found]


def is_thin(votes: Weighed, model: int) -> bool:
    """Whether what is known of a model near the topic is little."""
    own = votes.weights[(votes.a == model) | (votes.b == model)]
    return effective_size(own) < PROVISIONAL_BATTLES
