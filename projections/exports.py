"""Exports: which there are, and what they came to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from domain.errors import NotFound
from domain.exports import Export, Exported
from projections.read_model import Db, ReadModel, Writes, as_json, clean

exports = ReadModel(
    "exports",
    version=1,
    tables="""
        create table exports (
            id         uuid        primary key,
            owner_id   uuid        not null,
            position   bigint      not null unique,
            requested  jsonb       not null,
            state      text        not null,
            reason     text,
            exported   jsonb,
            created_at timestamptz not null,
            ended_at   timestamptz
        );
    """,
)

INSERT = """
    insert into exports (id, owner_id, position, requested, state, exported, created_at, ended_at)
    values (%(id)s, %(owner)s, %(position)s, %(order)s, %(state)s, %(exported)s, %(at)s, %(end)s)
"""


def insert(
    event: Export.Requested | Export.Recorded, db: Writes, exported: Exported | None
) -> None:
    """List an export."""
    db.execute(
        INSERT,
        {
            "id": event.originator_id,
            "owner": event.owner,
            "position": db.position,
            "order": as_json(event.order),
            "state": "done" if exported else "running",
            "exported": as_json({**found, "files": []} if (found := as_dict(exported)) else None),
            "at": event.timestamp,
            "end": event.timestamp if exported else None,
        },
    )


@exports.on(Export.Requested)
def on_requested(event: Export.Requested, db: Writes) -> None:
    """It is being written."""
    insert(event, db, None)


@exports.on(Export.Recorded)
def on_recorded(event: Export.Recorded, db: Writes) -> None:
    """It was written to a folder; its files are not here."""
    insert(event, db, event.exported)


@exports.on(Export.Finished)
def on_finished(event: Export.Finished, db: Writes) -> None:
    """Keep what it came to."""
    db.execute(
        """
        update exports set state = 'done', exported = %(exported)s, ended_at = %(at)s
        where id = %(id)s
        """,
        {
            "id": event.originator_id,
            "exported": as_json(as_dict(event.exported)),
            "at": event.timestamp,
        },
    )


@exports.on(Export.Failed)
def on_failed(event: Export.Failed, db: Writes) -> None:
    """Keep why not."""
    db.execute(
        """
        update exports set state = 'failed', reason = %(reason)s, ended_at = %(at)s
        where id = %(id)s
        """,
        {"id": event.originator_id, "reason": clean(event.reason), "at": event.timestamp},
    )


@exports.on(Export.Deleted)
def on_deleted(event: Export.Deleted, db: Writes) -> None:
    """List it no more."""
    db.execute("delete from exports where id = %(id)s", {"id": event.originator_id})


def as_dict(exported: Exported | None) -> dict[str, Any] | None:
    """What an export came to, as JSON has it."""
    if exported is None:
        return None
    names = ("path", "format", "rows", "sha256", "size")
    files = [{name: getattr(each, name) for name in names} for each in exported.files]
    return {
        "manifest_sha256": exported.manifest_sha256,
        "from_position": exported.from_position,
        "to_position": exported.to_position,
        "rows": exported.rows,
        "files": files,
    }


@dataclass(frozen=True, slots=True)
class ExportRow:
    """An export; `exported` as in its event, None while it is being written."""

    id: UUID
    owner_id: UUID
    position: int
    requested: dict[str, Any]
    state: Literal["running", "done", "failed"]
    reason: str | None
    exported: dict[str, Any] | None
    created_at: datetime
    ended_at: datetime | None


async def export(db: Db, export_id: UUID) -> ExportRow:
    """One export, or NotFound."""
    await db.execute("select * from exports where id = %s", [export_id])
    row = await db.fetchone()
    if row is None:
        raise NotFound("export", export_id)
    return ExportRow(**row)


async def page(db: Db, *, limit: int, before: int | None) -> list[ExportRow]:
    """Exports, newest first, below a position."""
    await db.execute(
        """
        select * from exports where %(before)s::bigint is null or position < %(before)s
        order by position desc limit %(limit)s
        """,
        {"before": before, "limit": limit},
    )
    return [ExportRow(**row) for row in await db.fetchall()]
