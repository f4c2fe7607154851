"""Files, passages, vectors and the log, looked at after all that was done to the worker."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Identifier

from tests.bench.documents import Json, Shelf
from tests.soak.papers import Paper

ONCE = ("file.added", "file.reading_started")
ENDS = ("file.indexed", "file.failed")
COUNTS = """
    select p.file_id, count(*), count(distinct p.ordinal), max(p.ordinal) + 1,
        count(distinct (p.start_at, p.end_at))
    from documents.passages p group by 1
"""
STRAY = """
    select count(*) from documents.passages p where not exists (
        select from documents.indexed i where i.file_id = p.file_id and i.cutting = p.cutting)
"""
VECTORS = "select file_id, count(*), count(distinct id) from {} group by 1"
LIVE = "select name from documents.indexes where state = 'live'"
EVENTS = "select stream_id, type from log.events where type like 'file.%'"

Db = psycopg.AsyncConnection[tuple[Any, ...]]


async def files_of(shelf: Shelf) -> list[Json]:
    """All files of the person."""
    found: list[Json] = []
    cursor = ""
    while True:
        page = await shelf.api.get(f"/api/v1/files?limit=50{cursor}")
        found += page["items"]
        if not page["next_cursor"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def judged(paper: Paper, file: Json | None) -> list[str]:
    """What is wrong with the end of one file."""
    name = paper.document.name
    if file is None:
        return [f"{name} is lost"]
    error = file["error"] or {}
    if paper.needle:
        is_right = file["state"] == "ready" and file["passages"]
    else:
        is_right = error.get("message") and error["kind"] != "crashed"
    problems = [] if is_right else [f"{name} {paper.wrong} is {file['state']}: {error}"]
    if file["waiting"] or file["progress"]:
        problems.append(f"{name} still waits: {file['waiting']} {file['progress']}")
    return problems


async def audit_files(shelf: Shelf, some: Sequence[Paper]) -> tuple[list[Json], list[str]]:
    """The files as they are shown, and what is wrong anywhere."""
    files = await files_of(shelf)
    names = {each.document.name for each in some}
    mine = {each["name"]: each for each in files if each["name"] in names}
    problems = [each for paper in some for each in judged(paper, mine.get(paper.document.name))]
    if len(mine) != len([each for each in files if each["name"] in names]):
        problems.append("a file is there twice")
    async with shelf.database() as db:
        problems += await passages_twice(db, files)
        problems += await vectors_twice(db, files)
        problems += await told_twice(db, files)
    return list(mine.values()), problems


async def passages_twice(db: Db, files: Sequence[Json]) -> list[str]:
    """Each passage is there once, without gaps, and no other is."""
    rows = {row[0]: row[1:] for row in await (await db.execute(COUNTS)).fetchall()}
    problems = []
    for each in files:
        wanted = each["passages"] if each["state"] == "ready" else 0
        found = rows.pop(UUID(each["id"]), (0, 0, 0, 0))
        if set(found) != {wanted}:
            problems.append(f"{each['name']} has passages {found}, not {wanted}")
    (stray,) = await (await db.execute(STRAY)).fetchone() or (0,)
    return (
        problems
        + [f"{key} has passages, but is no file" for key in rows]
        + ([f"{stray} passages are in no index"] if stray else [])
    )


async def vectors_twice(db: Db, files: Sequence[Json]) -> list[str]:
    """Each passage has one vector."""
    (name,) = await (await db.execute(LIVE)).fetchone() or ("",)
    statement = SQL(VECTORS).format(Identifier("vectors", name))
    rows = {row[0]: row[1:] for row in await (await db.execute(statement)).fetchall()}
    wanted = {UUID(each["id"]): each["passages"] for each in files if each["state"] == "ready"}
    return [
        f"{key} has vectors {rows.get(key)}, not {wanted.get(key)}"
        for key in rows.keys() | wanted.keys()
        if rows.get(key) != (wanted.get(key), wanted.get(key))
    ]


async def told_twice(db: Db, files: Sequence[Json]) -> list[str]:
    """The log tells of each file once that it came, and once how it ended."""
    counts: Counter[tuple[str, str]] = Counter()
    for key, kind in await (await db.execute(EVENTS)).fetchall():
        counts[str(key), kind] += 1
    problems = []
    for each in files:
        seen = {kind: counts[each["id"], kind] for kind in (*ONCE, *ENDS)}
        ends = sum(seen[kind] for kind in ENDS)
        if seen["file.added"] != 1 or seen["file.reading_started"] > 1 or ends != 1:
            problems.append(f"{each['name']} has {seen}")
    return problems
