"""Drives of people, and the files that they chose there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from domain.drive_files import DriveFile
from domain.drives import Drive
from projections.read_model import Db, ReadModel, Writes, clean

LISTED_MAX = 200

drives = ReadModel(
    "drives",
    version=1,
    tables="""
        create table drives (
            id        uuid        primary key,
            owner_id  uuid        not null,
            kind      text        not null,
            account   text        not null,
            linked    boolean     not null,
            reason    text        not null default '',
            linked_at timestamptz not null
        );
        create index on drives (owner_id);
        create table drive_files (
            id        uuid        primary key,
            owner_id  uuid        not null,
            kind      text        not null,
            item      text        not null,
            name      text        not null,
            state     text        not null default 'fetching',
            file_id   uuid,
            reason    text        not null default '',
            message   text        not null default '',
            chosen_at timestamptz not null
        );
        create index on drive_files (owner_id, chosen_at);
    """,
)


@drives.on(Drive.Linked)
def on_linked(event: Drive.Linked, db: Writes) -> None:
    """List a drive."""
    db.execute(
        """
        insert into drives (id, owner_id, kind, account, linked, linked_at)
        values (%(id)s, %(owner)s, %(kind)s, %(account)s, true, %(at)s)
        """,
        {
            "id": event.originator_id,
            "owner": event.owner,
            "kind": event.kind,
            "account": clean(event.account),
            "at": event.timestamp,
        },
    )


@drives.on(Drive.LinkedAgain)
def on_linked_again(event: Drive.LinkedAgain, db: Writes) -> None:
    """It can be used again."""
    db.execute(
        """
        update drives set linked = true, reason = '', account = %(account)s, linked_at = %(at)s
        where id = %(id)s
        """,
        {
            "id": event.originator_id,
            "account": clean(event.account),
            "at": event.timestamp,
        },
    )


@drives.on(Drive.Unlinked)
def on_unlinked(event: Drive.Unlinked, db: Writes) -> None:
    """It cannot be used until it is linked again."""
    db.execute(
        "update drives set linked = false, reason = %(reason)s, account = '' where id = %(id)s",
        {"id": event.originator_id, "reason": event.reason},
    )


@drives.on(DriveFile.Chosen)
def on_chosen(event: DriveFile.Chosen, db: Writes) -> None:
    """List a file that is to come."""
    db.execute(
        """
        insert into drive_files (id, owner_id, kind, item, name, chosen_at)
        values (%(id)s, %(owner)s, %(kind)s, %(item)s, %(name)s, %(at)s)
        """,
        {
            "id": event.originator_id,
            "owner": event.owner,
            "kind": event.kind,
            "item": clean(event.item),
            "name": clean(event.name),
            "at": event.timestamp,
        },
    )


@drives.on(DriveFile.Arrived)
def on_arrived(event: DriveFile.Arrived, db: Writes) -> None:
    """It is a file like any other now."""
    db.execute(
        "update drive_files set state = 'arrived', file_id = %(file)s where id = %(id)s",
        {"id": event.originator_id, "file": event.file_id},
    )


@drives.on(DriveFile.Failed)
def on_failed(event: DriveFile.Failed, db: Writes) -> None:
    """It will not come, and why."""
    db.execute(
        """
        update drive_files set state = 'failed', reason = %(reason)s, message = %(message)s
        where id = %(id)s
        """,
        {
            "id": event.originator_id,
            "reason": event.reason,
            "message": clean(event.message),
        },
    )


@dataclass(frozen=True, slots=True)
class DriveRow:
    """A drive of a person; `reason` says why it is linked no more."""

    id: UUID
    owner_id: UUID
    kind: str
    account: str
    linked: bool
    reason: str
    linked_at: datetime


@dataclass(frozen=True, slots=True)
class DriveFileRow:
    """A file that was chosen, and what became of it or how far it has come."""

    id: UUID
    owner_id: UUID
    kind: str
    item: str
    name: str
    state: Literal["fetching", "arrived", "failed"]
    file_id: UUID | None
    reason: str
    message: str
    chosen_at: datetime
    received: int
    total: int | None
    waiting: str | None


async def drives_of(db: Db, owner_id: UUID) -> list[DriveRow]:
    """The drives of a person."""
    await db.execute("select * from drives where owner_id = %s order by kind", [owner_id])
    return [DriveRow(**row) for row in await db.fetchall()]


async def chosen_files(db: Db, owner_id: UUID, ids: Sequence[UUID]) -> list[DriveFileRow]:
    """Files that somebody chose: these, else the newest; the newest first."""
    await db.execute(
        """
        select d.*, coalesce(f.received, 0) as received, f.total, f.waiting
        from drive_files d left join files.fetches f on f.id = d.id
        where owner_id = %(owner)s and (%(ids)s::uuid[] = '{}' or d.id = any(%(ids)s::uuid[]))
        order by chosen_at desc, d.id limit %(limit)s
        """,
        {"owner": owner_id, "ids": list(ids), "limit": LISTED_MAX},
    )
    return [DriveFileRow(**row) for row in await db.fetchall()]
