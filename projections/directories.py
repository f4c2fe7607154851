"""What lies in knowledge bases: directories and files, as lists and as paths."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from domain.errors import NotFound
from projections.read_model import Db

Kind = Literal["directory", "file"]
Sort = Literal["name", "date", "size"]
Place = tuple[int, int, str, UUID]

# What files and directories are ordered by before their names, both rising.
FILE_KEYS: dict[Sort, str] = {
    "name": "0",
    "date": "-(extract(epoch from f.updated_at) * 1000000)::bigint",
    "size": "-f.size",
}
DIRECTORY_KEYS: dict[Sort, str] = {
    "name": "0",
    "date": "-(extract(epoch from d.made_at) * 1000000)::bigint",
    "size": "0",
}
NAMED = "position(lower(%(query)s) in lower({name})) > 0"


@dataclass(frozen=True, slots=True)
class EntryRow:
    """A directory or a file; `place` says where the list goes on behind it."""

    kind: Kind
    id: UUID
    name: str
    directory_id: UUID | None
    place: Place


@dataclass(frozen=True, slots=True)
class Entries:
    """Which entries one wants: those of a directory, or all whose names have some words."""

    directory_id: UUID | None = None
    query: str = ""
    sort: Sort = "name"
    limit: int = 50
    after: Place | None = None


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A file, and the names of the directories it lies in from the top, with its own."""

    id: UUID
    path: tuple[str, ...]
    size: int
    sha256: str
    text_sha256: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Tree:
    """All that lies in a knowledge base."""

    directories: dict[UUID, tuple[str, ...]]
    files: list[FilePlace]


async def entries(db: Db, knowledge_id: UUID, wanted: Entries) -> list[EntryRow]:
    """Directories, then files, in order; of whoever may look, which is not asked here."""
    if wanted.directory_id and not wanted.query:
        await must_exist(db, knowledge_id, wanted.directory_id)
    rank, key, low, last = wanted.after or (0, 0, "", None)
    await db.execute(
        listing(wanted),
        {
            "knowledge": knowledge_id,
            "directory_id": wanted.directory_id,
            "query": wanted.query,
            "limit": wanted.limit,
            "rank": rank,
            "key": key,
            "low": low,
            "id": last,
        },
    )
    return [
        EntryRow(
            "file" if row["rank"] else "directory",
            row["id"],
            row["name"],
            row["directory_id"],
            (row["rank"], row["key"], row["low"], row["id"]),
        )
        for row in await db.fetchall()
    ]


def listing(wanted: Entries) -> str:
    """The question that gives a page of entries."""
    narrow = NAMED if wanted.query else "{above} is not distinct from %(directory_id)s"
    more = "where (rank, key, low, id) > (%(rank)s, %(key)s, %(low)s, %(id)s)"
    return f"""
        select * from (
            select 0 as rank, {DIRECTORY_KEYS[wanted.sort]} as key, lower(d.name) as low,
                d.id, d.name, d.parent_id as directory_id
            from knowledge_directories d
            where d.knowledge_id = %(knowledge)s
                and {narrow.format(name="d.name", above="d.parent_id")}
            union all
            select 1, {FILE_KEYS[wanted.sort]}, lower(f.name), f.id, f.name, e.directory_id
            from knowledge_entries e join files f on f.id = e.file_id and f.deleted_at is null
            where e.knowledge_id = %(knowledge)s
                and {narrow.format(name="f.name", above="e.directory_id")}
        ) found
        {more if wanted.after else ""}
        order by rank, key, low, id limit %(limit)s
        """  # noqa: S608


async def must_exist(db: Db, knowledge_id: UUID, directory_id: UUID) -> None:
    """Refuse a directory that is not in a knowledge base."""
    await db.execute(
        "select from knowledge_directories where knowledge_id = %s and id = %s",
        [knowledge_id, directory_id],
    )
    if await db.fetchone() is None:
        raise NotFound("directory", directory_id)


async def tree(db: Db, knowledge_id: UUID) -> Tree:
    """Everything in a knowledge base with its path; files in the trash are left out."""
    await db.execute(
        """
        with recursive paths as (
            select id, array[name] as path from knowledge_directories
            where knowledge_id = %(id)s and parent_id is null
            union all
            select d.id, p.path || d.name from paths p
            join knowledge_directories d on d.knowledge_id = %(id)s and d.parent_id = p.id
        )
        select id, path from paths
        """,
        {"id": knowledge_id},
    )
    directories = {row["id"]: tuple(row["path"]) for row in await db.fetchall()}
    await db.execute(
        """
        select f.id, f.name, e.directory_id, f.size, f.sha256, f.text_sha256, f.updated_at
        from knowledge_entries e join files f on f.id = e.file_id and f.deleted_at is null
        where e.knowledge_id = %(id)s order by f.created_at, f.id
        """,
        {"id": knowledge_id},
    )
    files = [
        FilePlace(
            row["id"],
            (*directories.get(row["directory_id"], ()), row["name"]),
            row["size"],
            row["sha256"],
            row["text_sha256"],
            row["updated_at"],
        )
        for row in await db.fetchall()
    ]
    return Tree(directories, files)
