"""Proofs of who somebody is, and keys of others. They are never in the log."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from infrastructure.lines import Lines
from infrastructure.secrets import Vault

API_KEY_PREFIX = "sk-quire-"
PREFIX_SHOWN = len(API_KEY_PREFIX) + 4
TOKEN_BYTES = 32

STRONGER_HASH = """
    insert into credentials.passwords (user_id, hash) values (%(user)s, %(hash)s)
    on conflict (user_id) do update set hash = excluded.hash, changed_at = now()
"""

CHANGE_AND_END = """
    with changed as (
        update credentials.passwords set hash = %(hash)s, changed_at = now()
        where user_id = %(user)s
    ), gone as (
        delete from credentials.sessions
        where user_id = %(user)s and session_id is distinct from %(keep)s
        returning session_id
    )
    select session_id from gone
"""

ADD_SESSION = """
    insert into credentials.sessions (digest, session_id, user_id, expires_at)
    values (%(digest)s, %(id)s, %(user)s, now() + make_interval(days => %(days)s))
    returning created_at, expires_at
"""


def digest(token: str) -> bytes:
    """What is kept of a token. It is random, so a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def new_token() -> str:
    """A session token: 256 random bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def new_api_key() -> str:
    """A key for programs; recognisable, so that leaked ones can be found."""
    return API_KEY_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


@dataclass(frozen=True, slots=True)
class ConnectionSecrets:
    """What a model server wants to see before it answers."""

    api_key: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Credentials:
    """Keeps the proofs in Postgres."""

    def __init__(self, lines: Lines, vault: Vault) -> None:
        self._lines = lines
        self._vault = vault

    def repeatable_api_key(self, command_id: UUID) -> str:
        """The API key of a command: the same one again when it is repeated."""
        mark = self._vault.mark(f"api key {command_id}".encode())
        return API_KEY_PREFIX + urlsafe_b64encode(mark).decode().rstrip("=")

    async def password(self, user_id: UUID) -> str | None:
        """The hash of somebody's password."""
        row = await self._lines.row(
            "select hash from credentials.passwords where user_id = %(user)s", {"user": user_id}
        )
        return row[0] if row else None

    async def add_password(self, user_id: UUID, hashed: str) -> bool:
        """Keep the first password of somebody new; False when there is one already."""
        added = await self._lines.run(
            "insert into credentials.passwords (user_id, hash) values (%(user)s, %(hash)s) "
            "on conflict do nothing",
            {"user": user_id, "hash": hashed},
        )
        return added == 1

    async def refresh_password(self, user_id: UUID, hashed: str) -> None:
        """Keep the same password in a stronger way."""
        await self._lines.run(STRONGER_HASH, {"user": user_id, "hash": hashed})

    async def change_password(
        self, user_id: UUID, hashed: str, *, keep: UUID | None
    ) -> Sequence[UUID]:
        """Set another password and end all sessions but one; return the ended ones."""
        rows = await self._lines.rows(
            CHANGE_AND_END, {"user": user_id, "hash": hashed, "keep": keep}
        )
        return [row[0] for row in rows]

    async def add_session(
        self, token: str, session_id: UUID, user_id: UUID, days: int
    ) -> tuple[datetime, datetime]:
        """Keep a session; return when it began and when it ends by itself."""
        row = await self._lines.row(
            ADD_SESSION, {"digest": digest(token), "id": session_id, "user": user_id, "days": days}
        )
        assert row is not None
        return row[0], row[1]

    async def drop_session(self, session_id: UUID, user_id: UUID) -> None:
        """Let a session count no more, at once."""
        await self._lines.run(
            "delete from credentials.sessions where session_id = %(id)s and user_id = %(user)s",
            {"id": session_id, "user": user_id},
        )

    async def last_seen(self, session_ids: Iterable[UUID]) -> dict[UUID, datetime]:
        """When sessions were last used, to the minute; those that count no more are left out."""
        rows = await self._lines.rows(
            "select session_id, last_seen_at from credentials.sessions "
            "where session_id = any(%(ids)s) and expires_at > now()",
            {"ids": list(session_ids)},
        )
        return {row[0]: row[1] for row in rows}

    async def add_api_key(self, key: str, key_id: UUID, user_id: UUID) -> datetime | None:
        """Keep an API key; return when it was made, or None when there is one of this id."""
        row = await self._lines.row(
            "insert into credentials.api_keys (digest, key_id, user_id) "
            "values (%(digest)s, %(id)s, %(user)s) on conflict do nothing returning created_at",
            {"digest": digest(key), "id": key_id, "user": user_id},
        )
        return row[0] if row else None

    async def drop_api_key(self, key_id: UUID, user_id: UUID) -> None:
        """Let an API key open nothing more, at once."""
        await self._lines.run(
            "delete from credentials.api_keys where key_id = %(id)s and user_id = %(user)s",
            {"id": key_id, "user": user_id},
        )

    async def last_used(self, key_ids: Iterable[UUID]) -> dict[UUID, datetime | None]:
        """When API keys were last used, to the minute."""
        rows = await self._lines.rows(
            "select key_id, last_used_at from credentials.api_keys where key_id = any(%(ids)s)",
            {"ids": list(key_ids)},
        )
        return {row[0]: row[1] for row in rows}

    async def add_connection(self, connection_id: UUID, kept: ConnectionSecrets) -> None:
        """Keep what a new model server wants to see; of a known one nothing changes."""
        await self._lines.run(
            "insert into credentials.connections (connection_id, sealed) "
            "values (%(id)s, %(sealed)s) on conflict do nothing",
            {"id": connection_id, "sealed": self._sealed(connection_id, kept)},
        )

    async def keep_connection(self, connection_id: UUID, kept: ConnectionSecrets) -> None:
        """Keep what a model server wants to see, sealed."""
        await self._lines.run(
            "insert into credentials.connections (connection_id, sealed) "
            "values (%(id)s, %(sealed)s) on conflict (connection_id) "
            "do update set sealed = excluded.sealed",
            {"id": connection_id, "sealed": self._sealed(connection_id, kept)},
        )

    async def connection(self, connection_id: UUID) -> ConnectionSecrets:
        """What one model server wants to see."""
        found = await self.connections([connection_id])
        return found.get(connection_id, ConnectionSecrets())

    async def connections(self, ids: Iterable[UUID]) -> dict[UUID, ConnectionSecrets]:
        """What model servers want to see."""
        rows = await self._lines.rows(
            "select connection_id, sealed from credentials.connections "
            "where connection_id = any(%(ids)s)",
            {"ids": list(ids)},
        )
        return {row[0]: self._opened(row[0], row[1]) for row in rows}

    async def drop_connection(self, connection_id: UUID) -> None:
        """Forget what a model server wanted to see."""
        await self._lines.run(
            "delete from credentials.connections where connection_id = %(id)s",
            {"id": connection_id},
        )

    def _sealed(self, connection_id: UUID, kept: ConnectionSecrets) -> bytes:
        plain = json.dumps({"api_key": kept.api_key, "headers": dict(kept.headers)})
        return self._vault.seal(plain.encode(), f"connection {connection_id}")

    def _opened(self, connection_id: UUID, sealed: bytes) -> ConnectionSecrets:
        plain = json.loads(self._vault.open(sealed, f"connection {connection_id}"))
        return ConnectionSecrets(plain["api_key"], plain["headers"])

    async def keep_secret(self, name: str, secret: str) -> None:
        """Keep the key of a server that is no model server, sealed; an empty one is forgotten."""
        if not secret:
            await self._lines.run(
                "delete from credentials.secrets where name = %(name)s", {"name": name}
            )
            return
        sealed = self._vault.seal(secret.encode(), f"secret {name}")
        await self._lines.run(
            "insert into credentials.secrets (name, sealed) values (%(name)s, %(sealed)s) "
            "on conflict (name) do update set sealed = excluded.sealed",
            {"name": name, "sealed": sealed},
        )

    async def forget_secrets(self, beginning: str) -> None:
        """Forget all keys whose names begin so."""
        await self._lines.run(
            "delete from credentials.secrets where starts_with(name, %(beginning)s)",
            {"beginning": beginning},
        )

    async def secret(self, name: str) -> str:
        """The key that was kept under a name, or an empty text."""
        row = await self._lines.row(
            "select sealed from credentials.secrets where name = %(name)s", {"name": name}
        )
        return "" if row is None else self._vault.open(row[0], f"secret {name}").decode()

    async def claim_request(self, command_id: UUID, content: bytes) -> bool:
        """Note what is asked under a command id; False when it was something else before."""
        mark = self._vault.mark(content)
        row = await self._lines.row(
            "insert into credentials.requests as r (command_id, digest) "
            "values (%(id)s, %(digest)s) on conflict (command_id) do update "
            "set at = r.at returning digest",
            {"id": command_id, "digest": mark},
        )
        assert row is not None
        return bool(row[0] == mark)

    async def tidy(self) -> None:
        """Drop sessions that ended by themselves, and keys of long past requests."""
        await self._lines.run("delete from credentials.sessions where expires_at < now()", {})
        await self._lines.run(
            "delete from credentials.requests where at < now() - interval '7 days'", {}
        )
