"""Which files a question may be answered from: what is attached, as far as one may read it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from projections.knowledge import OPEN
from projections.read_model import Db

# A file `f` that somebody may use: his own or shared with him, and not in the trash.
USABLE = f"""
    f.deleted_at is null and (
        f.owner_id = %(me)s
        or exists (
            select from knowledge_entries e join knowledge k on k.id = e.knowledge_id
            where e.file_id = f.id and {OPEN}))
"""


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """A file that may be used. `chosen`: itself, and not only as a part of knowledge."""

    id: UUID
    name: str
    state: str
    chosen: bool
    whole: bool


async def usable(
    db: Db,
    user_id: UUID,
    file_ids: Collection[UUID],
    knowledge_ids: Collection[UUID],
    whole_ids: Collection[UUID] = (),
) -> list[ScopeRow]:
    """Those of these files, and of what is in this knowledge, that somebody may use now."""
    what: dict[str, Any] = {"me": user_id, "files": list(file_ids)}
    what |= {"knowledge": list(knowledge_ids), "whole": list(whole_ids)}
    await db.execute(
        f"""
        with wanted as (
            select f.id, true as chosen, f.id = any(%(whole)s) as whole from files f
            where f.id = any(%(files)s) and {USABLE}
            union all
            select e.file_id, false, k.id = any(%(whole)s)
            from knowledge k join knowledge_entries e on e.knowledge_id = k.id
            where k.id = any(%(knowledge)s) and {OPEN}
        )
        select f.id, f.name, f.state, bool_or(s.chosen) as chosen, bool_or(s.whole) as whole
        from wanted s join files f on f.id = s.id and f.deleted_at is null
        group by f.id, f.name, f.state order by f.id
        """,  # noqa: S608
        what,
    )
    return [ScopeRow(**row) for row in await db.fetchall()]


async def own(db: Db, user_id: UUID, *, limit: int) -> list[ScopeRow]:
    """The files of somebody that can be searched, newest first."""
    await db.execute(
        """
        select id, name, state, false as chosen, false as whole from files
        where owner_id = %(me)s and deleted_at is null and state = 'ready'
        order by created_at desc, id limit %(limit)s
        """,
        {"me": user_id, "limit": limit},
    )
    return [ScopeRow(**row) for row in await db.fetchall()]


async def names(db: Db, user_id: UUID, ids: Collection[UUID]) -> dict[tuple[str, UUID], str]:
    """What files and knowledge are called, by kind and id, to somebody who may use them."""
    await db.execute(
        f"""
        select 'file' as kind, f.id, f.name from files f where f.id = any(%(ids)s) and {USABLE}
        union all
        select 'knowledge', k.id, k.name from knowledge k where k.id = any(%(ids)s) and {OPEN}
        """,  # noqa: S608
        {"me": user_id, "ids": list(ids)},
    )
    return {(row["kind"], row["id"]): row["name"] for row in await db.fetchall()}
