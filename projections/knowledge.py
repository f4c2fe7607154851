"""Knowledge bases: who sees which, and where what lies in them."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from domain.aggregate import Aggregate
from domain.errors import NotFound
from domain.files import File
from domain.knowledge import Knowledge
from projections.read_model import Db, ReadModel, Writes, as_json, clean

knowledge = ReadModel(
    "knowledge",
    version=1,
    beside=("files", "users", "knowledge_sources"),
    tables="""
        create table knowledge (
            id          uuid        primary key,
            owner_id    uuid        not null,
            name        text        not null,
            description text        not null,
            cutting     jsonb,
            created_at  timestamptz not null,
            updated_at  timestamptz not null,
            deleted_at  timestamptz
        ) with (fillfactor = 80);
        create index on knowledge (owner_id);
        create table knowledge_access (
            knowledge_id uuid    not null references knowledge on delete cascade,
            place        integer not null,
            user_id      uuid,              -- null: everybody
            role         text    not null,
            primary key (knowledge_id, place)
        );
        create index on knowledge_access (user_id, knowledge_id);
        create table knowledge_directories (
            knowledge_id uuid        not null references knowledge on delete cascade,
            id           uuid        not null,
            parent_id    uuid,
            name         text        not null,
            made_at      timestamptz not null,
            primary key (knowledge_id, id),
            foreign key (knowledge_id, parent_id)
                references knowledge_directories on delete cascade
        );
        create index on knowledge_directories (knowledge_id, parent_id);
        create table knowledge_entries (
            knowledge_id uuid not null references knowledge on delete cascade,
            file_id      uuid not null,
            directory_id uuid,
            primary key (knowledge_id, file_id),
            foreign key (knowledge_id, directory_id)
                references knowledge_directories on delete cascade
        );
        create index on knowledge_entries (knowledge_id, directory_id);
        create index on knowledge_entries (file_id);
    """,
)

# Once a second is enough: of many changes in one transaction, each would make the next dearer.
TOUCHED = """
    with touched as (
        update knowledge set updated_at = %(at)s
        where id = %(id)s and updated_at < %(at)s - interval '1 second'
    )
"""


def told(event: Aggregate.Event, **more: Any) -> dict[str, Any]:
    """What a statement may use: which one, when, and more."""
    return {"id": event.originator_id, "at": event.timestamp, **more}


@knowledge.on(Knowledge.Created)
def on_created(event: Knowledge.Created, db: Writes) -> None:
    """List a new knowledge base."""
    db.execute(
        """
        insert into knowledge (id, owner_id, name, description, created_at, updated_at)
        values (%(id)s, %(owner)s, %(name)s, %(description)s, %(at)s, %(at)s)
        """,
        told(
            event,
            owner=event.owner,
            name=clean(event.name),
            description=clean(event.description),
        ),
    )


@knowledge.on(Knowledge.Described)
def on_described(event: Knowledge.Described, db: Writes) -> None:
    """Keep what it is called and for."""
    db.execute(
        """
        update knowledge
        set name = %(name)s, description = %(description)s, updated_at = %(at)s
        where id = %(id)s
        """,
        told(event, name=clean(event.name), description=clean(event.description)),
    )


@knowledge.on(Knowledge.Shared)
def on_shared(event: Knowledge.Shared, db: Writes) -> None:
    """Keep who may use it, in place of who might before."""
    db.execute("delete from knowledge_access where knowledge_id = %(id)s", told(event))
    db.execute(
        f"""
        {TOUCHED}
        insert into knowledge_access (knowledge_id, place, user_id, role)
        select %(id)s, a.place, a.user_id, a.role
        from unnest(%(users)s::uuid[], %(roles)s::text[]) with ordinality a (user_id, role, place)
        """,  # noqa: S608
        told(
            event,
            users=[each.user_id for each in event.access],
            roles=[each.role.value for each in event.access],
        ),
    )


@knowledge.on(Knowledge.CuttingChosen)
def on_cutting_chosen(event: Knowledge.CuttingChosen, db: Writes) -> None:
    """Keep how its files are cut."""
    db.execute(
        "update knowledge set cutting = %(cutting)s, updated_at = %(at)s where id = %(id)s",
        told(event, cutting=as_json(event.cutting)),
    )


@knowledge.on(Knowledge.DirectoryMade)
def on_directory_made(event: Knowledge.DirectoryMade, db: Writes) -> None:
    """Keep a new directory."""
    db.execute(
        f"""
        {TOUCHED}
        insert into knowledge_directories (knowledge_id, id, parent_id, name, made_at)
        values (%(id)s, %(directory_id)s, %(parent_id)s, %(name)s, %(at)s)
        """,  # noqa: S608
        told(
            event,
            directory_id=event.directory_id,
            parent_id=event.parent_id,
            name=clean(event.name),
        ),
    )


@knowledge.on(Knowledge.DirectoryRenamed)
def on_directory_renamed(event: Knowledge.DirectoryRenamed, db: Writes) -> None:
    """Keep what a directory is called."""
    db.execute(
        f"""
        {TOUCHED}
        update knowledge_directories set name = %(name)s
        where knowledge_id = %(id)s and id = %(directory_id)s
        """,  # noqa: S608
        told(event, directory_id=event.directory_id, name=clean(event.name)),
    )


@knowledge.on(Knowledge.DirectoryMoved)
def on_directory_moved(event: Knowledge.DirectoryMoved, db: Writes) -> None:
    """Keep where a directory lies."""
    db.execute(
        f"""
        {TOUCHED}
        update knowledge_directories set parent_id = %(parent_id)s
        where knowledge_id = %(id)s and id = %(directory_id)s
        """,  # noqa: S608
        told(event, directory_id=event.directory_id, parent_id=event.parent_id),
    )


@knowledge.on(Knowledge.DirectoryRemoved)
def on_directory_removed(event: Knowledge.DirectoryRemoved, db: Writes) -> None:
    """Forget a directory; what is in it goes with it."""
    db.execute(
        f"""
        {TOUCHED}
        delete from knowledge_directories where knowledge_id = %(id)s and id = %(directory_id)s
        """,  # noqa: S608
        told(event, directory_id=event.directory_id),
    )


@knowledge.on(Knowledge.FileAdded)
def on_file_added(event: Knowledge.FileAdded, db: Writes) -> None:
    """Keep where a new file lies."""
    db.execute(
        f"""
        {TOUCHED}
        insert into knowledge_entries (knowledge_id, file_id, directory_id)
        values (%(id)s, %(file_id)s, %(directory_id)s)
        """,  # noqa: S608
        told(event, file_id=event.file_id, directory_id=event.directory_id),
    )


@knowledge.on(Knowledge.FileMoved)
def on_file_moved(event: Knowledge.FileMoved, db: Writes) -> None:
    """Keep where a file lies now."""
    db.execute(
        f"""
        {TOUCHED}
        update knowledge_entries set directory_id = %(directory_id)s
        where knowledge_id = %(id)s and file_id = %(file_id)s
        """,  # noqa: S608
        told(event, file_id=event.file_id, directory_id=event.directory_id),
    )


@knowledge.on(Knowledge.FileRemoved)
def on_file_removed(event: Knowledge.FileRemoved, db: Writes) -> None:
    """Forget that a file is in it."""
    db.execute(
        f"""
        {TOUCHED}
        delete from knowledge_entries where knowledge_id = %(id)s and file_id = %(file_id)s
        """,  # noqa: S608
        told(event, file_id=event.file_id),
    )


@knowledge.on(Knowledge.Trashed)
def on_trashed(event: Knowledge.Trashed, db: Writes) -> None:
    """Move it to the list of the trash."""
    db.execute(
        "update knowledge set deleted_at = %(at)s where id = %(id)s",
        told(event),
    )


@knowledge.on(Knowledge.Restored)
def on_restored(event: Knowledge.Restored, db: Writes) -> None:
    """Move it back to the list."""
    db.execute("update knowledge set deleted_at = null where id = %(id)s", told(event))


@knowledge.on(Knowledge.Deleted)
def on_deleted(event: Knowledge.Deleted, db: Writes) -> None:
    """Forget it."""
    db.execute("delete from knowledge where id = %(id)s", told(event))


@knowledge.on(File.Deleted)
def on_file_deleted(event: File.Deleted, db: Writes) -> None:
    """Forget a file wherever it was."""
    db.execute("delete from knowledge_entries where file_id = %(id)s", told(event))


# Whether somebody has a knowledge base `k` of his own or shared with him, out of the trash.
SHARED = """
    exists (
        select from knowledge_access a
        where a.knowledge_id = k.id and (a.user_id = %(me)s or a.user_id is null)
    )
"""
OPEN = f"(k.deleted_at is null and (k.owner_id = %(me)s or {SHARED}))"


async def must_see(db: Db, knowledge_id: UUID, user_id: UUID) -> str:
    """The name of a knowledge base that somebody may look into, else NotFound."""
    await db.execute(
        f"""
        select k.name from knowledge k
        where k.id = %(id)s and (k.owner_id = %(me)s or {OPEN})
        """,  # noqa: S608
        {"id": knowledge_id, "me": user_id},
    )
    row = await db.fetchone()
    if row is None:
        raise NotFound("knowledge", knowledge_id)
    name: str = row["name"]
    return name


async def knowledge_of(
    db: Db, file_ids: Collection[UUID], *, seen_by: UUID | None = None
) -> dict[UUID, list[UUID]]:
    """In which knowledge bases files are, oldest first; only those that somebody sees, if named."""
    condition = f"and {OPEN}" if seen_by else ""
    await db.execute(
        f"""
        select e.file_id, array_agg(k.id order by k.created_at, k.id) as ids
        from knowledge_entries e join knowledge k on k.id = e.knowledge_id
        where e.file_id = any(%(files)s) {condition}
        group by e.file_id
        """,  # noqa: S608
        {"files": list(file_ids), "me": seen_by},
    )
    return {row["file_id"]: row["ids"] for row in await db.fetchall()}


async def readable_files(db: Db, user_id: UUID, knowledge_ids: Collection[UUID]) -> list[UUID]:
    """All files in those of these knowledge bases that somebody may use; none of the trash."""
    await db.execute(
        f"""
        select distinct f.id
        from knowledge k
        join knowledge_entries e on e.knowledge_id = k.id
        join files f on f.id = e.file_id and f.deleted_at is null
        where k.id = any(%(ids)s) and {OPEN}
        """,  # noqa: S608
        {"ids": list(knowledge_ids), "me": user_id},
    )
    return [row["id"] for row in await db.fetchall()]


async def readable(db: Db, user_id: UUID, file_ids: Collection[UUID]) -> set[UUID]:
    """Those of these files that somebody may read: his own, and what is shared with him."""
    await db.execute(
        f"""
        select f.id from files f
        where f.id = any(%(files)s) and (
            f.owner_id = %(me)s
            or f.deleted_at is null and exists (
                select from knowledge_entries e join knowledge k on k.id = e.knowledge_id
                where e.file_id = f.id and {OPEN}
            )
        )
        """,  # noqa: S608
        {"files": list(file_ids), "me": user_id},
    )
    return {row["id"] for row in await db.fetchall()}


async def may_read_file(db: Db, user_id: UUID, file_id: UUID) -> bool:
    """Whether somebody may read a file; administrators are no exception."""
    return file_id in await readable(db, user_id, [file_id])


async def files_of(db: Db, knowledge_id: UUID) -> list[UUID]:
    """All files in a knowledge base, whoever asks; for those who work for its owner."""
    await db.execute(
        """
        select f.id from knowledge_entries e
        join files f on f.id = e.file_id and f.deleted_at is null
        where e.knowledge_id = %(id)s order by f.id
        """,
        {"id": knowledge_id},
    )
    return [row["id"] for row in await db.fetchall()]
