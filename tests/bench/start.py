"""How long a start takes, and what an idle product holds in memory."""

import asyncio
import statistics

from tests.bench.figures import Row
from tests.product import Product

ROUNDS = 3
IDLE_SECONDS = 5.0
GOAL_BYTES = 350_000_000
GOAL_COLD_SECONDS = 8.0
GOAL_WARM_SECONDS = 3.0


async def start() -> list[Row]:
    """Cold starts in fresh folders, warm starts in the same, and memory at rest."""
    cold: list[float] = []
    warm: list[float] = []
    memory: dict[str, int] = {}
    for _ in range(ROUNDS):
        with Product() as product:
            cold.append(await asyncio.to_thread(product.start))
            await asyncio.sleep(IDLE_SECONDS)
            memory = product.memory_bytes()
            await asyncio.to_thread(product.stop)
            warm.append(await asyncio.to_thread(product.start))
    total = sum(memory.values())
    parts = ", ".join(f"{role} {size / 1e6:.0f}" for role, size in sorted(memory.items()))
    return [
        timed("Cold start to ready", cold, GOAL_COLD_SECONDS),
        timed("Warm start to ready", warm, GOAL_WARM_SECONDS),
        Row(
            "Idle memory (PSS) of all processes",
            f"{total / 1e6:,.0f} MB ({parts})",
            "",
            "350 MB",
            total <= GOAL_BYTES,
        ),
    ]


def timed(what: str, seconds: list[float], goal: float) -> Row:
    value = statistics.median(seconds)
    every = ", ".join(f"{each:.1f}" for each in seconds)
    return Row(what, f"{value:.1f} s (of {every})", "", f"{goal:.0f} s", value <= goal)
