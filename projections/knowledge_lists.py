"""The lists of knowledge bases: one's own, those shared with one, and those in the trash."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from domain.errors import NotFound
from projections.knowledge import SHARED
from projections.read_model import Db

Filter = Literal["mine", "shared"]

# What is told of a knowledge base. Who else may use it is its owner's business: others see only
# what concerns themselves. Files in the trash do not count.
TOLD = """
    select k.*, coalesce(u.name, '') as owner_name, r.my_role, a.access, c.*,
        case when exists (select from knowledge_sources s where s.knowledge_id = k.id)
            then 'external' else 'files' end as kind
    from chosen k
    left join users u on u.id = k.owner_id
    cross join lateral (
        select case when k.owner_id = %(me)s then 'owner' else max(a.role) end as my_role
        from knowledge_access a
        where a.knowledge_id = k.id and (a.user_id = %(me)s or a.user_id is null)
    ) r
    cross join lateral (
        select coalesce(jsonb_agg(jsonb_build_object(
            'user_id', a.user_id, 'name', p.name, 'role', a.role) order by a.place), '[]') as access
        from knowledge_access a left join users p on p.id = a.user_id
        where a.knowledge_id = k.id
          and (k.owner_id = %(me)s or a.user_id = %(me)s or a.user_id is null)
    ) a
    cross join lateral (
        select count(*) as files,
            count(*) filter (where f.state = 'ready') as ready,
            count(*) filter (where f.state = 'failed') as failed,
            coalesce(sum(f.size), 0)::bigint as size
        from knowledge_entries e join files f on f.id = e.file_id
        where e.knowledge_id = k.id and f.deleted_at is null
    ) c
    order by k.updated_at desc, k.id desc
"""
MINE = "k.owner_id = %(me)s"
CHOICES = {"mine": MINE, "shared": f"{SHARED} and not {MINE}", None: f"({MINE} or {SHARED})"}


@dataclass(frozen=True, slots=True)
class KnowledgeRow:
    """A knowledge base as somebody sees it; `deleted_at`: in the trash since."""

    id: UUID
    kind: str
    owner_id: UUID
    owner_name: str
    name: str
    description: str
    access: list[dict[str, Any]]
    my_role: str
    files: int
    ready: int
    failed: int
    size: int
    cutting: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Which knowledge bases one wants to see."""

    query: str = ""
    filter: Filter | None = None
    trash: bool = False


async def one(db: Db, knowledge_id: UUID, user_id: UUID) -> KnowledgeRow:
    """A knowledge base as somebody sees it; NotFound to those who may not."""
    await db.execute(
        f"""
        with chosen as (
            select k.* from knowledge k
            where k.id = %(id)s and ({MINE} or k.deleted_at is null and {SHARED})
        )
        {TOLD}
        """,  # noqa: S608
        {"id": knowledge_id, "me": user_id},
    )
    row = await db.fetchone()
    if row is None:
        raise NotFound("knowledge", knowledge_id)
    return KnowledgeRow(**row)


async def page(
    db: Db,
    user_id: UUID,
    choice: Choice,
    *,
    limit: int = 50,
    before: tuple[datetime, UUID] | None = None,
) -> list[KnowledgeRow]:
    """Knowledge bases, last touched first, before (updated_at, id) of the last one seen."""
    trash = f"k.deleted_at is not null and {MINE}"
    place = trash if choice.trash else f"k.deleted_at is null and {CHOICES[choice.filter]}"
    more = "and (k.updated_at, k.id) < (%(at)s, %(id)s)" if before else ""
    at, key = before or (None, None)
    await db.execute(
        f"""
        with chosen as (
            select k.* from knowledge k
            where {place} {more} and (
                position(lower(%(query)s) in lower(k.name)) > 0
                or position(lower(%(query)s) in lower(k.description)) > 0
            )
            order by k.updated_at desc, k.id desc limit %(limit)s
        )
        {TOLD}
        """,  # noqa: S608
        {"me": user_id, "query": choice.query, "limit": limit, "at": at, "id": key},
    )
    return [KnowledgeRow(**row) for row in await db.fetchall()]
