"""Queues: what is to be judged, what people said, and which battles one can be drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.errors import NotFound
from domain.queues import Plan, Queue, Sieve
from projections.read_model import Db, ReadModel, Writes, as_json, clean

queues = ReadModel(
    "queues",
    version=2,
    lane="evaluation",
    beside=("votes",),
    tables="""
        create table queues (
            id           uuid        primary key,
            owner_id     uuid        not null,
            position     bigint      not null unique,
            name         text        not null,
            instructions text        not null,
            sieve        jsonb       not null,
            seed         bigint      not null,
            people       int         not null,
            annotators   uuid[]      not null,
            pool         int         not null default 0,
            count        int         not null default 0,
            is_over      boolean     not null default false,
            created_at   timestamptz not null
        );
        create table queue_items (
            queue_id uuid not null,
            item     int  not null,
            battle   text collate "C" not null,
            primary key (queue_id, item)
        );
        create table annotations (
            queue_id  uuid        not null,
            item      int         not null,
            annotator uuid        not null,
            winner    text,   -- null when he passed
            comment   text        not null,
            position  bigint      not null,
            at        timestamptz not null,
            primary key (queue_id, item, annotator)
        );
        create index on annotations (queue_id, annotator);
        create index on annotations (position);
    """,
)


@queues.on(Queue.Opened)
def on_opened(event: Queue.Opened, db: Writes) -> None:
    """List a queue."""
    plan = event.plan
    db.execute(
        """
        insert into queues (id, owner_id, position, name, instructions, sieve, seed, people,
                            annotators, created_at)
        values (%(id)s, %(owner)s, %(position)s, %(name)s, %(instructions)s, %(sieve)s, %(seed)s,
                %(people)s, %(annotators)s, %(at)s)
        """,
        {
            "id": event.originator_id,
            "owner": event.owner,
            "position": db.position,
            "name": clean(plan.name),
            "instructions": clean(plan.instructions),
            "sieve": as_json(sieve_of(plan)),
            "seed": plan.seed,
            "people": plan.people,
            "annotators": plan.annotators,
            "at": event.timestamp,
        },
    )


def sieve_of(plan: Plan) -> dict[str, Any]:
    """What a queue is drawn from, as JSON has it."""
    names = ("space", "category", "language", "models", "without_votes")
    return {name: getattr(plan.sieve, name) for name in names}


@queues.on(Queue.ItemsDrawn)
def on_items_drawn(event: Queue.ItemsDrawn, db: Writes) -> None:
    """Keep what is to be judged."""
    what = {"id": event.originator_id, "battles": [clean(each) for each in event.battles]}
    db.execute(
        "update queues set pool = %(pool)s, count = %(count)s where id = %(id)s",
        {**what, "pool": event.pool, "count": len(event.battles)},
    )
    db.execute(
        """
        insert into queue_items (queue_id, item, battle)
        select %(id)s, place - 1, battle
        from unnest(%(battles)s::text[]) with ordinality as drawn (battle, place)
        """,
        what,
    )


def note(event: Queue.Annotated | Queue.Skipped, db: Writes, winner: str | None, said: str) -> None:
    """Keep what somebody said of an item."""
    db.execute(
        """
        insert into annotations (queue_id, item, annotator, winner, comment, position, at)
        values (%(id)s, %(item)s, %(annotator)s, %(winner)s, %(comment)s, %(position)s, %(at)s)
        on conflict do nothing
        """,
        {
            "id": event.originator_id,
            "item": event.item,
            "annotator": event.annotator,
            "winner": winner,
            "comment": clean(said),
            "position": db.position,
            "at": event.timestamp,
        },
    )


@queues.on(Queue.Annotated)
def on_annotated(event: Queue.Annotated, db: Writes) -> None:
    """Somebody judged."""
    note(event, db, event.winner, event.comment or "")


@queues.on(Queue.Skipped)
def on_skipped(event: Queue.Skipped, db: Writes) -> None:
    """Somebody passed."""
    note(event, db, None, "")


@queues.on(Queue.Closed)
def on_closed(event: Queue.Closed, db: Writes) -> None:
    """It is over."""
    db.execute("update queues set is_over = true where id = %(id)s", {"id": event.originator_id})


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue; `mine` and `passed` are those of whoever looks, `finished` items need nobody."""

    id: UUID
    owner_id: UUID
    position: int
    name: str
    instructions: str
    sieve: dict[str, Any]
    seed: int
    people: int
    annotators: list[UUID]
    pool: int
    count: int
    is_over: bool
    created_at: datetime
    annotated: int
    finished: int
    mine: int
    passed: int


FOUND = """
    select q.*, s.*, m.* from queues q
    cross join lateral (
        select coalesce(sum(n), 0)::bigint as annotated,
            count(*) filter (where n >= q.people) as finished
        from (select count(winner) as n from annotations a where a.queue_id = q.id
              group by a.item) done) s
    cross join lateral (
        select count(winner) as mine, count(*) - count(winner) as passed
        from annotations a where a.queue_id = q.id and a.annotator = %(who)s) m
"""


async def queue(db: Db, queue_id: UUID, who: UUID) -> QueueRow:
    """One queue, or NotFound."""
    await db.execute(f"{FOUND} where q.id = %(id)s", {"id": queue_id, "who": who})
    row = await db.fetchone()
    if row is None:
        raise NotFound("queue", queue_id)
    return QueueRow(**row)


async def page(db: Db, who: UUID, *, every: bool, limit: int, before: int | None) -> list[QueueRow]:
    """Queues, the newest first: every one, or those that are open to somebody."""
    await db.execute(
        f"""
        {FOUND}
        where (%(before)s::bigint is null or q.position < %(before)s) and (%(every)s
            or (not q.is_over and (cardinality(q.annotators) = 0 or %(who)s = any(q.annotators))))
        order by q.position desc limit %(limit)s
        """,
        {"who": who, "every": every, "limit": limit, "before": before},
    )
    return [QueueRow(**row) for row in await db.fetchall()]


async def winners(db: Db, queue_ids: Sequence[UUID]) -> dict[UUID, list[list[str]]]:
    """What was said of each item of some queues."""
    await db.execute(
        """
        select queue_id, array_agg(winner) as winners from annotations
        where queue_id = any(%(ids)s) and winner is not null group by queue_id, item
        """,
        {"ids": list(queue_ids)},
    )
    found: dict[UUID, list[list[str]]] = {each: [] for each in queue_ids}
    for row in await db.fetchall():
        found[row["queue_id"]].append(row["winners"])
    return found


async def annotations(db: Db, queue_id: UUID) -> list[dict[str, Any]]:
    """All that was said, in the order of the log."""
    await db.execute(
        """
        select a.item, i.battle as battle_id, b.model_a, b.model_b,
            coalesce(b.category, '') as category, coalesce(b.language, '') as language,
            a.annotator, a.winner, a.comment, a.at
        from annotations a join queue_items i on i.queue_id = a.queue_id and i.item = a.item
        join queues q on q.id = a.queue_id
        left join bouts b on b.space = q.sieve ->> 'space' and b.battle = i.battle
        where a.queue_id = %(id)s and a.winner is not null order by a.position
        """,
        {"id": queue_id},
    )
    return await db.fetchall()


# The same seed gives the same order, also when there are more battles later on.
DRAW = """
    with pool as (
        select b.battle from bouts b
        where b.space = %(space)s and b.status_a = 'complete' and b.status_b = 'complete'
            and b.model_a <> b.model_b and not b.leaked_a and not b.leaked_b
            and (%(category)s = '' or b.category = %(category)s)
            and (%(language)s = '' or b.language = %(language)s)
            and (cardinality(%(models)s::text[]) = 0 or b.model_a = any(%(models)s)
                 or b.model_b = any(%(models)s))
            and not (%(without_votes)s and exists (
                select from votes v where v.space = b.space and v.battle = b.battle))
    )
    select battle, (select count(*) from pool)::int as pool from pool
    order by md5(%(seed)s::text || ' ' || battle), battle limit %(size)s
"""


async def drawn(db: Db, sieve: Sieve, *, seed: int, size: int) -> tuple[list[str], int]:
    """Battles drawn at random by a seed, and from how many."""
    names = ("space", "category", "language", "models", "without_votes")
    what = {name: getattr(sieve, name) for name in names}
    await db.execute(DRAW, {**what, "seed": seed, "size": size})
    rows = await db.fetchall()
    return [row["battle"] for row in rows], rows[0]["pool"] if rows else 0
