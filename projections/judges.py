"""Judges: what all their verdicts come to, and how far people agree with them."""

from collections import Counter
from dataclasses import dataclass

from projections.read_model import Db

GIVEN = """
    from judgements j join bouts b on b.space = j.space and b.battle = j.battle
    where j.judge = %(judge)s and j.template = %(template)s and j.space = %(space)s
        and j.winner is not null
        and (%(category)s::text is null or b.category = %(category)s)
        and (%(language)s::text is null or b.language = %(language)s)
"""


@dataclass(frozen=True, slots=True)
class Bench:
    """One judge by one version of the prompt in one space; categories and languages narrow it."""

    judge: str
    template: int
    space: str = ""
    category: str | None = None
    language: str | None = None

    @property
    def params(self) -> dict[str, str | int | None]:
        """As queries take it."""
        names = ("judge", "template", "space", "category", "language")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class JudgeRow:
    """What a judge did. `decided` hearings named a better answer; `opened` the one shown first."""

    judge: str
    template: int
    space: str
    judged: int
    failed: int
    inconsistent: int
    decided: int
    opened: int
    calls: int
    input_tokens: int
    output_tokens: int


async def judges(db: Db) -> list[JudgeRow]:
    """All judges there are."""
    await db.execute(
        """
        select judge, template, space, count(winner) as judged,
            count(*) filter (where winner is null and fault is not null) as failed,
            count(*) filter (where not consistent) as inconsistent,
            count(*) filter (where first in ('model_a', 'model_b'))
                + count(*) filter (where second in ('model_a', 'model_b')) as decided,
            count(*) filter (where first = 'model_a')
                + count(*) filter (where second = 'model_b') as opened,
            sum(calls)::bigint as calls, sum(input_tokens)::bigint as input_tokens,
            sum(output_tokens)::bigint as output_tokens
        from judgements group by judge, template, space order by judge, template desc, space
        """
    )
    return [JudgeRow(**row) for row in await db.fetchall()]


async def pairs(db: Db, bench: Bench) -> dict[str, Counter[tuple[str, str]]]:
    """By category, how often a counted vote of a person met which verdict."""
    await db.execute(
        """
        select v.category, v.winner as person, j.winner as judge, count(*) as n
        from judgements j join votes v on v.space = j.space and v.battle = j.battle
        where j.judge = %(judge)s and j.template = %(template)s and j.space = %(space)s
            and j.winner is not null and v.reason is null
        group by v.category, v.winner, j.winner
        """,
        bench.params,
    )
    found: dict[str, Counter[tuple[str, str]]] = {}
    for row in await db.fetchall():
        of_category = found.setdefault(row["category"], Counter())
        of_category[row["person"], row["judge"]] += row["n"]
    return found


async def tallies(db: Db, bench: Bench) -> list[tuple[str, str, str, int]]:
    """Verdicts by pair and outcome; those that are inconsistent are ties."""
    await db.execute(
        f"""
        select b.model_a, b.model_b, j.winner, count(*) as n {GIVEN}
        group by b.model_a, b.model_b, j.winner
        """,
        bench.params,
    )
    rows = await db.fetchall()
    return [(row["model_a"], row["model_b"], row["winner"], row["n"]) for row in rows]


async def last(db: Db, bench: Bench) -> int:
    """The position of the last verdict; 0 when there is none."""
    await db.execute(f"select coalesce(max(j.position), 0) as position {GIVEN}", bench.params)
    row = await db.fetchone()
    return row["position"] if row else 0


@dataclass(frozen=True, slots=True)
class JudgementRow:
    """What was said of one battle; without a winner, why not."""

    position: int
    battle: str
    model_a: str | None
    model_b: str | None
    category: str
    first: str | None
    second: str | None
    winner: str | None
    consistent: bool | None
    fault: str | None
    error: str | None
    input_tokens: int
    output_tokens: int


async def judgements(db: Db, judging_id: object, *, limit: int, after: int) -> list[JudgementRow]:
    """What was said in a run, in the order of the log."""
    await db.execute(
        """
        select j.position, j.battle, b.model_a, b.model_b, coalesce(b.category, '') as category,
            j.first, j.second, j.winner, j.consistent, j.fault, j.error, j.input_tokens,
            j.output_tokens
        from judgements j left join bouts b on b.space = j.space and b.battle = j.battle
        where j.judging_id = %(id)s and j.position > %(after)s
        order by j.position limit %(limit)s
        """,
        {"id": judging_id, "after": after, "limit": limit},
    )
    return [JudgementRow(**row) for row in await db.fetchall()]
