"""Battles: whose they are, how they stand, and the models once they are named."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.battles import Battle, Side
from domain.chats import Chat
from domain.errors import NotFound
from domain.evaluation_settings import EvaluationSettings
from projections.read_model import Db, ReadModel, Writes, as_json, clean

battles = ReadModel(
    "battles",
    version=2,
    beside=("messages",),
    tables="""
        create table battles (
            id          uuid        primary key,
            owner_id    uuid        not null,
            chat_id     uuid        not null,
            question_id uuid        not null,
            entry       text        not null,
            blind       boolean     not null,
            revealed    boolean     not null,
            winner      text,
            started_at  timestamptz not null
        ) with (fillfactor = 80);
        create index on battles (owner_id, started_at, id);
        create index on battles (chat_id);
        create table sides (
            battle_id uuid not null,
            slot      text not null,
            answer_id uuid not null,
            model     text not null,
            status    text,
            error     jsonb,
            ended_at  timestamptz,
            primary key (battle_id, slot)
        ) with (fillfactor = 80);
        create index on sides (answer_id);
        create index on sides (ended_at, answer_id) where error is not null;
        create table pacing (free boolean not null);
    """,
)


@battles.on(Battle.Started)
def on_started(event: Battle.Started, db: Writes) -> None:
    """List a new battle, with its sides."""
    db.execute(
        """
        insert into battles (id, owner_id, chat_id, question_id, entry, blind, revealed, started_at)
        values (%(id)s, %(owner)s, %(chat)s, %(question)s, %(entry)s, %(blind)s, %(revealed)s,
                %(at)s)
        """,
        {
            "id": event.originator_id,
            "owner": event.owner,
            "chat": event.chat_id,
            "question": event.question_id,
            "entry": clean(event.entry),
            "blind": event.blind,
            "revealed": not event.blind,
            "at": event.timestamp,
        },
    )
    for slot, side in event.sides.items():
        add_side(event.originator_id, slot, side, db)


def add_side(battle_id: UUID, slot: str, side: Side, db: Writes) -> None:
    """Keep who stands where."""
    db.execute(
        """
        insert into sides (battle_id, slot, answer_id, model)
        values (%(battle)s, %(slot)s, %(answer)s, %(model)s)
        """,
        {
            "battle": battle_id,
            "slot": slot,
            "answer": side.answer_id,
            "model": clean(side.model),
        },
    )


@battles.on(Battle.SideFinished)
def on_side_finished(event: Battle.SideFinished, db: Writes) -> None:
    """Keep how a side ended, and the true error of one that failed."""
    db.execute(
        """
        update sides set status = %(status)s, error = %(error)s, ended_at = %(at)s
        where battle_id = %(id)s and slot = %(slot)s
        """,
        {
            "id": event.originator_id,
            "slot": event.slot,
            "status": event.status,
            "error": as_json(event.error if event.status == "error" else None),
            "at": event.timestamp,
        },
    )


def vote(event: Any, db: Writes, winner: str | None) -> None:
    """Keep what was voted last."""
    db.execute(
        "update battles set winner = %(winner)s where id = %(id)s",
        {"id": event.originator_id, "winner": winner},
    )


@battles.on(Battle.VoteCast)
def on_vote_cast(event: Battle.VoteCast, db: Writes) -> None:
    """Keep a vote."""
    vote(event, db, event.winner)


@battles.on(Battle.VoteChanged)
def on_vote_changed(event: Battle.VoteChanged, db: Writes) -> None:
    """Keep another vote."""
    vote(event, db, event.winner)


@battles.on(Battle.VoteRetracted)
def on_vote_retracted(event: Battle.VoteRetracted, db: Writes) -> None:
    """Keep none."""
    vote(event, db, None)


@battles.on(Battle.IdentityRevealed)
def on_identity_revealed(event: Battle.IdentityRevealed, db: Writes) -> None:
    """Name the models from now on."""
    db.execute("update battles set revealed = true where id = %(id)s", {"id": event.originator_id})


@battles.on(EvaluationSettings.Changed)
def on_settings_changed(event: EvaluationSettings.Changed, db: Writes) -> None:
    """Keep whether sides may run free of each other."""
    pacing = event.values.get("arena", {}).get("pacing")
    if pacing is not None:
        db.execute("delete from pacing", {})
        db.execute("insert into pacing values (%(free)s)", {"free": pacing == "free"})


@battles.on(Chat.Deleted)
def on_chat_deleted(event: Chat.Deleted, db: Writes) -> None:
    """Forget the battles of a chat; their votes stay where they are counted."""
    what = {"chat": event.originator_id}
    db.execute(
        """
        delete from sides s using battles b where b.chat_id = %(chat)s and s.battle_id = b.id
        """,
        what,
    )
    db.execute("delete from battles where chat_id = %(chat)s", what)


@dataclass(frozen=True, slots=True)
class SideRow:
    """One side; `model` is None while it is hidden, `content` empty while one of both answers."""

    slot: str
    answer_id: UUID
    model: str | None
    status: str | None
    content: str


@dataclass(frozen=True, slots=True)
class BattleRow:
    """A battle as its owner sees it."""

    id: UUID
    chat_id: UUID
    question_id: UUID
    prompt: str
    entry: str
    blind: bool
    revealed: bool
    winner: str | None
    started_at: datetime
    sides: tuple[SideRow, ...]


# Whether the rival of a side `s` of a hidden pair `b` still answers at whose pace it is shown;
# until then nobody is told that the side has ended.
WAITS = """(b.blind and not b.revealed and not exists (select from pacing p where p.free)
    and exists (select from sides o
                where o.battle_id = s.battle_id and o.slot <> s.slot and o.status is null))"""
WAITING_MESSAGE = f"""(
    coalesce(m.model like 'arena:%%', false) and exists (
        select from sides s join battles b on b.id = s.battle_id
        where s.answer_id = m.id and {WAITS}))"""

FOUND = f"""
    select b.id, b.chat_id, b.question_id, coalesce(q.content, '') as prompt, b.entry, b.blind,
        b.revealed, b.winner, b.started_at,
        (select jsonb_agg(jsonb_build_object(
            'slot', s.slot, 'answer_id', s.answer_id,
            'status', case when not {WAITS} then s.status end,
            'model', case when b.revealed then s.model end,
            'content', case when s.status is null or {WAITS} then ''
                else coalesce(t.content, '') end)
            order by s.slot)
         from sides s left join texts t on t.message_id = s.answer_id
         where s.battle_id = b.id) as sides
    from battles b left join texts q on q.message_id = b.question_id
"""  # noqa: S608


async def battle(db: Db, battle_id: UUID, owner: UUID) -> BattleRow:
    """One battle to its owner, or NotFound."""
    await db.execute(
        f"{FOUND} where b.id = %(id)s and b.owner_id = %(owner)s",
        {"id": battle_id, "owner": owner},
    )
    row = await db.fetchone()
    if row is None:
        raise NotFound("battle", battle_id, code="battle_not_found")
    return _battle(row)


async def undisclosed(db: Db, owner: UUID) -> frozenset[str]:
    """The battles that somebody voted on, and of which he is not told the models yet."""
    await db.execute(
        "select id from battles"
        " where owner_id = %(owner)s and blind and not revealed and winner is not null",
        {"owner": owner},
    )
    return frozenset(str(row["id"]) for row in await db.fetchall())


async def page(
    db: Db, owner: UUID, *, limit: int, before: tuple[datetime, UUID] | None = None
) -> list[BattleRow]:
    """Somebody's comparisons of two, the newest first."""
    at, key = before or (None, None)
    await db.execute(
        f"""
        {FOUND}
        where b.owner_id = %(owner)s
            and exists (select from sides s where s.battle_id = b.id and s.slot = 'b')
            and (%(at)s::timestamptz is null or (b.started_at, b.id) < (%(at)s, %(key)s))
        order by b.started_at desc, b.id desc limit %(limit)s
        """,
        {"owner": owner, "at": at, "key": key, "limit": limit},
    )
    return [_battle(row) for row in await db.fetchall()]


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """That somebody found one answer better than another, both with known models."""

    battle_id: UUID
    better_id: UUID
    other_id: UUID


async def comparisons(db: Db, chat_id: UUID, owner: UUID) -> list[ComparisonRow]:
    """What somebody said of answers in a chat of his own, as far as it stands."""
    await db.execute(
        """
        select b.id as battle_id, w.answer_id as better_id, l.answer_id as other_id
        from battles b
        join sides w on w.battle_id = b.id and 'model_' || w.slot = b.winner
        join sides l on l.battle_id = b.id and l.slot <> w.slot
        where b.chat_id = %(chat)s and b.owner_id = %(owner)s and not b.blind
        order by b.started_at, b.id
        """,
        {"chat": chat_id, "owner": owner},
    )
    return [ComparisonRow(**row) for row in await db.fetchall()]


@dataclass(frozen=True, slots=True)
class FailureRow:
    """Why a hidden model could not answer, and who it was."""

    battle_id: UUID
    slot: str
    answer_id: UUID
    model: str
    entry: str
    at: datetime
    error: dict[str, Any]


async def failures(
    db: Db, reader: UUID, *, limit: int, before: tuple[datetime, UUID] | None = None
) -> list[FailureRow]:
    """Sides that failed, the newest first; not those that are still hidden from the reader."""
    at, key = before or (None, None)
    await db.execute(
        """
        select s.battle_id, s.slot, s.answer_id, s.model, b.entry, s.ended_at as at, s.error
        from sides s join battles b on b.id = s.battle_id
        where s.error is not null and (b.revealed or b.owner_id <> %(reader)s)
            and (%(at)s::timestamptz is null or (s.ended_at, s.answer_id) < (%(at)s, %(key)s))
        order by s.ended_at desc, s.answer_id desc limit %(limit)s
        """,
        {"reader": reader, "at": at, "key": key, "limit": limit},
    )
    return [FailureRow(**row) for row in await db.fetchall()]


def _battle(row: dict[str, Any]) -> BattleRow:
    sides = tuple(
        SideRow(**{**each, "answer_id": UUID(each["answer_id"])}) for each in row["sides"]
    )
    return BattleRow(**{**row, "sides": sides})
