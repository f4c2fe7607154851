"""What servers refuse and how lines break, in plain words that never hold a key."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from pydantic_core import from_json

from application.ports import ModelFailed

WAIT_SECONDS_MAX = 20.0
REASON_CHARS_MAX = 300
RETRIES = {"busy": 2, "server_error": 1, "cut": 1}
RETRY_AFTER_SECONDS = {"server_error": 0.5, "cut": 0.0}

CLIENT_ERROR, SERVER_ERROR = 400, 500


@dataclass(slots=True)
class Tries:
    """Counts how often one request was repeated for each reason."""

    counts: dict[str, int] = field(default_factory=dict)

    async def wait(self, failed: ModelFailed) -> None:
        """Wait until it makes sense to ask again, or raise what failed."""
        seconds = failed.retry_after
        if seconds is None:
            seconds = RETRY_AFTER_SECONDS.get(failed.kind, math.inf)
        count = self.counts[failed.kind] = self.counts.get(failed.kind, 0) + 1
        if count > RETRIES.get(failed.kind, 0) or seconds > WAIT_SECONDS_MAX:
            raise failed
        await asyncio.sleep(seconds)


def silent(host: str, seconds: float) -> ModelFailed:
    """Nothing came for too long."""
    return ModelFailed("stalled", f"{host} sent nothing for {seconds:g} seconds.")


def cut(host: str) -> ModelFailed:
    """The answer has no end."""
    return ModelFailed("cut", f"The connection to {host} broke before the answer was complete.")


def malformed(host: str) -> ModelFailed:
    """What came is not what the protocol allows."""
    return ModelFailed("malformed", f"{host} sent something that cannot be read as an answer.")


def too_long(host: str) -> ModelFailed:
    """More came than we take."""
    return ModelFailed("too_long", f"The answer of {host} became too long and was ended.")


def line(error: httpx.HTTPError, host: str, silence: float) -> ModelFailed:
    """A line that cannot be had, fell silent or broke."""
    match error:
        case httpx.ReadTimeout() | httpx.WriteTimeout():
            failed = silent(host, silence)
        case httpx.ReadError() | httpx.WriteError() | httpx.RemoteProtocolError():
            failed = cut(host)
        case httpx.PoolTimeout():
            failed = ModelFailed("busy", "Too many answers are being written at once.")
        case httpx.ConnectError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
            failed = ModelFailed("unreachable", f"The certificate of {host} is not trusted.")
        case _:
            failed = ModelFailed(
                "unreachable",
                f"{host} cannot be reached. Is the server running and the address right?",
            )
    return failed


def status(code: int, why: str, host: str, retry_after: str) -> ModelFailed:
    """An HTTP status other than 200."""
    said = f" It said: {why}" if why else ""
    wait = seconds(retry_after)
    match code:
        case 401 | 403:  # what it says may show a part of the key
            kind, text = "refused_key", f"{host} refused the API key."
        case 404:
            kind, text = "unknown_model", f"{host} has no such model or address.{said}"
        case 429:
            later = "" if wait is None else f" It asks to wait {wait:.0f} seconds."
            kind, text = "busy", f"{host} is busy or a limit is used up.{later}"
        case _ if code >= SERVER_ERROR:
            kind, text = "server_error", f"{host} failed with error {code}.{said}"
        case _ if code >= CLIENT_ERROR:
            kind, text = "refused", f"{host} refused the question with error {code}.{said}"
        case _:
            kind, text = elsewhere(code, host)
    return ModelFailed(kind, text, wait if kind in RETRIES else None)


def elsewhere(code: int, host: str) -> tuple[str, str]:
    """A redirect is not followed: the key would go to a place nobody chose."""
    if code // 100 == 3:  # noqa: PLR2004
        return "redirected", f"{host} sends us to another address. Enter that address instead."
    return "malformed", f"{host} answered with the unexpected status {code}."


def seconds(retry_after: str) -> float | None:
    """What a Retry-After header asks for: seconds, or a date."""
    try:
        wait = float(retry_after)
    except ValueError:
        try:
            wait = (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return max(0.0, wait) if math.isfinite(wait) else None


def reason(body: bytes, secrets: Sequence[str]) -> str:
    """What a server says about its refusal, or nothing when it is not in a known form."""
    try:
        found = from_json(body)
    except ValueError:
        return ""
    return plain(message(found), secrets)


def message(found: Any) -> str:
    """The text inside an error object of any of the usual forms."""
    for name in ("error", "detail", "message"):
        if isinstance(found, dict) and found.get(name):
            return message(found[name])
    return found if isinstance(found, str) else ""


def plain(text: str, secrets: Sequence[str]) -> str:
    """A foreign text that may be shown: one line, not long, without our secrets."""
    for secret in secrets:
        text = text.replace(secret, "***")
    text = text.encode("utf-8", "replace").decode()
    text = " ".join("".join(c if c.isprintable() else " " for c in text[:2000]).split())
    return text if len(text) <= REASON_CHARS_MAX else text[: REASON_CHARS_MAX - 1] + "…"
