"""Sinks: who is told of evaluations, and since when; how far they were told lies elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.errors import NotFound
from domain.sinks import Sink
from projections.read_model import Db, ReadModel, Writes, clean

sinks = ReadModel(
    "sinks",
    version=1,
    tables="""
        create table sinks (
            id           uuid        primary key,
            kind         text        not null,
            name         text        not null,
            url          text        not null,
            votes        boolean     not null,
            start        bigint      not null,   -- told is what comes after,
            replayed     bigint      not null,   -- since this event
            mark         bigint      not null,   -- the last event after which to try at once
            paused       text        not null default '',
            has_secret   boolean     not null default false,
            header_names text[]      not null default '{}',
            created_at   timestamptz not null
        );
    """,
)


@sinks.on(Sink.Added)
def on_added(event: Sink.Added, db: Writes) -> None:
    """List a new sink."""
    db.execute(
        """
        insert into sinks (id, kind, name, url, votes, start, replayed, mark, created_at)
        values (%(id)s, %(kind)s, %(name)s, %(url)s, %(votes)s, %(start)s, %(position)s,
            %(position)s, %(at)s)
        """,
        {
            "id": event.originator_id,
            "kind": event.kind,
            "name": clean(event.name),
            "url": clean(event.url),
            "votes": event.votes,
            "start": event.from_position,
            "position": db.position,
            "at": event.timestamp,
        },
    )


@sinks.on(Sink.Changed)
def on_changed(event: Sink.Changed, db: Writes) -> None:
    """Keep where it is now, and try at once."""
    db.execute(
        """
        update sinks set name = %(name)s, url = %(url)s, votes = %(votes)s, mark = %(position)s
        where id = %(id)s
        """,
        {
            "id": event.originator_id,
            "name": clean(event.name),
            "url": clean(event.url),
            "votes": event.votes,
            "position": db.position,
        },
    )


@sinks.on(Sink.SecretsChanged)
def on_secrets_changed(event: Sink.SecretsChanged, db: Writes) -> None:
    """Keep that there is a secret, and which headers there are."""
    db.execute(
        """
        update sinks set has_secret = %(has_secret)s, header_names = %(names)s,
            mark = %(position)s
        where id = %(id)s
        """,
        {
            "id": event.originator_id,
            "has_secret": event.has_secret,
            "names": [clean(each) for each in event.header_names],
            "position": db.position,
        },
    )


@sinks.on(Sink.ReplayRequested)
def on_replay_requested(event: Sink.ReplayRequested, db: Writes) -> None:
    """Begin again elsewhere."""
    db.execute(
        """
        update sinks set start = %(start)s, replayed = %(position)s, mark = %(position)s,
            paused = ''
        where id = %(id)s
        """,
        {"id": event.originator_id, "start": event.from_position, "position": db.position},
    )


@sinks.on(Sink.Paused)
def on_paused(event: Sink.Paused, db: Writes) -> None:
    """Keep why it is told nothing."""
    db.execute(
        "update sinks set paused = %(reason)s where id = %(id)s",
        {"id": event.originator_id, "reason": clean(event.reason)},
    )


@sinks.on(Sink.Resumed)
def on_resumed(event: Sink.Resumed, db: Writes) -> None:
    """It goes on, at once."""
    db.execute(
        "update sinks set paused = '', mark = %(position)s where id = %(id)s",
        {"id": event.originator_id, "position": db.position},
    )


@sinks.on(Sink.Removed)
def on_removed(event: Sink.Removed, db: Writes) -> None:
    """List it no more."""
    db.execute("delete from sinks where id = %(id)s", {"id": event.originator_id})


@dataclass(frozen=True, slots=True)
class SinkRow:
    """A sink; `paused` says why it is told nothing, and is empty as a rule."""

    id: UUID
    kind: str
    name: str
    url: str
    votes: bool
    start: int
    replayed: int
    mark: int
    paused: str
    has_secret: bool
    header_names: list[str]
    created_at: datetime


async def sink(db: Db, sink_id: UUID) -> SinkRow:
    """One sink, or NotFound."""
    await db.execute("select * from sinks where id = %s", [sink_id])
    row = await db.fetchone()
    if row is None:
        raise NotFound("sink", sink_id)
    return SinkRow(**row)


async def all_sinks(db: Db) -> Sequence[SinkRow]:
    """Every sink, oldest first; there are never many."""
    await db.execute("select * from sinks order by created_at, id")
    return [SinkRow(**row) for row in await db.fetchall()]
