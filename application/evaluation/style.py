"""Ratings with the influence of looks taken out.

The loss is the mean negative log-likelihood plus 0.5 * 1e-4 * |w|^2 over the weights of style;
strengths are as free as without them, so a table does not shrink towards its middle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p

import numpy as np

from application.evaluation.bradley_terry import RIDGE as HOLD
from application.evaluation.bradley_terry import Fit, scale_of, sigmoid
from application.evaluation.style_of import Style
from application.evaluation.votes import Floats, Integers

FEATURES = ("tokens", "headers", "lists", "bold")
RIDGE = 1e-4
STEPS_MAX = 100
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Styled:
    """Votes one by one: places of both models in `models` (V,), scores 1, 0 or 0.5 (V,).

    The features (V, 4) are centred and have a standard deviation of 1.
    """

    models: tuple[str, ...]
    a: Integers
    b: Integers
    scores: Floats
    features: Floats


def features_of(sides: Sequence[tuple[Style, Style]]) -> Floats:
    """(a - b) / (a + b) of each count, 0 where both are 0; then centred and scaled."""
    first = np.array([a.numbers for a, _ in sides], np.float64).reshape(-1, len(FEATURES))
    second = np.array([b.numbers for _, b in sides], np.float64).reshape(-1, len(FEATURES))
    both = first + second
    raw = np.divide(first - second, both, out=np.zeros_like(both), where=both != 0)
    return standardised(raw)


def standardised(raw: Floats) -> Floats:
    """Columns with mean 0 and, unless they are constant, population deviation 1."""
    if not len(raw):
        return raw
    centred = raw - raw.mean(axis=0)
    spread = centred.std(axis=0)
    varies = np.ptp(raw, axis=0) > 0
    found: Floats = np.divide(centred, spread, out=np.zeros_like(centred), where=varies)
    return found


def fit_styled(votes: Styled) -> tuple[Fit, dict[str, float]]:
    """Strengths with their sandwich covariance, and the weight of each feature."""
    size, count = len(votes.models), len(votes.scores)
    ridge = np.zeros(size + len(FEATURES))
    ridge[size:] = RIDGE * count
    found: Floats = np.zeros(len(ridge))
    bend, residual = np.diag(ridge), np.zeros(count)
    for _ in range(STEPS_MAX):
        chance = sigmoid(logits(votes, found))
        residual = votes.scores - chance
        bend = held(curvature(votes, chance * (1.0 - chance)) + np.diag(ridge), size)
        slope = pull(votes, residual) - ridge * found
        step = np.asarray(np.linalg.solve(bend, slope), np.float64)
        reach = float(np.abs(logits(votes, step)).max(initial=0.0))
        if reach > 0.0:
            found += step * (log1p(reach) / reach)
        if reach < TOLERANCE:
            break
    inverse = np.linalg.inv(bend)
    covariance = inverse @ curvature(votes, residual**2) @ inverse
    strengths = found[:size] - found[:size].mean()
    weights = dict(zip(FEATURES, found[size:].tolist(), strict=True))
    return Fit(votes.models, strengths, centred(covariance[:size, :size])), weights


def held(bend: Floats, size: int) -> Floats:
    """A curvature that can be inverted: only gaps of strengths count, so their mean is held."""
    scale = scale_of(bend)
    found = bend.copy()
    found[:size, :size] += scale / size
    found[np.diag_indices(len(bend))] += HOLD * scale
    return found


def centred(covariance: Floats) -> Floats:
    """The covariance of strengths less their mean."""
    size = len(covariance)
    shift = np.eye(size) - 1.0 / size
    found: Floats = shift @ covariance @ shift
    return found


def logits(votes: Styled, found: Floats) -> Floats:
    """What each vote is expected to say."""
    size = len(votes.models)
    strengths, weights = found[:size], found[size:]
    expected: Floats = strengths[votes.a] - strengths[votes.b] + votes.features @ weights
    return expected


def pull(votes: Styled, residual: Floats) -> Floats:
    """The gradient of the log-likelihood."""
    size = len(votes.models)
    by_model = np.bincount(votes.a, residual, size) - np.bincount(votes.b, residual, size)
    return np.concatenate([by_model, votes.features.T @ residual])


def curvature(votes: Styled, weights: Floats) -> Floats:
    """X' diag(weights) X for the design of strengths and features, built block by block."""
    size = len(votes.models)
    cells = size * size
    across = np.bincount(votes.a * size + votes.b, weights, cells).reshape(size, size)
    across = across + across.T
    models = np.diag(across.sum(axis=1)) - across
    heavy = votes.features * weights[:, None]
    mixed = np.column_stack(
        [np.bincount(votes.a, each, size) - np.bincount(votes.b, each, size) for each in heavy.T]
    )
    looks = votes.features.T @ heavy
    return np.block([[models, mixed], [mixed.T, looks]])
