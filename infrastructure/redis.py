"""Whether a Redis or Valkey server will do."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import redis

from infrastructure.settings import PREFIX, CannotStart

VERSION_MIN = (6, 2)
CONNECT_SECONDS_MAX = 5


def check(url: str, warn: Callable[[str], None]) -> None:
    """Raise CannotStart, with the way out, unless this server will do."""
    try:
        line = redis.Redis.from_url(
            url,
            socket_connect_timeout=CONNECT_SECONDS_MAX,
            socket_timeout=CONNECT_SECONDS_MAX,
            decode_responses=True,
        )
    except ValueError as error:
        raise CannotStart(f"{PREFIX}REDIS_URL cannot be read: {error}") from None
    with line:
        try:
            line.ping()
            facts: dict[str, Any] = line.info()
        except redis.RedisError as error:
            raise CannotStart(_explain(url, error)) from None
        _check_server(facts, warn)


def _check_server(facts: dict[str, Any], warn: Callable[[str], None]) -> None:
    version = str(facts.get("redis_version", "0"))
    if tuple(int(each) for each in version.split(".")[:2]) < VERSION_MIN:
        raise CannotStart(
            f"The server of {PREFIX}REDIS_URL is Redis {version}; Quire needs 6.2 or newer, or "
            "Valkey. Leave it empty for an embedded one."
        )
    policy = str(facts.get("maxmemory_policy", ""))
    if policy and policy != "noeviction":
        warn(
            f"Warning: the server of {PREFIX}REDIS_URL throws data away when it is full "
            f"(maxmemory-policy {policy}). Set it to noeviction, or jobs may be late."
        )


def _explain(url: str, error: redis.RedisError) -> str:
    parts = urlsplit(url)
    where = parts.path if parts.scheme == "unix" else f"{parts.hostname}:{parts.port or 6379}"
    lines = [f"The Redis at {where} ({PREFIX}REDIS_URL) cannot be used.", f"  | {error}"]
    if isinstance(error, redis.AuthenticationError | redis.ResponseError):
        lines.append("Look at the user and the password in the address.")
    else:
        lines.append("Is the server running, and do the host, the port and any firewall agree?")
    return "\n".join(lines)
