"""The verdicts that are kept act by act are those of the whole prefix."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.rows import dict_row

from application.evaluation.eligibility import Policy
from infrastructure.evaluation.boards import fold
from infrastructure.follower import create
from infrastructure.postgres import connect
from projections.read_model import Db, as_json
from projections.votes import ACTION, FACT, POLICY, votes

WINNERS = ("model_a", "model_b", "tie", "both_bad")
START = datetime(2026, 1, 1, tzinfo=UTC)
CAPS = (3, 4)


@pytest.fixture
async def db(database: str) -> AsyncIterator[Db]:
    async with await connect(database, autocommit=True) as line:
        await line.execute("set plan_cache_mode = force_generic_plan; set enable_seqscan = off")
        async with line.transaction():
            await create(line, votes.schema, votes.tables)
        await line.execute(f"set search_path to {votes.schema}")
        await line.execute(
            "update policies set prompt_votes_max = %s, voter_day_votes_max = %s", CAPS
        )
        async with line.cursor(row_factory=dict_row) as cursor:
            yield cursor


def folded(
    facts: list[dict[str, Any]], acts: list[dict[str, Any]], caps: tuple[int, int]
) -> dict[int, str | None]:
    """What a fold over the whole prefix says."""
    return {each.place: each.reason for each in fold(facts, acts, Policy(1, *caps))}


def happening(chance: random.Random, position: int) -> tuple[str, dict[str, Any]]:
    battle = f"b{chance.randrange(25)}"
    if chance.random() < 0.3:
        return FACT, {"battle": battle, "fact": a_fact(chance)}
    action = chance.choices(["cast", "change", "retract"], [6, 2, 2])[0]
    return ACTION, {
        "source": "file",
        "seq": position,
        "voter": f"v{chance.randrange(4)}",
        "battle": battle,
        "action": action,
        "winner": None if action == "retract" else chance.choice(WINNERS),
        "after_reveal": chance.random() < 0.1,
        "at": START + timedelta(hours=position // 4),
    }


def a_fact(chance: random.Random) -> dict[str, Any]:
    kind = chance.randrange(6)
    if kind == 0:
        return {"category": chance.choice("xyz"), "language": chance.choice(["de", "en"])}
    slot = chance.choice("ab")
    if kind == 1:
        return {f"status_{slot}": chance.choice(["complete", "complete", "error"])}
    return {
        "model_a": chance.choice("KLM"),
        "model_b": chance.choice("LMN"),
        "blind": chance.random() < 0.9,
        "prompt": f"p{chance.randrange(5)}",
        "status_a": "complete",
        "status_b": "complete",
        f"leaked_{slot}": chance.random() < 0.1,
    }


@pytest.mark.parametrize("seed", range(6))
async def test_verdicts_act_by_act_are_those_of_the_whole_prefix(db: Db, seed: int) -> None:
    chance = random.Random(seed)
    facts: list[dict[str, Any]] = []
    acts: list[dict[str, Any]] = []
    caps = CAPS
    for position in range(1, 160):
        if position in (60, 120):
            caps = (2, 5) if position == 60 else (4, 0)
            limits = dict(zip(("prompt_votes_max", "voter_day_votes_max"), caps, strict=True))
            await db.execute(POLICY, {"position": position, "version": position, **limits})
        sql, what = happening(chance, position)
        what |= {"position": position, "space": ""}
        (facts if sql is FACT else acts).append(what)
        kept = {**what, "fact": as_json(what["fact"])} if sql is FACT else what
        await db.execute(sql, kept)
        await db.execute("select place, reason from votes")
        found = {row["place"]: row["reason"] for row in await db.fetchall()}
        assert found == folded(facts, acts, caps)
    await counts_agree(db)


async def counts_agree(db: Db) -> None:
    """The counts are those of the rows."""
    await db.execute(
        """
        select scope, model_a, model_b, outcome, n from tallies where n <> 0
        except all
        select s, low, high, case when winner = 'model_a' then case when swapped then 'b' else 'a'
            end when winner = 'model_b' then case when swapped then 'a' else 'b' end
            else winner end, count(*)
        from votes, lateral (values ('all'), ('category:' || category),
            ('language:' || language)) as scopes (s)
        where reason is null group by 1, 2, 3, 4
        """
    )
    assert await db.fetchall() == []
    await db.execute("select sum(n) as n from tallies where scope = 'all'")
    counted = await db.fetchone()
    await db.execute("select count(*) as n from votes where reason is null")
    assert counted == await db.fetchone()
    await db.execute(
        "select reason, n from verdicts where scope = 'all' and n <> 0 except all"
        " select reason, count(*) from votes where reason is not null group by 1"
    )
    assert await db.fetchall() == []
    await db.execute(
        "select voter, n from turnout where scope = 'all' except all"
        " select voter, count(*) from votes group by 1"
    )
    assert await db.fetchall() == []


async def test_a_vote_looks_at_few_others(db: Db) -> None:
    """Though plans are made while the tables are empty, and all votes are of one space."""
    for position in range(1, 401, 2):
        fact = {**a_fact(random.Random(1)), "model_a": "K", "model_b": "L", "blind": True}
        fact |= {"prompt": f"p{position}", "status_a": "complete", "status_b": "complete"}
        told = {"position": position, "space": "", "battle": f"b{position}", "fact": as_json(fact)}
        await db.execute(FACT, told)
        act = {"position": position + 1, "space": "", "source": "", "seq": 0, "winner": "tie"}
        act |= {"voter": f"v{position}", "battle": f"b{position}", "action": "cast", "at": START}
        await db.execute(ACTION, {**act, "after_reveal": False})
    await db.execute("select pg_stat_force_next_flush()")
    await db.execute(
        "select sum(idx_tup_read)::int as n from pg_stat_user_indexes"
        " where schemaname = %(schema)s and relname = 'votes'",
        {"schema": votes.schema},
    )
    read = await db.fetchone()
    assert read is not None
    assert 0 <= read["n"] < 200 * 20
