"""People as others find them: those who were let in, by a part of their names or addresses."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from projections.read_model import Db


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody else."""

    id: UUID
    name: str
    email: str
    created_at: datetime


async def page(
    db: Db, me: UUID, query: str, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[PersonRow]:
    """Others with words in name or address, oldest first, after (created_at, id) of the last."""
    more = "and (created_at, id) > (%(at)s, %(id)s)" if after else ""
    at, key = after or (None, None)
    await db.execute(
        f"""
        select id, name, email, created_at from users
        where id <> %(me)s and role <> 'pending' {more} and (
            position(lower(%(query)s) in lower(name)) > 0
            or position(lower(%(query)s) in lower(email)) > 0
        )
        order by created_at, id limit %(limit)s
        """,  # noqa: S608
        {"me": me, "query": query, "limit": limit, "at": at, "id": key},
    )
    return [PersonRow(**row) for row in await db.fetchall()]
