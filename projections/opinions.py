"""Opinions: who thought what of which answer, at every place in the log."""

from dataclasses import dataclass

from domain.feedbacks import RecordedFeedback
from domain.ratings import Rating
from projections.read_model import Db, ReadModel, Writes, clean

opinions = ReadModel(
    "opinions",
    version=1,
    lane="evaluation",
    tables="""
        create table opinions (
            position  bigint      primary key,
            until     bigint,     -- where the next opinion of the same rating stands
            rating_id uuid        not null,
            voter     uuid,
            answer_id uuid,
            model     text collate "C" not null default '',
            value     int,        -- null when there is none any more
            score     int,
            reasons   text[]      not null default '{}',
            tags      text[]      not null default '{}',
            at        timestamptz not null
        );
        create index on opinions (rating_id, position);
        create index on opinions (model, position);
        create table feedback (
            position bigint      primary key,
            key      text collate "C" not null,
            model    text collate "C" not null,
            siblings text[]      not null,
            value    int         not null,
            at       timestamptz not null
        );
    """,
)

CLOSE = """
    update opinions set until = %(position)s where rating_id = %(id)s and until is null
"""
OPEN = """
    insert into opinions (position, rating_id, voter, answer_id, model, value, score, reasons,
        tags, at)
    select %(position)s, %(id)s,
        coalesce(%(voter)s::uuid, (select o.voter from opinions o where o.rating_id = %(id)s
                             order by o.position limit 1)),
        coalesce(%(answer)s::uuid, (select o.answer_id from opinions o where o.rating_id = %(id)s
                              order by o.position limit 1)),
        %(model)s, %(value)s, %(score)s, %(reasons)s, %(tags)s, %(at)s
"""
STANDING = """
    select model, count(*) filter (where value > 0) as up,
        count(*) filter (where value < 0) as down, count(*) filter (where value = 0) as neutral
    from opinions where position <= %(until)s and (until is null or until > %(until)s)
        and value is not null
    group by model order by model
"""


@opinions.on(Rating.Given)
def on_given(event: Rating.Given, db: Writes) -> None:
    """Somebody has an opinion."""
    put(event, db)


@opinions.on(Rating.Changed)
def on_changed(event: Rating.Changed, db: Writes) -> None:
    """He thinks otherwise."""
    put(event, db)


@opinions.on(Rating.Withdrawn)
def on_withdrawn(event: Rating.Withdrawn, db: Writes) -> None:
    """He has none any more."""
    db.execute(CLOSE, {"position": db.position, "id": event.originator_id})


def put(event: Rating.Given | Rating.Changed, db: Writes) -> None:
    """Have an opinion follow the one before."""
    db.execute(CLOSE, {"position": db.position, "id": event.originator_id})
    db.execute(
        OPEN,
        {
            "position": db.position,
            "id": event.originator_id,
            "voter": getattr(event, "owner", None),
            "answer": getattr(event, "answer_id", None),
            "model": clean(event.model),
            "value": event.value,
            "score": event.score,
            "reasons": [clean(each) for each in event.reasons],
            "tags": [clean(each) for each in event.tags],
            "at": event.timestamp,
        },
    )


@opinions.on(RecordedFeedback.Recorded)
def on_feedback(event: RecordedFeedback.Recorded, db: Writes) -> None:
    """A thumb from elsewhere."""
    db.execute(
        "insert into feedback values (%(position)s, %(key)s, %(model)s, %(siblings)s, %(value)s,"
        " %(at)s)",
        {
            "position": db.position,
            "key": clean(event.key),
            "model": clean(event.model),
            "siblings": [clean(each) for each in event.siblings],
            "value": event.value,
            "at": event.timestamp,
        },
    )


@dataclass(frozen=True, slots=True)
class Thumbs:
    """How often a model was liked and disliked."""

    model: str
    up: int
    down: int
    neutral: int


async def thumbs(db: Db, until: int) -> list[Thumbs]:
    """What people thought of each model at a place in the log."""
    await db.execute(STANDING, {"until": until})
    return [Thumbs(**row) for row in await db.fetchall()]


async def feedback(db: Db, until: int) -> list[tuple[str, list[str], int]]:
    """Thumbs from elsewhere in the order they were given: model, siblings, value."""
    await db.execute(
        "select model, siblings, value from feedback where position <= %(until)s order by at, key",
        {"until": until},
    )
    return [(row["model"], row["siblings"], row["value"]) for row in await db.fetchall()]


async def last_opinion(db: Db, until: int) -> int:
    """The position of the last thumb up to a place in the log."""
    await db.execute(
        "select greatest((select max(position) from opinions where position <= %(until)s),"
        " (select max(until) from opinions where until <= %(until)s),"
        " (select max(position) from feedback where position <= %(until)s)) as position",
        {"until": until},
    )
    row = await db.fetchone()
    assert row is not None
    return int(row["position"] or 0)
