"""A silent engine is told in time; what has begun may take as long as it takes."""

import asyncio

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from interfaces.http import deadline
from interfaces.http.deadline import Deadline


async def slow(scope: Scope, receive: Receive, send: Send) -> None:
    """Begin at once under /begun, else not within a second."""
    del receive
    start = {"type": "http.response.start", "status": 200, "headers": []}
    if scope["path"] == "/begun":
        await send(start)
        await asyncio.sleep(0.2)
    else:
        await asyncio.sleep(1)
        await send(start)
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.mark.parametrize(("path", "status"), [("/begun", 200), ("/silent", 503), ("/v1/x", 200)])
async def test_callers_are_told_in_time(
    monkeypatch: pytest.MonkeyPatch, path: str, status: int
) -> None:
    monkeypatch.setattr(deadline, "RESPONSE_SECONDS_MAX", 0.05)
    transport = httpx.ASGITransport(Deadline(slow))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as web:
        response = await web.get(path)
    assert response.status_code == status
    assert ("retry-after" in response.headers) == (status == 503)
    await asyncio.sleep(0)
