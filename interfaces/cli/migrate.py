"""`quire migrate`: whether the engines will do, and the database up to date."""

import asyncio
import sys

from infrastructure import postgres, redis
from infrastructure.migrations import migrate
from infrastructure.settings import Settings


def run(settings: Settings) -> int:
    """Check both engines, then migrate; safe to run any number of times, also at once."""
    redis.check(settings.redis_url, say)
    for name in asyncio.run(checked(settings.database_url)):
        say(f"Migrated: {name}.")
    return 0


async def checked(url: str) -> list[str]:
    """Migrate a database that will do; the names of what was new."""
    await postgres.check(url)
    return await migrate(url)


def say(line: str) -> None:
    """Show a line to whoever runs us."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 (what a terminal shows)
