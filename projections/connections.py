"""Connections: the servers whose models can be asked, without their keys."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.connections import Connection
from domain.errors import NotFound
from projections.read_model import Db, ReadModel, Writes, clean

connections = ReadModel(
    "connections",
    version=1,
    tables="""
        create table connections (
            id           uuid        primary key,
            kind         text        not null,
            base_url     text        not null,
            prefix       text        not null,
            models       text[],
            header_names text[]      not null default '{}',
            has_key      boolean     not null default false,
            created_at   timestamptz not null
        );
    """,
)


@connections.on(Connection.Added)
def on_added(event: Connection.Added, db: Writes) -> None:
    """List a new server."""
    db.execute(
        """
        insert into connections (id, kind, base_url, prefix, models, created_at)
        values (%(id)s, %(kind)s, %(base_url)s, %(prefix)s, %(models)s, %(at)s)
        """,
        {
            "id": event.originator_id,
            "kind": event.kind,
            "base_url": clean(event.base_url),
            "prefix": clean(event.prefix),
            "models": cleaned(event.models),
            "at": event.timestamp,
        },
    )


@connections.on(Connection.Changed)
def on_changed(event: Connection.Changed, db: Writes) -> None:
    """Keep where it is now and what it offers."""
    db.execute(
        """
        update connections
        set base_url = %(base_url)s, prefix = %(prefix)s, models = %(models)s
        where id = %(id)s
        """,
        {
            "id": event.originator_id,
            "base_url": clean(event.base_url),
            "prefix": clean(event.prefix),
            "models": cleaned(event.models),
        },
    )


@connections.on(Connection.SecretsChanged)
def on_secrets_changed(event: Connection.SecretsChanged, db: Writes) -> None:
    """Keep that there is a key, and which headers there are."""
    db.execute(
        """
        update connections set has_key = %(has_key)s, header_names = %(header_names)s
        where id = %(id)s
        """,
        {
            "id": event.originator_id,
            "has_key": event.has_key,
            "header_names": cleaned(event.header_names),
        },
    )


@connections.on(Connection.Removed)
def on_removed(event: Connection.Removed, db: Writes) -> None:
    """List it no more."""
    db.execute("delete from connections where id = %(id)s", {"id": event.originator_id})


def cleaned(texts: list[str] | None) -> list[str] | None:
    """Texts that PostgreSQL can keep."""
    return None if texts is None else [clean(each) for each in texts]


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """A server; `models` None means that it offers all it has."""

    id: UUID
    kind: str
    base_url: str
    prefix: str
    models: list[str] | None
    header_names: list[str]
    has_key: bool
    created_at: datetime


async def connection(db: Db, connection_id: UUID) -> ConnectionRow:
    """One server, or NotFound."""
    await db.execute("select * from connections where id = %s", [connection_id])
    row = await db.fetchone()
    if row is None:
        raise NotFound("connection", connection_id)
    return ConnectionRow(**row)


async def all_connections(db: Db) -> list[ConnectionRow]:
    """Every server, oldest first; there are never many."""
    await db.execute("select * from connections order by created_at, id")
    return [ConnectionRow(**row) for row in await db.fetchall()]
