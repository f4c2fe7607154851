"""Knowledge sources: which knowledge bases lie elsewhere, and where; without what opens them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.errors import NotFound
from domain.knowledge_sources import KnowledgeSource
from projections.knowledge import OPEN
from projections.read_model import Db, ReadModel, Writes, as_json

knowledge_sources = ReadModel(
    "knowledge_sources",
    version=1,
    beside=("knowledge", "users"),
    tables="""
        create table knowledge_sources (
            id           uuid        primary key,
            knowledge_id uuid        not null unique,
            source       jsonb       not null,
            has_key      boolean     not null,
            connected_at timestamptz not null
        );
    """,
)


@knowledge_sources.on(KnowledgeSource.Connected)
def on_connected(event: KnowledgeSource.Connected, db: Writes) -> None:
    """List a new source."""
    db.execute(
        """
        insert into knowledge_sources (id, knowledge_id, source, has_key, connected_at)
        values (%(id)s, %(knowledge)s, %(source)s, %(has_key)s, %(at)s)
        """,
        {
            "id": event.originator_id,
            "knowledge": event.knowledge_id,
            "source": as_json(event.source),
            "has_key": event.has_key,
            "at": event.timestamp,
        },
    )


@knowledge_sources.on(KnowledgeSource.Changed)
def on_changed(event: KnowledgeSource.Changed, db: Writes) -> None:
    """Keep where it is now."""
    db.execute(
        "update knowledge_sources set source = %(source)s, has_key = %(has_key)s where id = %(id)s",
        {
            "id": event.originator_id,
            "source": as_json(event.source),
            "has_key": event.has_key,
        },
    )


@knowledge_sources.on(KnowledgeSource.Removed)
def on_removed(event: KnowledgeSource.Removed, db: Writes) -> None:
    """List it no more."""
    db.execute("delete from knowledge_sources where id = %(id)s", {"id": event.originator_id})


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source and the knowledge base it is; `trashed`: its owner put that into the trash."""

    knowledge_id: UUID
    name: str
    description: str
    source: dict[str, Any]
    has_key: bool
    trashed: bool
    connected_at: datetime


TOLD = """
    select s.knowledge_id, k.name, k.description, s.source, s.has_key,
        k.deleted_at is not null as trashed, s.connected_at
    from knowledge_sources s join knowledge k on k.id = s.knowledge_id
"""


async def one(db: Db, knowledge_id: UUID) -> SourceRow:
    """One source, or NotFound."""
    await db.execute(f"{TOLD} where s.knowledge_id = %(id)s", {"id": knowledge_id})
    row = await db.fetchone()
    if row is None:
        raise NotFound("knowledge source", knowledge_id)
    return SourceRow(**row)


async def every(db: Db) -> list[SourceRow]:
    """All sources, oldest first; there are never many."""
    await db.execute(f"{TOLD} order by s.connected_at, s.knowledge_id")
    return [SourceRow(**row) for row in await db.fetchall()]


async def readable(db: Db, user_id: UUID, knowledge_ids: Collection[UUID]) -> list[SourceRow]:
    """Those of these knowledge bases that are such sources, and that somebody may use now."""
    await db.execute(
        f"{TOLD} where s.knowledge_id = any(%(ids)s) and {OPEN} order by s.connected_at, k.id",
        {"ids": list(knowledge_ids), "me": user_id},
    )
    return [SourceRow(**row) for row in await db.fetchall()]
