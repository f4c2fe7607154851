"""Setting a sink up: its secret, its headers, and whether it takes a test."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter

from application.pushing.items import Item, rfc
from application.pushing.webhooks import KEY_BYTES, TEST, key_of, secret_of
from domain.errors import Invalid
from infrastructure.guarded import GuardedClient
from infrastructure.pushing.sending import Kept, Place, Undelivered, send

OURS = ("host", "content-length", "content-type", "transfer-encoding", "connection")


@dataclass(frozen=True, slots=True)
class Tried:
    """How a sink took a test."""

    error: str | None
    milliseconds: int


def secret_for(kind: str, given: str | None) -> str:
    """The secret of a sink: the one that was given, else for a webhook one made at random."""
    if kind != "webhook":
        if given:
            raise Invalid("A sink of OpenTelemetry has headers, and no secret.")
        return ""
    if not given:
        return secret_of(os.urandom(KEY_BYTES))
    key_of(given)
    return given


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers as they may be sent; those that are ours are refused."""
    for name in headers:
        if name.lower() in OURS or name.lower().startswith("webhook-"):
            raise Invalid(f"headers: {name} is set by the message itself.")
    return dict(headers)


def merged(
    before: Mapping[str, str], given: Mapping[str, str | None], *, moved: bool
) -> dict[str, str]:
    """Headers after a change: null keeps a value, but never takes it to another server."""
    known = {} if moved else before
    found = {name: known.get(name) if each is None else each for name, each in given.items()}
    return checked_headers({name: each for name, each in found.items() if each is not None})


async def tried(client: GuardedClient, place: Place, kept: Kept) -> Tried:
    """Send something that is marked as a test."""
    begun = perf_counter()
    error: str | None = None
    try:
        error = await send(client, place, kept, [test_item()], TEST) or None
    except Undelivered as failure:
        error = str(failure)
    return Tried(error, round((perf_counter() - begun) * 1_000))


def test_item() -> Item:
    """A rating of nothing by nobody."""
    return {
        "id": f"test-{os.urandom(8).hex()}",
        "type": "test",
        "position": 0,
        "at": rfc(datetime.now(UTC)),
        "voter": "voter-test",
        "response_id": "test",
        "model": None,
        "value": 0,
        "score": None,
        "reasons": [],
        "comment": "This is a test.",
        "tags": [],
    }
