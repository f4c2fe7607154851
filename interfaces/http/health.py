"""Whether we are alive, and whether we can work."""

import asyncio
from typing import Literal

import psycopg
import redis
from fastapi import Request, Response
from pydantic import BaseModel

from application.ports import Unavailable
from interfaces.http.doors import Door
from interfaces.services import Services

router = Door(root="", tags=["health"])

CHECK_SECONDS_MAX = 3.0
LAG_EVENTS_MAX = 2_000
AWAY = (Unavailable, psycopg.Error, redis.RedisError, OSError, TimeoutError)


class Health(BaseModel):
    """Whether it lives."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether it can work, and what each part says."""

    status: Literal["ready", "not_ready"]
    checks: dict[str, str]


@router.get("/healthz")
async def read_health() -> Health:
    """Say that this process is alive; nothing else is asked."""
    return Health()


@router.get("/readyz", responses={503: {"model": Readiness, "description": "Not ready."}})
async def read_readiness(request: Request, response: Response) -> Readiness:
    """Say whether everything is there that is needed to work."""
    services: Services = request.app.state.services
    postgres, valkey = await asyncio.gather(_projections(services), _valkey(services))
    checks = {**postgres, "valkey": valkey}
    if request.app.state.draining.is_set():
        checks["web"] = "is stopping"
    if all(each == "ok" for each in checks.values()):
        return Readiness(status="ready", checks=checks)
    response.status_code = 503
    response.headers["Retry-After"] = "1"
    return Readiness(status="not_ready", checks=checks)


async def _projections(services: Services) -> dict[str, str]:
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            lags = {each.name: each for each in await services.lags() if each.state == "live"}
    except AWAY:
        return {"postgres": "is away", "projections": "unknown"}
    missing = [name for name in services.core_names if name not in lags]
    if missing:
        return {"postgres": "ok", "projections": f"not there yet: {', '.join(missing)}"}
    lag = max(lags[name].lag_events for name in services.core_names)
    return {"postgres": "ok", "projections": "ok" if lag <= LAG_EVENTS_MAX else f"{lag} behind"}


async def _valkey(services: Services) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            await services.redis.ping()
    except AWAY:
        return "is away"
    return "ok"
