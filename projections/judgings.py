"""Judgings: runs of judges, what they said of battles, and what is left to judge."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.errors import NotFound
from domain.judgings import Judgement, Judging
from projections.read_model import Db, ReadModel, Writes, as_json, clean

judgings = ReadModel(
    "judgings",
    version=1,
    lane="evaluation",
    beside=("votes",),
    tables="""
        create table judgings (
            id         uuid        primary key,
            owner_id   uuid        not null,
            position   bigint      not null unique,
            judge      text        not null,
            template   int         not null,
            space      text        not null,
            where_     jsonb       not null,
            asked      int         not null,
            count      int         not null,
            state      text        not null,
            reason     text,
            created_at timestamptz not null,
            ended_at   timestamptz
        );
        create table judgements (
            id         uuid        primary key,
            judge      text collate "C" not null,
            template   int         not null,
            space      text collate "C" not null,
            battle     text collate "C" not null,
            judging_id uuid,
            position   bigint,
            first      text,
            second     text,
            winner     text,
            consistent boolean,
            fault      text,
            error      text,
            input_tokens  bigint not null default 0,
            output_tokens bigint not null default 0,
            calls      int         not null default 0,
            at         timestamptz,
            unique (judge, template, space, battle)
        );
        create index on judgements (judging_id, position);
        create index on judgements (space, battle);
    """,
)


@judgings.on(Judging.Started)
def on_started(event: Judging.Started, db: Writes) -> None:
    """List a run."""
    found = event.assignment
    db.execute(
        """
        insert into judgings (id, owner_id, position, judge, template, space, where_, asked, count,
                              state, created_at)
        values (%(id)s, %(owner)s, %(position)s, %(judge)s, %(template)s, %(space)s, %(where)s,
                %(asked)s, %(count)s, 'running', %(at)s)
        """,
        {
            "id": event.originator_id,
            "owner": event.owner,
            "position": db.position,
            "judge": clean(found.judge),
            "template": found.template,
            "space": clean(found.space),
            "where": as_json(found.where),
            "asked": found.limit,
            "count": len(found.battles),
            "at": event.timestamp,
        },
    )


def end(event: Judging.Event, db: Writes, state: str, reason: str | None = None) -> None:
    """Keep how a run ended."""
    db.execute(
        """
        update judgings set state = %(state)s, reason = %(reason)s, ended_at = %(at)s
        where id = %(id)s
        """,
        {"id": event.originator_id, "state": state, "reason": reason, "at": event.timestamp},
    )


@judgings.on(Judging.Stopped)
def on_stopped(event: Judging.Stopped, db: Writes) -> None:
    """It was stopped."""
    end(event, db, "stopped")


@judgings.on(Judging.Finished)
def on_finished(event: Judging.Finished, db: Writes) -> None:
    """It is through."""
    end(event, db, "finished")


@judgings.on(Judging.Failed)
def on_failed(event: Judging.Failed, db: Writes) -> None:
    """It could not go on."""
    end(event, db, "failed", clean(event.reason))


@judgings.on(Judgement.Opened)
def on_opened(event: Judgement.Opened, db: Writes) -> None:
    """A judge has begun with a battle."""
    db.execute(
        """
        insert into judgements (id, judge, template, space, battle)
        values (%(id)s, %(judge)s, %(template)s, %(space)s, %(battle)s)
        on conflict do nothing
        """,
        {
            "id": event.originator_id,
            "judge": clean(event.judge),
            "template": event.template,
            "space": clean(event.space),
            "battle": clean(event.battle),
        },
    )


TOLD = """
    update judgements set judging_id = %(judging)s, position = %(position)s, first = %(first)s,
        second = %(second)s, winner = %(winner)s, consistent = %(consistent)s, fault = %(fault)s,
        error = %(error)s, input_tokens = input_tokens + %(input)s,
        output_tokens = output_tokens + %(output)s, calls = calls + %(calls)s, at = %(at)s
    where id = %(id)s
"""


def tell(event: Judgement.Given | Judgement.Failed, db: Writes, **said: Any) -> None:
    """Keep what was said; what was used adds up over all runs."""
    nothing = dict.fromkeys(("first", "second", "winner", "consistent", "fault", "error"))
    usage = {
        "input": event.usage.get("input_tokens", 0),
        "output": event.usage.get("output_tokens", 0),
        "calls": event.usage.get("calls", 0),
    }
    db.execute(
        TOLD,
        {
            **nothing,
            **said,
            **usage,
            "id": event.originator_id,
            "judging": event.judging_id,
            "position": db.position,
            "at": event.timestamp,
        },
    )


@judgings.on(Judgement.Given)
def on_given(event: Judgement.Given, db: Writes) -> None:
    """There is a verdict."""
    names = ("first", "second", "winner", "consistent")
    tell(event, db, **{name: getattr(event, name) for name in names})


@judgings.on(Judgement.Failed)
def on_judgement_failed(event: Judgement.Failed, db: Writes) -> None:
    """There is none, and why."""
    tell(event, db, fault=event.fault, error=clean(event.error or ""))


@dataclass(frozen=True, slots=True)
class JudgingRow:
    """A run; `done` of its `count` battles are judged or failed."""

    id: UUID
    owner_id: UUID
    position: int
    judge: str
    template: int
    space: str
    where_: dict[str, str]
    asked: int
    count: int
    state: str
    reason: str | None
    created_at: datetime
    ended_at: datetime | None
    done: int
    failed: int
    inconsistent: int
    input_tokens: int
    output_tokens: int


RUNS = """
    select r.*, d.* from judgings r cross join lateral (
        select count(*) as done, count(*) filter (where winner is null) as failed,
            count(*) filter (where not consistent) as inconsistent,
            coalesce(sum(input_tokens), 0)::bigint as input_tokens,
            coalesce(sum(output_tokens), 0)::bigint as output_tokens
        from judgements j where j.judging_id = r.id) d
"""


async def judging(db: Db, judging_id: UUID) -> JudgingRow:
    """One run, or NotFound."""
    await db.execute(f"{RUNS} where r.id = %(id)s", {"id": judging_id})
    row = await db.fetchone()
    if row is None:
        raise NotFound("judging", judging_id)
    return JudgingRow(**row)


async def page(db: Db, *, limit: int, before: int | None) -> list[JudgingRow]:
    """Runs, the newest first, below a position."""
    await db.execute(
        f"""
        {RUNS} where %(before)s::bigint is null or r.position < %(before)s
        order by r.position desc limit %(limit)s
        """,
        {"before": before, "limit": limit},
    )
    return [JudgingRow(**row) for row in await db.fetchall()]


# The order is mixed, yet always the same, so that a limit takes no side.
LEFT = """
    select b.battle from bouts b
    where b.space = %(space)s and b.status_a = 'complete' and b.status_b = 'complete'
        and b.model_a <> b.model_b and %(judge)s not in (b.model_a, b.model_b)
        and not b.leaked_a and not b.leaked_b
        and (%(category)s = '' or b.category = %(category)s)
        and (%(language)s = '' or b.language = %(language)s)
        and (%(model)s = '' or %(model)s in (b.model_a, b.model_b))
        and not exists (select from judgements j where j.judge = %(judge)s
            and j.template = %(template)s and j.space = b.space and j.battle = b.battle
            and (j.winner is not null or j.fault in ('gone', 'too_long')))
    order by md5(b.battle), b.battle limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which battles a judge is to judge; no judge judges its own answers."""

    judge: str
    template: int
    space: str
    where: dict[str, str]
    limit: int


async def left(db: Db, wanted: Wanted) -> list[str]:
    """Battles that are complete and name nobody, and that this judge and prompt can still judge."""
    names = ("category", "language", "model")
    chosen = {name: wanted.where.get(name, "") for name in names}
    own = ("judge", "template", "space", "limit")
    await db.execute(LEFT, {**chosen, **{name: getattr(wanted, name) for name in own}})
    return [row["battle"] for row in await db.fetchall()]
