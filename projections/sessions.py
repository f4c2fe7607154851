"""Sessions and API keys: what may be shown of them. The proofs are kept elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.sessions import ApiKey, Session
from projections.read_model import Db, ReadModel, Writes, clean

sessions = ReadModel(
    "sessions",
    version=1,
    tables="""
        create table sessions (
            id         uuid        primary key,
            user_id    uuid        not null,
            address    text        not null,
            user_agent text        not null,
            created_at timestamptz not null
        );
        create index on sessions (user_id, created_at, id);
        create table api_keys (
            id         uuid        primary key,
            user_id    uuid        not null,
            name       text        not null,
            prefix     text        not null,
            created_at timestamptz not null
        );
        create index on api_keys (user_id, created_at, id);
    """,
)


@sessions.on(Session.Started)
def on_started(event: Session.Started, db: Writes) -> None:
    """List a new session."""
    db.execute(
        """
        insert into sessions (id, user_id, address, user_agent, created_at)
        values (%(id)s, %(user_id)s, %(address)s, %(user_agent)s, %(at)s)
        """,
        {
            "id": event.originator_id,
            "user_id": event.user_id,
            "address": clean(event.address),
            "user_agent": clean(event.user_agent),
            "at": event.timestamp,
        },
    )


@sessions.on(Session.Ended)
def on_ended(event: Session.Ended, db: Writes) -> None:
    """List it no more."""
    db.execute("delete from sessions where id = %(id)s", {"id": event.originator_id})


@sessions.on(ApiKey.Created)
def on_created(event: ApiKey.Created, db: Writes) -> None:
    """List a new key."""
    db.execute(
        """
        insert into api_keys (id, user_id, name, prefix, created_at)
        values (%(id)s, %(user_id)s, %(name)s, %(prefix)s, %(at)s)
        """,
        {
            "id": event.originator_id,
            "user_id": event.user_id,
            "name": clean(event.name),
            "prefix": event.prefix,
            "at": event.timestamp,
        },
    )


@sessions.on(ApiKey.Revoked)
def on_revoked(event: ApiKey.Revoked, db: Writes) -> None:
    """List it no more."""
    db.execute("delete from api_keys where id = %(id)s", {"id": event.originator_id})


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A sign-in that still counts."""

    id: UUID
    user_id: UUID
    address: str
    user_agent: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKeyRow:
    """A key that still opens something."""

    id: UUID
    user_id: UUID
    name: str
    prefix: str
    created_at: datetime


async def sessions_of(
    db: Db, user_id: UUID, *, limit: int = 50, before: tuple[datetime, UUID] | None = None
) -> list[SessionRow]:
    """A person's sessions, newest first, before (created_at, id) of the last one seen."""
    return [SessionRow(**row) for row in await _newest(db, "sessions", user_id, limit, before)]


async def api_keys_of(
    db: Db, user_id: UUID, *, limit: int = 50, before: tuple[datetime, UUID] | None = None
) -> list[ApiKeyRow]:
    """A person's keys, newest first, before (created_at, id) of the last one seen."""
    return [ApiKeyRow(**row) for row in await _newest(db, "api_keys", user_id, limit, before)]


async def _newest(
    db: Db, table: str, user_id: UUID, limit: int, before: tuple[datetime, UUID] | None
) -> list[dict[str, Any]]:
    more = "and (created_at, id) < (%(at)s, %(id)s)" if before else ""
    at, key = before or (None, None)
    await db.execute(
        f"""
        select * from {table} where user_id = %(user_id)s {more}
        order by created_at desc, id desc limit %(limit)s
        """,  # noqa: S608
        {"user_id": user_id, "limit": limit, "at": at, "id": key},
    )
    return await db.fetchall()
