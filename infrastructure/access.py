"""Who a token belongs to, remembered for a second at most."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from uuid import UUID

from infrastructure.credentials import API_KEY_PREFIX, digest
from infrastructure.lines import Lines

REMEMBER_SECONDS = 1.0
REMEMBERED_MAX = 5_000

# The log has the last word: a proof counts while its stream is open, and a role is the last
# one that was given. So nothing here can lag behind, and no read model has to be there.
ROLE = """(
    select e.data ->> 'role' from log.events e
    where e.stream_id = c.user_id and e.type in ('user.signed_up', 'user.role_changed')
    order by e.version desc limit 1
)"""

BY_SESSION = f"""
    select c.user_id, {ROLE}, c.session_id, null, c.created_at, c.expires_at,
           c.last_seen_at < now() - interval '1 minute'
    from credentials.sessions c
    join log.streams s on s.stream_id = c.session_id and s.state = 'open'
    where c.digest = %(digest)s and c.expires_at > now()
"""  # noqa: S608 (no value in it)

BY_API_KEY = f"""
    select c.user_id, {ROLE}, null, c.key_id, c.created_at, null,
           coalesce(c.last_used_at < now() - interval '1 minute', true)
    from credentials.api_keys c
    join log.streams s on s.stream_id = c.key_id and s.state = 'open'
    where c.digest = %(digest)s
"""  # noqa: S608 (no value in it)

TOUCH_SESSION = "update credentials.sessions set last_seen_at = now() where digest = %(digest)s"
TOUCH_API_KEY = "update credentials.api_keys set last_used_at = now() where digest = %(digest)s"


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who proved who he is: by a session, or else by an API key."""

    user_id: UUID
    role: str
    session_id: UUID | None
    key_id: UUID | None
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Remembered:
    """A look at the database, finished or not."""

    looking: asyncio.Task[Identity | None]
    until: float


class Access:
    """Answers who a token belongs to with one look per second, however many ask at once."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._remembered: dict[bytes, Remembered] = {}

    async def who(self, token: str) -> Identity | None:
        """Whose token it is, or nobody's (any more)."""
        key = digest(token)
        known = self._remembered.get(key)
        if known is None or known.until < monotonic():
            known = self._look(key, is_api_key=token.startswith(API_KEY_PREFIX))
        return await asyncio.shield(known.looking)

    def forget(self, user_id: UUID) -> None:
        """Look again at once: what somebody may has just changed."""
        for key, each in list(self._remembered.items()):
            done = each.looking.done() and not each.looking.cancelled()
            found = each.looking.result() if done and not each.looking.exception() else None
            if found is None or found.user_id == user_id:
                self._remembered.pop(key, None)

    def _look(self, key: bytes, *, is_api_key: bool) -> Remembered:
        self._remembered.pop(key, None)
        while len(self._remembered) >= REMEMBERED_MAX:
            self._remembered.pop(next(iter(self._remembered)))
        task = asyncio.create_task(self._find(key, is_api_key=is_api_key))
        task.add_done_callback(_heard)
        known = Remembered(task, monotonic() + REMEMBER_SECONDS)
        self._remembered[key] = known
        return known

    async def _find(self, key: bytes, *, is_api_key: bool) -> Identity | None:
        row = await self._lines.row(BY_API_KEY if is_api_key else BY_SESSION, {"digest": key})
        if row is None or row[1] is None:
            return None
        if row[6]:
            await self._lines.run(TOUCH_API_KEY if is_api_key else TOUCH_SESSION, {"digest": key})
        return Identity(*row[:6])


def _heard(task: asyncio.Task[Identity | None]) -> None:
    """Take note of a failure, also when whoever asked has gone."""
    if not task.cancelled():
        task.exception()
