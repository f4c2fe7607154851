"""Imports: which there are, how far they are, and what could not be taken over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from domain.errors import NotFound
from domain.imports import Import
from projections.read_model import Db, ReadModel, Writes, as_json, clean

imports = ReadModel(
    "imports",
    version=1,
    tables="""
        create table imports (
            id         uuid        primary key,
            owner_id   uuid        not null,
            position   bigint      not null unique,
            kind       text        not null,
            space      text        not null,
            files      jsonb       not null,
            state      text        not null default 'queued',
            failure    text,
            part       text        not null default '',
            imported   bigint      not null default 0,
            skipped    bigint      not null default 0,
            unusable   bigint      not null default 0,
            reasons    jsonb       not null default '{}',
            shown      jsonb       not null default '[]',
            created_at timestamptz not null,
            ended_at   timestamptz
        );
    """,
)


@imports.on(Import.Asked)
def on_asked(event: Import.Asked, db: Writes) -> None:
    """It waits for a worker."""
    files = [{"part": each.part, "name": each.name, "size": each.size} for each in event.files]
    db.execute(
        """
        insert into imports (id, owner_id, position, kind, space, files, created_at)
        values (%(id)s, %(owner)s, %(position)s, %(kind)s, %(space)s, %(files)s, %(at)s)
        """,
        {
            "id": event.originator_id,
            "owner": event.owner,
            "position": db.position,
            "kind": event.kind,
            "space": clean(event.space),
            "files": as_json(files),
            "at": event.timestamp,
        },
    )


@imports.on(Import.Started)
def on_started(event: Import.Started, db: Writes) -> None:
    """A worker has it."""
    db.execute(
        "update imports set state = 'running' where id = %(id)s", {"id": event.originator_id}
    )


@imports.on(Import.Advanced)
def on_advanced(event: Import.Advanced, db: Writes) -> None:
    """Keep how far it is, and the lines that could not be taken over."""
    shown = [{"part": event.part, "line": each.line, "reason": each.reason} for each in event.shown]
    db.execute(
        """
        update imports set part = %(part)s, imported = %(imported)s, skipped = %(skipped)s,
            unusable = %(unusable)s, reasons = %(reasons)s, shown = shown || %(shown)s::jsonb
        where id = %(id)s
        """,
        {
            "id": event.originator_id,
            "part": event.part,
            "imported": event.imported,
            "skipped": event.skipped,
            "unusable": event.unusable,
            "reasons": as_json(event.reasons),
            "shown": as_json(shown),
        },
    )


@imports.on(Import.Finished)
def on_finished(event: Import.Finished, db: Writes) -> None:
    """All lines are read."""
    end(event, db, "done")


@imports.on(Import.Failed)
def on_failed(event: Import.Failed, db: Writes) -> None:
    """Keep why it went no further."""
    end(event, db, "failed", event.reason)


@imports.on(Import.Cancelled)
def on_cancelled(event: Import.Cancelled, db: Writes) -> None:
    """Somebody stopped it."""
    end(event, db, "cancelled")


def end(event: Import.Event, db: Writes, state: str, failure: str | None = None) -> None:
    """Note how it ended."""
    db.execute(
        """
        update imports set state = %(state)s, failure = %(failure)s, ended_at = %(at)s
        where id = %(id)s
        """,
        {
            "id": event.originator_id,
            "state": state,
            "failure": failure and clean(failure),
            "at": event.timestamp,
        },
    )


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An import; `shown` are the first lines that could not be taken over."""

    id: UUID
    owner_id: UUID
    position: int
    kind: str
    space: str
    files: list[dict[str, Any]]
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    failure: str | None
    part: str
    imported: int
    skipped: int
    unusable: int
    reasons: dict[str, int]
    shown: list[dict[str, Any]]
    created_at: datetime
    ended_at: datetime | None


async def one(db: Db, import_id: UUID) -> ImportRow:
    """One import, or NotFound."""
    await db.execute("select * from imports where id = %s", [import_id])
    row = await db.fetchone()
    if row is None:
        raise NotFound("import", import_id)
    return ImportRow(**row)


async def page(db: Db, *, limit: int, before: int | None) -> list[ImportRow]:
    """Imports, newest first, below a position."""
    await db.execute(
        """
        select * from imports where %(before)s::bigint is null or position < %(before)s
        order by position desc limit %(limit)s
        """,
        {"before": before, "limit": limit},
    )
    return [ImportRow(**row) for row in await db.fetchall()]
