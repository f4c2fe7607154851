"""Sends a message to a sink, and says in plain words why it did not arrive."""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from pydantic_core import to_json

from application.ports import Unavailable
from application.pushing import otlp
from application.pushing.items import Item
from application.pushing.webhooks import TYPE, message_id, results, signed
from domain.errors import Invalid
from infrastructure.credentials import Credentials
from infrastructure.guarded import Answered, GuardedClient

SAID_CHARACTERS_MAX = 200
RETRY_SECONDS_MAX = 3_600.0
GONE = 410
OTLP_PATH = "/v1/logs"
WORDS = {
    400: "it did not understand what it was sent",
    401: "it wants another secret or header",
    403: "it does not let us in",
    404: "there is nothing at this address",
    410: "it wants to be told nothing more",
    413: "it was more at once than it takes",
    429: "it was asked too often",
}


class Undelivered(Exception):
    """A message did not arrive. `is_final`: the receiver wants no more; `pause`: not before."""

    def __init__(self, said: str, *, is_final: bool = False, pause: float = 0.0) -> None:
        super().__init__(said)
        self.is_final = is_final
        self.pause = pause


@dataclass(frozen=True, slots=True)
class Kept:
    """What is secret of a sink: what its messages are signed with, and headers for one server."""

    secret: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sink is."""

    id: UUID
    kind: str
    url: str

    @property
    def address(self) -> str:
        """Where messages go."""
        if self.kind == "webhook":
            return self.url
        base = self.url.rstrip("/")
        return base if base.endswith(OTLP_PATH) else base + OTLP_PATH


async def kept_of(credentials: Credentials, sink_id: UUID) -> Kept:
    """What is kept of a sink, opened."""
    plain = await credentials.secret(secret_name(sink_id))
    return Kept(**json.loads(plain)) if plain else Kept()


async def keep(credentials: Credentials, sink_id: UUID, kept: Kept) -> None:
    """Keep what is secret of a sink, sealed."""
    found = {"secret": kept.secret, "headers": dict(kept.headers), "origin": kept.origin}
    plain = json.dumps(found) if kept.secret or kept.headers else ""
    await credentials.keep_secret(secret_name(sink_id), plain)


def origin_of(url: str) -> str:
    """The server of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def secret_name(sink_id: UUID) -> str:
    """What a sink's secrets are kept under."""
    return f"sink {sink_id}"


async def send(
    client: GuardedClient, place: Place, kept: Kept, items: Sequence[Item], kind: str = TYPE
) -> str:
    """Tell a sink some items. Undelivered says why it was not told.

    What it returns is a complaint of one that took them: OpenTelemetry forbids to send again what
    a collector took a part of.
    """
    body = otlp.logs(items) if place.kind == "otlp" else results(items, kind)
    content = to_json(body)
    own = kept.headers if kept.origin == origin_of(place.url) else {}
    headers = {**own, "content-type": "application/json"}
    if place.kind == "webhook":
        if not kept.secret:
            raise Undelivered("There is no secret to sign with. Give it one.")
        message = message_id(place.id, items)
        headers |= signed(kept.secret, message, int(time.time()), content)
    try:
        answered = await client.post(place.address, content, headers)
    except (Invalid, Unavailable) as error:
        raise Undelivered(str(error)) from None
    return judged(place, kept, answered)


def judged(place: Place, kept: Kept, answered: Answered) -> str:
    """Refuse every answer but that it arrived; return what a receiver complains of."""
    host, status = urlsplit(place.url).netloc, answered.status
    if 200 <= status < 300:  # noqa: PLR2004 (what HTTP calls success)
        return complaint(host, answered) if place.kind == "otlp" else ""
    if 300 <= status < 400:  # noqa: PLR2004 (elsewhere)
        raise Undelivered(f"{host} sends us elsewhere ({status}). Give the address itself.")
    why = WORDS.get(status, "it is out of order" if status >= 500 else "it refused")  # noqa: PLR2004
    said = shown(answered.body, kept)
    raise Undelivered(
        f"{host} answered {status}: {why}." + (f" It said: {said}" if said else ""),
        is_final=status == GONE,
        pause=pause_of(answered.headers.get("retry-after", "")),
    )


def complaint(host: str, answered: Answered) -> str:
    """What a collector says of records that it did not take."""
    found: Any = None
    with suppress(ValueError):
        found = json.loads(answered.body or b"{}")
    partial = found.get("partialSuccess") if isinstance(found, dict) else None
    rejected = partial.get("rejectedLogRecords") if isinstance(partial, dict) else None
    if partial is None or rejected in (None, 0, "0"):
        return ""
    why = str(partial.get("errorMessage", ""))[:SAID_CHARACTERS_MAX]
    return f"{host} rejected {str(rejected)[:20]} records. {why}".strip()


def shown(body: bytes, kept: Kept) -> str:
    """The beginning of what a receiver says, without our secrets."""
    text = body.decode(errors="replace")
    for secret in (kept.secret, *kept.headers.values()):
        text = text.replace(secret, "...") if secret else text
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[
        :SAID_CHARACTERS_MAX
    ]


def pause_of(retry_after: str) -> float:
    """How long a receiver wants to be left alone."""
    if retry_after.isascii() and retry_after.isdigit():
        return min(float(retry_after[:9]), RETRY_SECONDS_MAX)
    with suppress(ValueError, TypeError):
        until = parsedate_to_datetime(retry_after).timestamp()
        return min(max(until - time.time(), 0.0), RETRY_SECONDS_MAX)
    return 0.0
