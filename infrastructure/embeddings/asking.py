"""Asks servers for one JSON document, and says what their refusals mean for documents."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

import httpx
from pydantic_core import from_json

from application.documents.ports import Unfit
from application.ports import ModelFailed, Unavailable
from infrastructure.models import refusals
from infrastructure.models.http import Body, Learn, Limits, Server

ANSWER_BYTES_MAX = 64 * 2**20
ANSWER_SECONDS_MAX = 300.0
LIMITS = Limits(silence_seconds=120)
TEMPORARY = frozenset(("unreachable", "stalled", "cut", "busy", "server_error"))

T = TypeVar("T")
R = TypeVar("R")


def never(_: str) -> bool:
    """Nothing is learnt from what a server says."""
    return False


async def ask(
    server: Server,
    path: str,
    body: Callable[[], Body],
    learn: Learn = never,
    *,
    seconds_max: float = ANSWER_SECONDS_MAX,
) -> Any:
    """The document that answers a request, which `learn` may change; raises ModelFailed."""
    try:
        async with asyncio.timeout(seconds_max):
            response = await server.post(path, body, learn)
            async with aclosing(response):
                return from_json(await server.read(response, ANSWER_BYTES_MAX))
    except TimeoutError:
        raise refusals.silent(server.host, seconds_max) from None
    except ValueError:
        raise refusals.malformed(server.host) from None
    except httpx.HTTPError as error:
        raise server.failure(error) from None


async def in_parts(
    items: Sequence[T], asking: Callable[[Sequence[T]], Awaitable[Sequence[R]]]
) -> list[R]:
    """Ask for all at once; of a server that takes no more than so many, for less and less."""
    try:
        return list(await asking(items))
    except ModelFailed as failed:
        if failed.kind != "refused" or len(items) == 1:
            raise
    middle = len(items) // 2
    return [*await in_parts(items[:middle], asking), *await in_parts(items[middle:], asking)]


def told(failed: ModelFailed) -> Exception:
    """What a failure means: to be tried later, or to be set right by a person."""
    return (Unavailable if failed.kind in TEMPORARY else Unfit)(str(failed))
