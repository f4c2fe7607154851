"""What usage comes to: totals, series over time, models, people, chats and messages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from projections.read_model import Db

Metric = Literal["messages", "tokens"]
Width = Literal["10m", "1h", "1d"]

WIDTHS: dict[str, timedelta] = {
    "10m": timedelta(minutes=10),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
}
VALUES = {"messages": "sum(answers)", "tokens": "sum(input_tokens + output_tokens)"}
ORIGIN = datetime(2000, 1, 1, tzinfo=UTC)


def floor(at: datetime, width: timedelta) -> datetime:
    """Where the bucket of a time begins; days are those of UTC."""
    return at - (at - ORIGIN) % width


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, and if wanted one model or one person."""

    since: datetime
    until: datetime
    model: str | None = None
    person: UUID | None = None

    def widened(self, width: timedelta) -> "Span":
        """The same in whole buckets."""
        until = floor(self.until, width)
        until = until if until == self.until else until + width
        return replace(self, since=floor(self.since, width), until=until)

    @property
    def previous(self) -> "Span":
        """As much time, right before."""
        return replace(self, since=self.since - (self.until - self.since), until=self.since)

    def where(self, time: str = "bucket") -> str:
        """Which rows fit; a question belongs to no model."""
        found = [f"{time} >= %(since)s and {time} < %(until)s"]
        if self.model is not None:
            found.append("model = %(model)s")
        if self.person is not None:
            found.append("person = %(person)s")
        return " and ".join(found)

    @property
    def params(self) -> dict[str, Any]:
        """What goes with `where`."""
        names = ("since", "until", "model", "person")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of one stretch, model or person; `mean_seconds` of those answers that tell it."""

    questions: int
    answers: int
    completed: int
    stopped: int
    failed: int
    interrupted: int
    input_tokens: int
    output_tokens: int
    mean_seconds: float | None


SUMS = """
    coalesce(sum(questions), 0)::bigint as questions, coalesce(sum(answers), 0)::bigint as answers,
    coalesce(sum(completed), 0)::bigint as completed, coalesce(sum(stopped), 0)::bigint as stopped,
    coalesce(sum(failed), 0)::bigint as failed,
    coalesce(sum(interrupted), 0)::bigint as interrupted,
    coalesce(sum(input_tokens), 0)::bigint as input_tokens,
    coalesce(sum(output_tokens), 0)::bigint as output_tokens,
    (sum(milliseconds) / 1000.0 / nullif(sum(timed), 0))::float8 as mean_seconds
"""


async def totals(db: Db, span: Span) -> Counts:
    """All of a stretch."""
    await db.execute(f"select {SUMS} from usage_counts where {span.where()}", span.params)  # noqa: S608
    row = await db.fetchone()
    assert row is not None
    return Counts(**row)


async def breadth(db: Db, span: Span) -> tuple[int, int]:
    """In how many chats, and by how many people."""
    await db.execute(
        f"""
        select count(distinct chat_id) as chats, count(distinct person) as people
        from usage_messages where {span.where("at")}
        """,  # noqa: S608
        span.params,
    )
    row = await db.fetchone()
    assert row is not None
    return row["chats"], row["people"]


async def by(db: Db, key: Literal["model", "person"], span: Span) -> list[tuple[Any, Counts]]:
    """Models or people, those with the most answers first."""
    more = "and model <> ''" if key == "model" else ""
    await db.execute(
        f"""
        select {key} as key, {SUMS} from usage_counts where {span.where()} {more}
        group by {key} having sum(answers) + sum(questions) > 0
        order by sum(answers) desc, {key}
        """,  # noqa: S608
        span.params,
    )
    return [(row.pop("key"), Counts(**row)) for row in await db.fetchall()]


async def is_known(db: Db, model: str) -> bool:
    """Whether a model was ever asked."""
    await db.execute("select 1 from usage_messages where model = %s limit 1", [model])
    return await db.fetchone() is not None


async def series(
    db: Db, span: Span, width: Width, metric: Metric
) -> dict[str, dict[datetime, int]]:
    """For each model the value of each bucket that has one."""
    await db.execute(
        f"""
        select model, date_bin(%(width)s, bucket, %(origin)s) as at,
            ({VALUES[metric]})::bigint as value
        from usage_counts where {span.where()} and model <> ''
        group by 1, 2 having {VALUES[metric]} > 0
        """,  # noqa: S608
        {**span.params, "width": WIDTHS[width], "origin": ORIGIN},
    )
    found: dict[str, dict[datetime, int]] = {}
    for row in await db.fetchall():
        found.setdefault(row["model"], {})[row["at"]] = row["value"]
    return found


async def quantiles(db: Db, span: Span) -> tuple[float | None, float | None]:
    """In how many seconds half of the answers ended, and 95 of 100."""
    await db.execute(
        f"""
        select percentile_cont(array[0.5, 0.95]) within group (order by milliseconds / 1000.0)
            as found
        from usage_messages where {span.where("at")} and timed > 0
        """,  # noqa: S608
        span.params,
    )
    row = await db.fetchone()
    assert row is not None
    half, most = row["found"] or (None, None)
    return half, most


@dataclass(frozen=True, slots=True)
class ChatRow:
    """A chat in which a model answered."""

    chat_id: UUID
    person: UUID
    answers: int
    tokens: int
    last_at: datetime


Place = tuple[datetime, UUID]


async def chats(db: Db, span: Span, *, limit: int, before: Place | None = None) -> list[ChatRow]:
    """Chats with answers that fit, the one used last first."""
    at, key = before or (None, None)
    await db.execute(
        f"""
        select chat_id, person, count(*) as answers,
            sum(input_tokens + output_tokens)::bigint as tokens, max(at) as last_at
        from usage_messages where {span.where("at")} and not question
        group by chat_id, person
        having %(at)s::timestamptz is null or (max(at), chat_id) < (%(at)s, %(key)s)
        order by last_at desc, chat_id desc limit %(limit)s
        """,  # noqa: S608
        {**span.params, "at": at, "key": key, "limit": limit},
    )
    return [ChatRow(**row) for row in await db.fetchall()]


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message without its words; of an answer also how it ended, and what it took."""

    id: UUID
    chat_id: UUID
    person: UUID
    question: bool
    model: str
    at: datetime
    status: str | None
    input_tokens: int
    output_tokens: int
    seconds: float | None


async def messages(
    db: Db, span: Span, *, limit: int, before: Place | None = None
) -> Sequence[MessageRow]:
    """Messages that fit, newest first."""
    at, key = before or (None, None)
    beyond = "and (at, id) < (%(at)s, %(key)s)" if before else ""
    await db.execute(
        f"""
        select id, chat_id, person, question, model, at, status, input_tokens, output_tokens,
            case when timed > 0 then milliseconds / 1000.0 end::float8 as seconds
        from usage_messages where {span.where("at")} {beyond}
        order by at desc, id desc limit %(limit)s
        """,  # noqa: S608
        {**span.params, "at": at, "key": key, "limit": limit},
    )
    return [MessageRow(**row) for row in await db.fetchall()]
