"""Ratings: what people think of answers now. What they thought before is in the log.

What was withdrawn stays as a row without words, so that it can be given again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from domain.chats import Chat
from domain.errors import NotFound
from domain.ratings import Rating
from projections.read_model import Db, ReadModel, Writes, as_json, clean

ratings = ReadModel(
    "ratings",
    version=2,
    beside=("users",),
    tables="""
        create table ratings (
            id         uuid        primary key,
            answer_id  uuid        not null,
            chat_id    uuid        not null,
            owner_id   uuid        not null,
            attempt    integer     not null,
            model      text        not null,
            base_model text        not null,
            value      smallint    not null,
            score      smallint,
            reasons    jsonb       not null,
            comment    text        not null,
            tags       jsonb       not null,
            created_at timestamptz not null,
            changed_at timestamptz not null,
            withdrawn  boolean     not null default false
        );
        create index on ratings (answer_id, owner_id);
        create index on ratings (chat_id);
        create index on ratings (changed_at, id) where not withdrawn;
        create index on ratings (owner_id, changed_at) where not withdrawn;
        create index on ratings (model) where not withdrawn;
    """,
)

# What the owner of a message `m` thinks of it, in one value; null when nothing.
OF_MESSAGE = """(
    select jsonb_build_object('value', r.value, 'score', r.score, 'reasons', r.reasons,
        'comment', r.comment, 'tags', r.tags)
    from ratings r where r.answer_id = m.id and r.owner_id = m.owner_id and not r.withdrawn)"""

INSERT = """
    insert into ratings (id, answer_id, chat_id, owner_id, attempt, model, base_model, value,
                         score, reasons, comment, tags, created_at, changed_at)
    values (%(id)s, %(answer)s, %(chat)s, %(owner)s, %(attempt)s, %(model)s, %(base_model)s,
            %(value)s, %(score)s, %(reasons)s, %(comment)s, %(tags)s, %(at)s, %(at)s)
"""
UPDATE = """
    update ratings
    set attempt = %(attempt)s, model = %(model)s, base_model = %(base_model)s, value = %(value)s,
        score = %(score)s, reasons = %(reasons)s, comment = %(comment)s, tags = %(tags)s,
        changed_at = %(at)s, withdrawn = false
    where id = %(id)s
"""


def row_of(event: Rating.Given | Rating.Changed) -> dict[str, Any]:
    """An opinion as it is kept."""
    return {
        "id": event.originator_id,
        "attempt": event.attempt,
        "model": clean(event.model),
        "base_model": clean(event.base_model),
        "value": event.value,
        "score": event.score,
        "reasons": as_json(event.reasons),
        "comment": clean(event.comment),
        "tags": as_json(event.tags),
        "at": event.timestamp,
    }


@ratings.on(Rating.Given)
def on_given(event: Rating.Given, db: Writes) -> None:
    """Keep it."""
    whose = {"answer": event.answer_id, "chat": event.chat_id, "owner": event.owner}
    db.execute(INSERT, {**row_of(event), **whose})


@ratings.on(Rating.Changed)
def on_changed(event: Rating.Changed, db: Writes) -> None:
    """Keep the new one in its place."""
    db.execute(UPDATE, row_of(event))


@ratings.on(Rating.Withdrawn)
def on_withdrawn(event: Rating.Withdrawn, db: Writes) -> None:
    """Show it no more, and forget the words."""
    db.execute(
        """
        update ratings set withdrawn = true, comment = '', tags = '[]', changed_at = %(at)s
        where id = %(id)s
        """,
        {"id": event.originator_id, "at": event.timestamp},
    )


@ratings.on(Chat.Deleted)
def on_chat_deleted(event: Chat.Deleted, db: Writes) -> None:
    """List no more what was thought of answers that are gone for good."""
    db.execute("delete from ratings where chat_id = %(chat)s", {"chat": event.originator_id})


Sort = Literal["date", "user", "model", "value"]

# By what rows are put in order, and the type of it in a cursor.
SORTS: dict[str, tuple[str, str]] = {
    "date": ("r.changed_at", "timestamptz"),
    "user": ("lower(coalesce(u.name, ''))", "text"),
    "model": ("r.model", "text"),
    "value": ("r.value * 100 + coalesce(r.score, 0)", "integer"),
}
FILTERS = {
    "model": "r.model = %(model)s",
    "value": "r.value = %(value)s",
    "user": "r.owner_id = %(user)s",
    "since": "r.changed_at >= %(since)s",
    "until": "r.changed_at < %(until)s",
}


@dataclass(frozen=True, slots=True)
class RatingRow:
    """An opinion, and whose it is; `place` is where it stands in the order that was asked for."""

    id: UUID
    answer_id: UUID
    chat_id: UUID
    owner_id: UUID
    user_name: str
    user_email: str
    model: str
    base_model: str
    attempt: int
    value: Literal[-1, 0, 1]
    score: int | None
    reasons: list[str]
    comment: str
    tags: list[str]
    created_at: datetime
    changed_at: datetime
    place: str


COLUMNS = """
    r.id, r.answer_id, r.chat_id, r.owner_id, coalesce(u.name, '') as user_name,
    coalesce(u.email, '') as user_email, r.model, r.base_model, r.attempt, r.value, r.score,
    r.reasons, r.comment, r.tags, r.created_at, r.changed_at"""


async def page(
    db: Db,
    filters: Mapping[str, Any],
    *,
    sort: Sort = "date",
    ascending: bool = False,
    limit: int = 50,
    after: tuple[str, UUID] | None = None,
) -> list[RatingRow]:
    """Opinions that fit (names as in FILTERS), after (place, id) of the last one seen."""
    by, kind = SORTS[sort]
    way, beyond = ("asc", ">") if ascending else ("desc", "<")
    given = {name: value for name, value in filters.items() if value is not None}
    where = " and ".join(["not r.withdrawn", *(FILTERS[name] for name in given)])
    if after:
        where += f" and ({by}, r.id) {beyond} (%(place)s::{kind}, %(id)s)"
    place, key = after or (None, None)
    await db.execute(
        f"""
        select {COLUMNS}, ({by})::text as place
        from ratings r left join users u on u.id = r.owner_id
        where {where} order by {by} {way}, r.id {way} limit %(limit)s
        """,  # noqa: S608
        {**given, "place": place, "id": key, "limit": limit},
    )
    return [RatingRow(**row) for row in await db.fetchall()]


async def rating(db: Db, answer_id: UUID, owner_id: UUID) -> RatingRow:
    """What somebody thinks of an answer, or NotFound."""
    await db.execute(
        f"""
        select {COLUMNS}, '' as place from ratings r left join users u on u.id = r.owner_id
        where r.answer_id = %(answer)s and r.owner_id = %(owner)s and not r.withdrawn
        """,  # noqa: S608
        {"answer": answer_id, "owner": owner_id},
    )
    row = await db.fetchone()
    if row is None:
        raise NotFound("rating of answer", answer_id)
    return RatingRow(**row)


async def models(db: Db, owner_id: UUID | None = None) -> list[str]:
    """All models of which somebody has an opinion, or this person."""
    await db.execute(
        """
        select distinct model from ratings
        where not withdrawn and (%(owner)s::uuid is null or owner_id = %(owner)s) order by model
        """,
        {"owner": owner_id},
    )
    return [row["model"] for row in await db.fetchall()]
