"""Voters: who was flagged and cleared, by what and by whom, at every place in the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.voters import Voter
from projections.read_model import Db, ReadModel, Writes, as_json, clean

voters = ReadModel(
    "voters",
    version=1,
    lane="evaluation",
    beside=("votes",),
    tables="""
        create table rulings (
            position bigint      primary key,
            space    text collate "C" not null,
            voter    text collate "C" not null,
            flagged  boolean     not null,
            scores   jsonb       not null default '{}',
            method   text        not null default '',
            by       uuid,       -- null: it was reckoned
            reason   text        not null default '',
            at       timestamptz not null
        );
        create index on rulings (space, voter, position);
        create index on rulings (space, position) where by is not null;
    """,
)

INSERT = """
    insert into rulings (position, space, voter, flagged, scores, method, by, reason, at)
    values (%(position)s, %(space)s, %(voter)s, %(flagged)s, %(scores)s, %(method)s, %(by)s,
        %(reason)s, %(at)s)
"""
LAST = """
    select distinct on (voter) voter, position, flagged, method, by, reason, at from rulings
    where space = %(space)s and position <= %(until)s and (by is not null or not %(by_hand)s)
    order by voter, position desc
"""
AT = """
    select max(position) as position from rulings r
    where space = %(space)s and by is not null and at <= %(at)s and not exists (
        select from actions a where a.space = r.space and a.at > %(at)s
        and a.position < r.position)
"""


@voters.on(Voter.Flagged)
def on_flagged(event: Voter.Flagged, db: Writes) -> None:
    """He is not trusted."""
    put(event, db, flagged=True)


@voters.on(Voter.Cleared)
def on_cleared(event: Voter.Cleared, db: Writes) -> None:
    """He is trusted again."""
    put(event, db, flagged=False)


def put(event: Voter.Flagged | Voter.Cleared, db: Writes, *, flagged: bool) -> None:
    """Keep what was said of a voter."""
    db.execute(
        INSERT,
        {
            "position": db.position,
            "space": clean(event.space),
            "voter": clean(event.voter_id),
            "flagged": flagged,
            "scores": as_json(getattr(event, "scores", {})),
            "method": getattr(event, "method", ""),
            "by": event.by,
            "reason": clean(getattr(event, "reason", "")),
            "at": event.timestamp,
        },
    )


@dataclass(frozen=True, slots=True)
class RulingRow:
    """What was said last of a voter; by nobody when it was reckoned."""

    voter: str
    position: int
    flagged: bool
    method: str
    by: UUID | None
    reason: str
    at: datetime


async def rulings(db: Db, space: str, until: int, *, by_hand: bool) -> Sequence[RulingRow]:
    """What was said last of everybody up to a place in the log; by_hand: by administrators."""
    await db.execute(LAST, {"space": space, "until": until, "by_hand": by_hand})
    return [RulingRow(**row) for row in await db.fetchall()]


async def last_ruling(db: Db, space: str) -> int:
    """Where something was said by hand last; 0 when nothing was."""
    await db.execute(
        "select max(position) as position from rulings where space = %(space)s and by is not null",
        {"space": space},
    )
    row = await db.fetchone()
    return int(row["position"] or 0) if row else 0


async def ruling_at(db: Db, space: str, at: datetime) -> int:
    """Where something was said by hand last at a time, before any act that is later."""
    await db.execute(AT, {"space": space, "at": at})
    row = await db.fetchone()
    return int(row["position"] or 0) if row else 0
