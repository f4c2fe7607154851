"""Ratings of one model day by day, and the tags they carry."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from projections.read_model import Db

TAGS_MAX = 20


@dataclass(frozen=True, slots=True)
class RatingDay:
    """How a model was rated on one day (UTC)."""

    at: datetime
    up: int
    down: int
    neither: int


async def days(db: Db, model: str, since: datetime, until: datetime) -> list[RatingDay]:
    """The days on which somebody rated a model."""
    await db.execute(
        """
        select date_bin('1 day', changed_at, '2000-01-01Z') as at,
            count(*) filter (where value > 0) as up,
            count(*) filter (where value < 0) as down,
            count(*) filter (where value = 0) as neither
        from ratings
        where model = %(model)s and not withdrawn
            and changed_at >= %(since)s and changed_at < %(until)s
        group by 1 order by 1
        """,
        {"model": model, "since": since, "until": until},
    )
    return [RatingDay(**row) for row in await db.fetchall()]


async def tags(db: Db, model: str, since: datetime, until: datetime) -> list[tuple[str, int]]:
    """The tags of these ratings, the most frequent first."""
    await db.execute(
        """
        select tag, count(*) as n
        from ratings, jsonb_array_elements_text(tags) as tag
        where model = %(model)s and not withdrawn
            and changed_at >= %(since)s and changed_at < %(until)s
        group by tag order by n desc, tag limit %(max)s
        """,
        {"model": model, "since": since, "until": until, "max": TAGS_MAX},
    )
    rows: list[dict[str, Any]] = await db.fetchall()
    return [(row["tag"], row["n"]) for row in rows]
