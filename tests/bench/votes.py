"""How soon a vote is seen, and how fast tables are told; on 10,000 votes."""

import asyncio
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.arena import MODELS, Plan, imported
from tests.bench.client import Api
from tests.bench.figures import Row, ms, p50, p95
from tests.bench.world import PASSWORD, World, running

PLAN = Plan(battles=2_000, voters=5)
ANSWERS = 200
ANEW = 40
LIVE = 30
GOAL_SEEN = 1.0
GOAL_KEPT = 0.020
GOAL_ANEW = 0.1
WAIT_SECONDS_MAX = 250.0
BOARD = "/api/v1/evaluations/leaderboard"
BATTLES = "/api/v1/arena/battles"
HIDDEN = ["instant", "fast-n5", "fast-n10"]
SETTINGS = {
    "arena": {
        "votes_minute_max": 1_000,
        "entries": [{"id": "arena", "name": "Arena", "include": HIDDEN}],
    }
}


async def votes(plan: Plan = PLAN) -> list[Row]:
    """Import, tables, and votes of people."""
    async with running({"QUIRE_LOG_LEVEL": "warning"}) as world:
        await world.api.call("PATCH", "/api/v1/evaluations/settings", SETTINGS)
        rows = await taken_over(world, plan)
        rows += await tables(world, plan)
        rows += await seen(world)
    return rows


async def taken_over(world: World, plan: Plan) -> list[Row]:
    """From files to the table."""
    with tempfile.TemporaryDirectory() as name:
        await asyncio.to_thread(plan.write, Path(name))
        began = time.perf_counter()
        stored = await asyncio.to_thread(imported, world.product, Path(name))
        await until(world.api, plan.votes)
    counted = time.perf_counter() - began
    lines = plan.battles + plan.votes
    return [
        Row(
            f"Import of {plan.votes:,} votes on {plan.battles:,} battles, until the table has them",
            f"{lines / counted:,.0f} lines/s",
            f"into the log alone {lines / stored:,.0f} lines/s",
        )
    ]


async def until(api: Api, count: int) -> None:
    """Wait until a table has that many votes."""
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while (await api.get(BOARD))["totals"]["votes"] < count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def tables(world: World, plan: Plan) -> list[Row]:
    """Tables that are remembered, and those that are not."""
    plain = await timed(world.api, ["/api/v1/auth/session"] * ANSWERS)
    kept = await timed(world.api, [BOARD] * ANSWERS)
    tag = (await world.api.call("GET", BOARD)).headers["etag"]
    known = await timed(world.api, [BOARD] * ANSWERS, {"If-None-Match": tag}, status=304)
    head = (await world.api.get(BOARD))["position"]
    anew = await timed(
        world.api, [f"{BOARD}?anchor=m{n % MODELS:02}:{1000 + n}" for n in range(ANEW)]
    )
    past = await timed(world.api, [f"{BOARD}?as_of={head - 10 * n}" for n in range(1, ANEW // 2)])
    limit = f"an answer without a table {ms(p50(plain))} / {ms(p95(plain))}"
    made = f"table of {plan.votes:,} votes"
    return [
        row(f"Remembered {made}", kept, limit, GOAL_KEPT),
        row(f"Remembered {made}, which the reader has (304)", known, limit, GOAL_KEPT),
        row(f"New {made}", anew, limit, GOAL_ANEW),
        row(f"New {made}, as of earlier places", past, limit, None),
    ]


def row(what: str, samples: list[float], limit: str, goal: float | None) -> Row:
    value = f"{ms(p50(samples))} / {ms(p95(samples))}"
    if goal is None:
        return Row(f"{what}, p50 / p95", value, limit)
    return Row(f"{what}, p50 / p95", value, limit, f"p95 {ms(goal)}", p95(samples) <= goal)


async def timed(
    api: Api, paths: list[str], headers: Mapping[str, str] | None = None, *, status: int = 200
) -> list[float]:
    """How long each answer takes."""
    samples = []
    for path in paths:
        began = time.perf_counter()
        reply = await api.call("GET", path, headers=headers)
        samples.append(time.perf_counter() - began)
        reply.expect(status)
    return samples


async def seen(world: World) -> list[Row]:
    """From a vote until somebody else finds it in the table."""
    reader = await somebody(world)
    alone, whole = [], []
    for number in range(LIVE):
        battle = await fought(world.api, f"Question {number}?")
        before = (await reader.get(BOARD))["totals"]["votes"]
        began = time.perf_counter()
        await world.api.post(f"{BATTLES}/{battle}/vote", {"winner": "model_a"})
        alone.append(time.perf_counter() - began)
        while (await reader.get(BOARD))["totals"]["votes"] == before:
            pass
        whole.append(time.perf_counter() - began)
    reader.close()
    limit = f"the vote alone {ms(p50(alone))} / {ms(p95(alone))}"
    return [row("From a vote until others see it in the table", whole, limit, GOAL_SEEN)]


async def fought(api: Api, prompt: str) -> str:
    """A battle that is over."""
    begun = await api.post(BATTLES, {"prompt": prompt, "pool": "arena"})
    key: str = begun["battle_id"]
    await api.call("GET", f"{BATTLES}/{key}/stream", sink=lambda _: None)
    return key


async def somebody(world: World) -> Api:
    """A person without any rights."""
    login = {"email": "reader@example.org", "password": PASSWORD}
    await world.api.post("/api/v1/users", {**login, "name": "Reader", "role": "user"})
    api = Api(world.product.url)
    told: Any = await api.post("/api/v1/auth/signin", login)
    api.token = told["token"]
    return api
