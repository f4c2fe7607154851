"""What can be seen of votes: counts, rows, and all that happened up to a place in the log."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from projections.read_model import Db

ROWS = """
    select v.place, v.seq, v.voter, v.battle, v.winner, v.at, v.reason, b.model_a, b.model_b,
        v.prompt, v.category, v.language, b.style_a, b.style_b
    from votes v left join bouts b on b.space = v.space and b.battle = v.battle
    where v.space = %(space)s{} order by v.place
"""
ACTS = """
    select position, seq, voter, battle, action, winner, after_reveal, at from actions
    where space = %(space)s and position <= %(until)s order by position
"""
FACTS = """
    select battle, fact from facts
    where space = %(space)s and position <= %(until)s order by position
"""


@dataclass(frozen=True, slots=True)
class Caps:
    """The policy votes are judged by."""

    version: int
    prompt_votes_max: int
    voter_day_votes_max: int


async def caps(db: Db, until: int) -> Caps:
    """The policy at a place in the log."""
    await db.execute(
        "select version, prompt_votes_max, voter_day_votes_max from policies"
        " where position <= %(until)s order by position desc limit 1",
        {"until": until},
    )
    row = await db.fetchone()
    assert row is not None
    return Caps(**row)


async def moved(db: Db, space: str) -> int:
    """The last position that mattered to a space; 0 when none did."""
    await db.execute("select position from moved where space = %(space)s", {"space": space})
    row = await db.fetchone()
    return row["position"] if row else 0


async def place_at(db: Db, space: str, at: datetime) -> int:
    """How far the log was at a time: before the first act that is later, by its own time.

    An act of an import may stand behind later ones; it does not drag them into the past.
    """
    await db.execute(
        "select coalesce(min(position) filter (where at > %(at)s) - 1, max(position), 0) as place"
        " from actions where space = %(space)s",
        {"space": space, "at": at},
    )
    row = await db.fetchone()
    assert row is not None
    return int(row["place"])


async def place_of(db: Db, space: str, source: str, seq: int) -> int | None:
    """The position of an act of an import, or of the last before; None for an unknown import."""
    what = {"space": space, "source": source, "seq": seq}
    own = "space = %(space)s and source = %(source)s and source <> ''"
    if not await _place(db, own, what):
        return None
    return await _place(db, f"{own} and seq <= %(seq)s", what)


async def _place(db: Db, condition: str, what: Mapping[str, Any]) -> int:
    await db.execute(f"select max(position) as place from actions where {condition}", what)  # noqa: S608
    row = await db.fetchone()
    assert row is not None
    return row["place"] or 0


async def tallies(db: Db, space: str, scope: str) -> list[tuple[str, str, str, int]]:
    """Counted votes by pair and outcome: 'all', 'category:x' or 'language:y'."""
    await db.execute(
        "select model_a, model_b, outcome, n from tallies"
        " where space = %(space)s and scope = %(scope)s and n > 0",
        {"space": space, "scope": scope},
    )
    names = {"a": "model_a", "b": "model_b", "tie": "tie", "both_bad": "both_bad"}
    return [
        (row["model_a"], row["model_b"], names[row["outcome"]], row["n"])
        for row in await db.fetchall()
    ]


# Goes from one name to the next, however many tallies each has.
NAMES: LiteralString = """
    with recursive found (name) as (
        (select {name} from tallies where {within} order by {name} limit 1)
        union all
        select (select t.{name} from tallies t where {within} and t.{name} > found.name
                order by t.{name} limit 1)
        from found where found.name is not null
    )
    select name from found where name is not null limit %(most)s
"""
SCOPES = NAMES.format(name="scope", within="space = %(space)s")
SPACES = NAMES.format(name="space", within="true")
NAMES_MAX = 1_000


async def choices(db: Db, space: str) -> dict[str, list[str]]:
    """What a table can be narrowed to: categories and languages of a space, and all spaces."""
    what = {"space": space, "most": NAMES_MAX}
    await db.execute(SCOPES, what)
    scopes = [row["name"].partition(":") for row in await db.fetchall()]
    await db.execute(SPACES, what)
    return {
        "categories": [name for kind, _, name in scopes if kind == "category" and name],
        "languages": [name for kind, _, name in scopes if kind == "language" and name],
        "spaces": [row["name"] for row in await db.fetchall() if row["name"]],
    }


async def turnout(db: Db, space: str, scope: str) -> tuple[dict[str, int], int]:
    """How many votes do not count for which reason, and how many voters there are."""
    what = {"space": space, "scope": scope}
    where = "where space = %(space)s and scope = %(scope)s and n > 0"
    await db.execute(f"select reason, n from verdicts {where}", what)  # noqa: S608
    reasons = {row["reason"]: row["n"] for row in await db.fetchall()}
    await db.execute(f"select count(*) as n from turnout {where}", what)  # noqa: S608
    row = await db.fetchone()
    assert row is not None
    return reasons, row["n"]


async def rows(db: Db, space: str) -> list[dict[str, Any]]:
    """All votes with their verdicts, in the order of place."""
    await db.execute(ROWS.format(""), {"space": space})
    return await db.fetchall()


async def some(db: Db, space: str, battles: Iterable[str]) -> list[dict[str, Any]]:
    """The votes on some battles, as `rows` gives them."""
    what = {"space": space, "battles": list(battles)}
    await db.execute(ROWS.format(" and v.battle = any(%(battles)s::text[])"), what)
    return await db.fetchall()


async def history(
    db: Db, space: str, until: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Facts and acts up to a place in the log."""
    what = {"space": space, "until": until}
    await db.execute(FACTS, what)
    facts = await db.fetchall()
    await db.execute(ACTS, what)
    return facts, await db.fetchall()


async def models(db: Db, space: str, hidden: Iterable[str] = ()) -> set[str]:
    """All models that were voted on; who is in no battle with a vote but these stays hidden."""
    await db.execute(
        "select low as m from votes"
        " where space = %(space)s and low is not null and battle <> all(%(hidden)s::text[])"
        " union select high from votes"
        " where space = %(space)s and high is not null and battle <> all(%(hidden)s::text[])",
        {"space": space, "hidden": list(hidden)},
    )
    return {row["m"] for row in await db.fetchall()}
