"""Generations of the vector index, and which text of which file is in them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from infrastructure.lines import Lines

ERROR_CHARACTERS_MAX = 500
FILES_EACH = 10
State = Literal["filling", "live", "old", "failed"]

COLUMNS: LiteralString = (
    "id, store, name, space, dimension, cutting, settings, state, error, made_at, switched_at"
)
STATUS: LiteralString = f"""
    select {COLUMNS},
        (select count(*) from documents.indexed i where i.index_id = x.id and i.done),
        (select count(distinct t.file_id) from documents.texts t),
        (select coalesce(sum(i.passages), 0) from documents.indexed i
         where i.index_id = x.id and i.done)
    from documents.indexes x order by made_at desc, id
"""  # noqa: S608 (of our own words)
TARGETS: LiteralString = f"""
    select {COLUMNS} from documents.indexes
    where state in ('live', 'filling') order by state
"""  # noqa: S608
BEGIN: LiteralString = """
    with gone as (delete from documents.indexes where state = 'failed' and dimension = 0)
    insert into documents.indexes
        (id, store, name, space, dimension, cutting, settings, state, error)
    values (%(id)s, %(store)s, %(name)s, %(space)s, %(dimension)s, %(cutting)s, %(settings)s,
            %(state)s, %(error)s)
    on conflict do nothing
"""
END: LiteralString = """
    update documents.indexes set state = %(state)s, error = %(error)s, switched_at = now()
    where id = %(id)s and state = 'filling'
"""
START: LiteralString = """
    insert into documents.indexed as i (index_id, file_id, cutting, text_sha256, passages)
    values (%(index)s, %(file)s, %(cutting)s, decode(%(sha256)s, 'hex'), 0)
    on conflict (index_id, file_id) do update
    set done = false, cutting = excluded.cutting, text_sha256 = excluded.text_sha256,
        passages = case when i.cutting = excluded.cutting then i.passages else 0 end
    returning passages
"""
EXPECT: LiteralString = """
    update documents.indexed set passages = greatest(passages, %(passages)s)
    where index_id = %(index)s and file_id = %(file)s returning passages
"""
FINISH: LiteralString = """
    update documents.indexed set done = true, passages = %(passages)s
    where index_id = %(index)s and file_id = %(file)s
        and text_sha256 = decode(%(sha256)s, 'hex') and cutting = %(cutting)s
"""
CUT: LiteralString = """
    select passages from documents.indexed
    where file_id = %(file)s and cutting = %(cutting)s and done
        and text_sha256 = decode(%(sha256)s, 'hex') limit 1
"""
MISSING: LiteralString = """
    select distinct t.file_id from documents.texts t
    where (t.file_id > %(after)s or %(after)s::uuid is null) and not exists (
        select from documents.indexed i
        where i.index_id = %(index)s and i.file_id = t.file_id and i.done)
    order by 1 limit %(limit)s
"""
OPEN: LiteralString = """
    select j.key from work.jobs j where j.job = 'ingest' and j.key = any (%(files)s)
        and not exists (select from documents.indexed i
                        where i.index_id = %(index)s and i.file_id = j.key and i.done)
"""
# Passages go with the last generation that has them. Files that are cut in another way now are
# looked at once more, so that it is recorded how many passages they have.
EMPTY: LiteralString = """
    with gone as (
        delete from documents.indexed where index_id = %(index)s and file_id in (
            select file_id from documents.indexed where index_id = %(index)s limit %(limit)s)
        returning file_id, cutting
    ), passages as (
        delete from documents.passages p using gone g
        where p.file_id = g.file_id and p.cutting = g.cutting and not exists (
            select from documents.indexed i where i.index_id <> %(index)s
                and i.file_id = g.file_id and i.cutting = g.cutting)
    ), looked_at as (
        insert into work.jobs as j (job, key, arguments)
        select 'ingest', g.file_id, '{}' from gone g where exists (
            select from documents.indexed i join documents.indexes x on x.id = i.index_id
            where x.state = 'live' and i.file_id = g.file_id and i.cutting <> g.cutting)
        order by g.file_id
        on conflict (job, key) do update
        set position = j.position + 1, due_at = least(j.due_at, excluded.due_at)
    )
    select count(*) from gone
"""


@dataclass(frozen=True, slots=True)
class Index:
    """One generation: a collection in a store, and how its vectors were made."""

    id: UUID
    store: str
    name: str
    space: str
    dimension: int
    cutting: str
    settings: Mapping[str, Any]
    state: State
    error: str | None
    made_at: datetime
    switched_at: datetime | None


@dataclass(frozen=True, slots=True)
class Status:
    """A generation, and how full it is."""

    index: Index
    files_done: int
    files_total: int
    passages: int


@dataclass(frozen=True, slots=True)
class Indexed:
    """A text of a file in a generation; while it is not done, passages is how many may be."""

    cutting: str
    text_sha256: str
    passages: int
    done: bool


class Indexes:
    """The rows of all generations."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    async def all(self) -> list[Status]:
        """Every generation there is, newest first."""
        rows = await self._lines.rows(STATUS, {})
        return [Status(Index(*row[:-3]), *row[-3:]) for row in rows]

    async def get(self, index_id: UUID) -> Index | None:
        """One generation."""
        row = await self._lines.row(
            f"select {COLUMNS} from documents.indexes where id = %(id)s",  # noqa: S608
            {"id": index_id},
        )
        return None if row is None else Index(*row)

    async def targets(self) -> list[Index]:
        """Those that files go into: one that is filling, and the live one."""
        return [Index(*row) for row in await self._lines.rows(TARGETS, {})]

    async def live(self) -> Index | None:
        """The generation that questions are put to."""
        return next((each for each in await self.targets() if each.state == "live"), None)

    async def is_target(self, index_id: UUID) -> bool:
        """Whether files still go into it."""
        return any(each.id == index_id for each in await self.targets())

    async def begin(
        self,
        settings: Mapping[str, Any],
        *,
        space: str,
        dimension: int,
        cutting: str,
        error: str | None = None,
    ) -> UUID:
        """Begin a generation, unless another is filling; one that cannot begin says why."""
        index_id = uuid4()
        await self._lines.run(
            BEGIN,
            {
                "id": index_id,
                "store": settings["store"]["kind"],
                "name": f"passages_{index_id.hex[:16]}",
                "space": space,
                "dimension": dimension,
                "cutting": cutting,
                "settings": Jsonb(dict(settings)),
                "state": "failed" if error else "filling",
                "error": error and error[:ERROR_CHARACTERS_MAX],
            },
        )
        return index_id

    async def end(self, index_id: UUID, state: State, error: str | None = None) -> bool:
        """Fill it no more; False when it was not being filled."""
        what = {"id": index_id, "state": state, "error": error and error[:ERROR_CHARACTERS_MAX]}
        return await self._lines.run(END, what) == 1

    async def switch(self, index_id: UUID) -> list[UUID]:
        """Put questions to this one from now on; return what was live before."""
        sql: LiteralString = "select documents.switch_to(%(id)s)"
        return [row[0] for row in await self._lines.rows(sql, {"id": index_id})]

    async def remove(self, index_id: UUID) -> None:
        """Forget a generation."""
        await self._lines.run("delete from documents.indexes where id = %(id)s", {"id": index_id})

    async def mark_dropped(self, index_id: UUID) -> None:
        """One that failed is gone from its store, and only told of; it has no dimension then."""
        sql: LiteralString = "update documents.indexes set dimension = 0 where id = %(id)s"
        await self._lines.run(sql, {"id": index_id})

    async def indexed(self, index_id: UUID, file_id: UUID) -> Indexed | None:
        """What a generation has of a file."""
        row = await self._lines.row(
            "select cutting, encode(text_sha256, 'hex'), passages, done from documents.indexed "
            "where index_id = %(index)s and file_id = %(file)s",
            {"index": index_id, "file": file_id},
        )
        return None if row is None else Indexed(*row)

    async def start(self, index_id: UUID, file_id: UUID, cutting: str, sha256: str) -> int:
        """A text is about to be put in; return how many passages may be there already."""
        what = {"index": index_id, "file": file_id, "cutting": cutting, "sha256": sha256}
        rows = await self._lines.rows(START, what)
        return int(rows[0][0])

    async def expect(self, index_id: UUID, file_id: UUID, passages: int) -> int:
        """So many passages are about to be put in; return how many may then be there."""
        what = {"index": index_id, "file": file_id, "passages": passages}
        rows = await self._lines.rows(EXPECT, what)
        return int(rows[0][0]) if rows else passages

    async def finish(self, index_id: UUID, file_id: UUID, done: Indexed) -> None:
        """All of a text is in, and nothing else of the file."""
        await self._lines.run(
            FINISH,
            {
                "index": index_id,
                "file": file_id,
                "cutting": done.cutting,
                "sha256": done.text_sha256,
                "passages": done.passages,
            },
        )

    async def known_passages(self, file_id: UUID, cutting: str, sha256: str) -> int | None:
        """How many passages a text was cut into, if any generation has all of them."""
        what = {"file": file_id, "cutting": cutting, "sha256": sha256}
        row = await self._lines.row(CUT, what)
        return None if row is None else int(row[0])

    async def renew(self, file_id: UUID) -> None:
        """Have a file put in once more; what is there of it can be found until then."""
        await self._lines.run(
            "update documents.indexed set done = false where file_id = %(file)s", {"file": file_id}
        )

    async def missing(self, index_id: UUID, after: UUID | None, limit: int) -> list[UUID]:
        """Files with a text that a generation does not have, in the order of their ids."""
        what = {"index": index_id, "after": after, "limit": limit}
        return [row[0] for row in await self._lines.rows(MISSING, what)]

    async def on_the_way(self, index_id: UUID, files: Collection[UUID]) -> list[UUID]:
        """Which of these files are still to be put in by a job."""
        what = {"index": index_id, "files": list(files)}
        return [row[0] for row in await self._lines.rows(OPEN, what)]

    async def forget_file(self, file_id: UUID) -> None:
        """A file is in no generation any more."""
        await self._lines.run(
            "delete from documents.indexed where file_id = %(file)s", {"file": file_id}
        )

    async def empty(self, index_id: UUID) -> None:
        """No file is in a generation any more; what only that one needed goes too."""
        while (await self._lines.rows(EMPTY, {"index": index_id, "limit": FILES_EACH}))[0][0]:
            pass
