"""Files: what each person has, how far it has been read, and what stands in the way."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from domain.errors import NotFound
from domain.files import File, State
from projections.knowledge import OPEN, may_read_file
from projections.read_model import Db, ReadModel, Writes, as_json, clean

files = ReadModel(
    "files",
    version=1,
    beside=("knowledge",),
    tables="""
        create table files (
            id          uuid        primary key,
            owner_id    uuid        not null,
            name        text        not null,
            media_type  text        not null,
            size        bigint      not null,
            sha256      text        not null,
            source      text        not null,
            state       text        not null default 'queued',
            error       jsonb,
            title       text        not null default '',
            pages       integer,
            characters  integer,
            text_sha256 text        not null default '',
            edited      boolean     not null default false,
            passages    integer,
            created_at  timestamptz not null,
            updated_at  timestamptz not null,
            deleted_at  timestamptz
        ) with (fillfactor = 80);
        create index on files (owner_id, created_at, id);
        create index on files (owner_id, sha256);
        create index on files (created_at, id);
        create index on files (deleted_at) where deleted_at is not null;
    """,
)


def change(db: Writes, event: File.Event, assignments: str, **values: Any) -> None:
    """Change the row of a file."""
    db.execute(
        f"update files set updated_at = %(at)s, {assignments} where id = %(id)s",  # noqa: S608
        {"id": event.originator_id, "at": event.timestamp, **values},
    )


@files.on(File.Added)
def on_added(event: File.Added, db: Writes) -> None:
    """List a new file."""
    db.execute(
        """
        insert into files
            (id, owner_id, name, media_type, size, sha256, source, created_at, updated_at)
        values (%(id)s, %(owner)s, %(name)s, %(media_type)s, %(size)s, %(sha256)s, %(source)s,
            %(at)s, %(at)s)
        """,
        {
            "id": event.originator_id,
            "owner": event.owner,
            "name": clean(event.name),
            "media_type": event.media_type,
            "size": event.size,
            "sha256": event.sha256,
            "source": clean(event.source),
            "at": event.timestamp,
        },
    )


@files.on(File.Renamed)
def on_renamed(event: File.Renamed, db: Writes) -> None:
    """Keep the new name."""
    change(db, event, "name = %(name)s", name=clean(event.name))


@files.on(File.ReadingStarted)
def on_reading_started(event: File.ReadingStarted, db: Writes) -> None:
    """Show that it is being read."""
    change(db, event, "state = 'reading', error = null")


@files.on(File.Read)
def on_read(event: File.Read, db: Writes) -> None:
    """Keep what is known of its text."""
    change(
        db,
        event,
        """
        state = 'indexing', error = null, passages = null, edited = false, title = %(title)s,
        pages = %(pages)s, characters = %(characters)s, text_sha256 = %(text_sha256)s
        """,
        title=clean(event.title),
        pages=event.pages,
        characters=event.characters,
        text_sha256=event.text_sha256,
    )


@files.on(File.TextEdited)
def on_text_edited(event: File.TextEdited, db: Writes) -> None:
    """Keep that a person wrote its text."""
    change(
        db,
        event,
        """
        state = 'indexing', error = null, passages = null, edited = true,
        characters = %(characters)s, text_sha256 = %(text_sha256)s
        """,
        characters=event.characters,
        text_sha256=event.text_sha256,
    )


@files.on(File.Indexed)
def on_indexed(event: File.Indexed, db: Writes) -> None:
    """Show that it can be found."""
    change(db, event, "state = 'ready', error = null, passages = %(count)s", count=event.passages)


@files.on(File.Failed)
def on_failed(event: File.Failed, db: Writes) -> None:
    """Show why it cannot be found."""
    error = {"stage": event.stage, "kind": event.kind, "message": event.message}
    change(db, event, "state = 'failed', error = %(error)s", error=as_json(error))


@files.on(File.Retried)
def on_retried(event: File.Retried, db: Writes) -> None:
    """Show that it is on its way again."""
    state = "case when text_sha256 = '' then 'queued' else 'indexing' end"
    change(db, event, f"state = {state}, error = null")


@files.on(File.Replaced)
def on_replaced(event: File.Replaced, db: Writes) -> None:
    """Show the other bytes, of which nothing is known yet."""
    change(
        db,
        event,
        """
        name = %(name)s, media_type = %(media_type)s, size = %(size)s, sha256 = %(sha256)s,
        state = 'queued', error = null, title = '', pages = null, characters = null,
        text_sha256 = '', edited = false, passages = null
        """,
        name=clean(event.name),
        media_type=event.media_type,
        size=event.size,
        sha256=event.sha256,
    )


@files.on(File.Trashed)
def on_trashed(event: File.Trashed, db: Writes) -> None:
    """Move it to the list of the trash."""
    change(db, event, "deleted_at = %(at)s")


@files.on(File.Restored)
def on_restored(event: File.Restored, db: Writes) -> None:
    """Move it back to the list."""
    change(db, event, "deleted_at = null")


@files.on(File.Deleted)
def on_deleted(event: File.Deleted, db: Writes) -> None:
    """Forget it."""
    db.execute("delete from files where id = %(id)s", {"id": event.originator_id})


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file; `deleted_at`: in the trash since, `edited`: a person wrote its text."""

    id: UUID
    owner_id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    source: str
    state: str
    error: dict[str, str] | None
    title: str
    pages: int | None
    characters: int | None
    text_sha256: str
    edited: bool
    passages: int | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


Sort = Literal["newest", "oldest", "name", "size"]
Place = tuple[datetime | str | int, UUID]

# What files are ordered by before their ids, and whether both rise; how a place is compared.
ORDERS: dict[Sort, tuple[str, bool, str]] = {
    "newest": ("f.created_at", False, "%(key)s"),
    "oldest": ("f.created_at", True, "%(key)s"),
    "name": ("lower(f.name)", True, "lower(%(key)s)"),
    "size": ("f.size", False, "%(key)s"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which files one wants to see; `everybody`: not only one's own."""

    query: str = ""
    state: State | None = None
    knowledge_id: UUID | None = None
    trash: bool = False
    everybody: bool = False
    sort: Sort = "newest"

    def place(self, row: FileRow) -> Place:
        """Where the list goes on behind a file."""
        keys: dict[str, datetime | str | int] = {"name": row.name, "size": row.size}
        return keys.get(self.sort, row.created_at), row.id


@dataclass(frozen=True, slots=True)
class Doing:
    """What is being done to a file at the moment, or why nothing is."""

    done: int | None = None
    total: int | None = None
    waiting: str | None = None


async def find(db: Db, file_id: UUID) -> FileRow | None:
    """A file, whoever's it is; for those who work for its owner."""
    return next(iter(await some(db, [file_id])), None)


async def some(db: Db, file_ids: Collection[UUID]) -> list[FileRow]:
    """Those of these files that there are, whoever's they are."""
    await db.execute("select * from files where id = any(%s)", [list(file_ids)])
    return [FileRow(**row) for row in await db.fetchall()]


async def file(db: Db, file_id: UUID, user_id: UUID) -> FileRow:
    """A file to its owner and to whom it is shared with; to others NotFound."""
    found = await find(db, file_id)
    if found is None or not await may_read(db, found, user_id):
        raise NotFound("file", file_id)
    return found


async def own(db: Db, file_id: UUID, owner_id: UUID) -> FileRow:
    """A file to its owner; to others NotFound."""
    found = await find(db, file_id)
    if found is None or found.owner_id != owner_id:
        raise NotFound("file", file_id)
    return found


async def may_read(db: Db, found: FileRow, user_id: UUID) -> bool:
    """Whether somebody may read a file: his own, or one in knowledge that is shared with him."""
    return found.owner_id == user_id or await may_read_file(db, user_id, found.id)


async def page(
    db: Db, user_id: UUID, choice: Choice, *, limit: int = 50, after: Place | None = None
) -> list[FileRow]:
    """Files in the order of a choice, behind the place of the last one seen."""
    column, rises, compared = ORDERS[choice.sort]
    way, sign = ("asc", ">") if rises else ("desc", "<")
    wanted = conditions(choice)
    if after:
        wanted.append(f"({column}, f.id) {sign} ({compared}, %(id)s)")
    key, last = after or (None, None)
    await db.execute(
        f"""
        select f.* from files f where {" and ".join(wanted)}
        order by {column} {way}, f.id {way} limit %(limit)s
        """,  # noqa: S608
        {
            "me": user_id,
            "knowledge": choice.knowledge_id,
            "query": f"%{literal(choice.query)}%",
            "state": choice.state and choice.state.value,
            "key": key,
            "id": last,
            "limit": limit,
        },
    )
    return [FileRow(**row) for row in await db.fetchall()]


def conditions(choice: Choice) -> list[str]:
    """What must hold of a file that somebody wants to see, and may."""
    wanted = ["f.deleted_at is not null" if choice.trash else "f.deleted_at is null"]
    if choice.knowledge_id:
        wanted.append(f"""exists (
            select from knowledge_entries e join knowledge k on k.id = e.knowledge_id
            where e.file_id = f.id and k.id = %(knowledge)s and {OPEN})""")
    if not choice.everybody and (choice.trash or not choice.knowledge_id):
        wanted.append("f.owner_id = %(me)s")
    if choice.query:
        wanted.append("f.name ilike %(query)s")
    if choice.state:
        wanted.append("f.state = %(state)s")
    return wanted


def literal(text: str) -> str:
    """A text in which `ilike` finds no signs of its own."""
    return "".join(f"\\{each}" if each in "\\%_" else each for each in text)


async def counts(db: Db, owner_id: UUID) -> dict[str, int]:
    """How many files somebody has in each state and in the trash, and their bytes in all."""
    await db.execute(
        """
        select case when deleted_at is null then state else 'trash' end as what,
            count(*) as count, sum(size)::bigint as size
        from files where owner_id = %s group by what
        """,
        [owner_id],
    )
    rows = await db.fetchall()
    names = [*(each.value for each in State), "trash"]
    found = {row["what"]: row["count"] for row in rows}
    return {name: found.get(name, 0) for name in names} | {"size": sum(row["size"] for row in rows)}


async def same(db: Db, owner_id: UUID, sha256: str) -> FileRow | None:
    """The first file somebody has of these bytes, out of the trash."""
    await db.execute(
        """
        select * from files where owner_id = %s and sha256 = %s and deleted_at is null
        order by created_at, id limit 1
        """,
        [owner_id, sha256],
    )
    row = await db.fetchone()
    return FileRow(**row) if row else None


async def expired(db: Db, before: datetime, *, limit: int = 500) -> list[UUID]:
    """Files that lie in the trash since before a time."""
    await db.execute(
        "select id from files where deleted_at < %s order by deleted_at limit %s", [before, limit]
    )
    return [row["id"] for row in await db.fetchall()]


async def doing(db: Db, file_ids: Collection[UUID]) -> dict[UUID, Doing]:
    """What workers say of files. It is no part of the read model; they write it themselves."""
    await db.execute(
        """
        select i.id, p.done, p.total, w.reason as waiting
        from unnest(%s::uuid[]) as i (id)
        left join documents.progress p on p.file_id = i.id
        left join documents.waiting w on w.file_id = i.id
        where p.file_id is not null or w.file_id is not null
        """,
        [list(file_ids)],
    )
    return {row.pop("id"): Doing(**row) for row in await db.fetchall()}
