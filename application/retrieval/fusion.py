"""Reciprocal rank fusion, weighted: many rankings become one, and clear hits count for more."""

from collections import defaultdict
from collections.abc import Sequence
from math import fsum
from uuid import UUID

from application.retrieval.ports import Ranking, Scores

K = 60  # how little the first places of one ranking outweigh places in several
DIGITS = 9  # what is beyond comes of calculating, and must not decide between equals
LEAST = 0.1  # what the worst score of a ranking counts for, where the best counts 1


def fused(rankings: Sequence[Ranking]) -> list[tuple[UUID, Scores]]:
    """All that was found, best first; equals go by their ids, so the same comes out always.

    A passage keeps the best score of each way in which it was found.
    """
    shares: dict[UUID, list[float]] = defaultdict(list)
    best: dict[UUID, dict[str, float]] = defaultdict(dict)
    for ranking in rankings:
        strengths = _strengths([each.score for each in ranking.hits])
        for place, (hit, strength) in enumerate(zip(ranking.hits, strengths, strict=True), 1):
            shares[hit.id].append(strength / (K + place))
            known = best[hit.id]
            known[ranking.way] = max(hit.score, known.get(ranking.way, hit.score))
    sums = {key: fsum(each) for key, each in shares.items()}  # whatever the order
    order = sorted(sums, key=lambda key: (-sums[key], key))
    return [(key, _scores(best[key], sums[key])) for key in order]


def _strengths(scores: Sequence[float]) -> list[float]:
    """How good each score is beside the others of its ranking, whatever their scale."""
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    if low == high:
        return [1.0] * len(scores)
    shares = [(each - low) / (high - low) for each in scores]
    return [round(LEAST + (1 - LEAST) * each, DIGITS) for each in shares]


def _scores(found: dict[str, float], fused_score: float) -> Scores:
    return Scores(found.get("words"), found.get("meaning"), fused_score)
