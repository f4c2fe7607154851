"""How long ratings with intervals take, beside a bootstrap of a plain logistic fit."""

import asyncio
import time
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from application.evaluation.bradley_terry import SCORES
from application.evaluation.table import table
from application.evaluation.votes import Counts, Floats
from tests.bench.figures import Row, ms, p50

SIZES = ((20, 6_000), (200, 1_000_000))
ROUNDS = 100
REPEATS = 7
TIMES_GOAL = 20.0
SEED = 7


async def ratings() -> list[Row]:
    """Fits of two sizes."""
    rows = []
    for models, votes in SIZES:
        rows.append(await asyncio.to_thread(measured, models, votes))
    return rows


def measured(models: int, votes: int) -> Row:
    counts = drawn(models, votes)
    ours = p50([timed(lambda: table(counts)) for _ in range(REPEATS)])
    other = timed(lambda: bootstrapped(counts))
    return Row(
        f"Ratings with 95 % intervals of {models} models from {votes:,} votes",
        f"{ms(ours)} ({other / ours:,.0f} times as fast)",
        f"{ROUNDS} rounds of a plain logistic fit on the same counts {ms(other)}",
        f"{TIMES_GOAL:.0f} times",
        other / ours >= TIMES_GOAL,
    )


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def drawn(models: int, votes: int) -> Counts:
    """Counts of votes by chance between models of different strength, every pair alike."""
    random = np.random.default_rng(SEED)
    names = tuple(f"model-{index:03}" for index in range(models))
    a, b = np.triu_indices(models, 1)
    met = random.multinomial(votes, np.full(len(a), 1 / len(a)))
    strengths = np.linspace(1.2, -1.2, models)
    chance = 1 / (1 + np.exp(strengths[b] - strengths[a]))
    parts = np.column_stack([0.8 * chance, 0.8 * (1 - chance), np.full((len(a), 2), 0.1)])
    n = np.array([random.multinomial(k, p) for k, p in zip(met, parts, strict=True)], float)
    return Counts(names, a.astype(np.int64), b.astype(np.int64), n)


def bootstrapped(counts: Counts) -> Floats:
    """Percentiles of strengths over draws of the votes, each fitted by a general optimiser."""
    random = np.random.default_rng(SEED)
    flat = counts.n.ravel()
    total = int(flat.sum())
    found = [
        logistic(
            counts,
            random.multinomial(total, flat / total).reshape(counts.n.shape).astype(np.float64),
        )
        for _ in range(ROUNDS)
    ]
    low: Floats = np.percentile(found, (2.5, 97.5), axis=0)
    return low


def logistic(counts: Counts, n: Floats) -> Floats:
    """Strengths by L-BFGS on the weighted negative log-likelihood, as a library would do it."""
    won, total = n @ SCORES, n.sum(axis=1)
    size = len(counts.models)

    def loss(x: Floats) -> tuple[float, Floats]:
        gap = x[counts.a] - x[counts.b]
        value = (won * np.logaddexp(0, -gap) + (total - won) * np.logaddexp(0, gap)).sum()
        pull = total / (1 + np.exp(-gap)) - won
        slope = np.bincount(counts.a, pull, size) - np.bincount(counts.b, pull, size)
        return value / total.sum(), slope / total.sum()

    found: Floats = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", tol=1e-10).x
    return found
