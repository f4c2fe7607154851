"""Usage is counted once, moved when models are named, and comes out the same when retold."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from psycopg.rows import dict_row

from domain.aggregate import Aggregate
from domain.answers import Answer, Outcome, Status
from domain.battles import Battle, Blind, Side
from infrastructure.follower import create
from infrastructure.postgres import Connection, connect
from projections import usage_queries
from projections.read_model import Db, Writes
from projections.usage import usage
from projections.usage_queries import Counts, Span

CHAT, ANA, BEN = uuid4(), uuid4(), uuid4()
NOW = datetime.now(UTC)
SPAN = Span(NOW - timedelta(hours=1), NOW + timedelta(hours=1)).widened(timedelta(minutes=10))


@pytest.fixture
async def line(database: str) -> AsyncIterator[Connection]:
    async with await connect(database, autocommit=True) as line:
        yield line


@pytest.fixture
async def db(line: Connection) -> AsyncIterator[Db]:
    async with opened(line, "usage_v1") as cursor:
        yield cursor


class opened:  # noqa: N801 (used as a function)
    """A cursor on the read model in a schema of its own."""

    def __init__(self, line: Connection, schema: str) -> None:
        self.line, self.schema = line, schema

    async def __aenter__(self) -> Db:
        async with self.line.transaction():
            await create(self.line, self.schema, usage.tables)
        await self.line.execute(f"set search_path to {self.schema}")
        return self.line.cursor(row_factory=dict_row)

    async def __aexit__(self, *_: object) -> None:
        await self.line.execute("set search_path to public")


async def tell(db: Db, *aggregates: Aggregate) -> list[Any]:
    """Let usage hear the news of aggregates."""
    events = [event for each in aggregates for event in each.collect_events()]
    await hear(db, events)
    return events


async def hear(db: Db, events: Sequence[Any]) -> None:
    writes = Writes()
    for event in events:
        if type(event) in KINDS:
            usage.handle(event, writes)
    for sql, params in writes.statements:
        await db.execute(sql, params)


KINDS = (Answer.Requested, Answer.Ended, Battle.IdentityRevealed)


def asked(model: str = "m1", *, by: UUID = ANA, question: UUID | None = None) -> Answer:
    key = uuid4()
    return Answer.request(
        key,
        chat_id=CHAT,
        owner=by,
        question_id=question or uuid4(),
        model=model,
        params={},
        hint="",
        batch_id=key,
        batch_index=0,
        batch_count=1,
    )


def end(answer: Answer, status: Status = Status.COMPLETED, **more: Any) -> Answer:
    answer.end(answer.start(left_out=0), Outcome(status, "A secret.", **more))
    return answer


def battle(battle_id: UUID, **sides: Side) -> Battle:
    return Battle.start(
        battle_id,
        owner=ANA,
        chat_id=CHAT,
        question_id=uuid4(),
        sides=sides,
        draw=None,
        entry="",
        blind=True,
        prompt_key="",
    )


async def numbers(db: Db, model: str | None = None) -> Counts:
    return await usage_queries.totals(db, Span(SPAN.since, SPAN.until, model))


async def test_a_question_counts_once_and_each_answer_for_its_model(db: Db) -> None:
    question = uuid4()
    used = {"input_tokens": 10, "output_tokens": 4}
    one = end(asked("m1", question=question), usage=used, seconds=1.5)
    two = end(asked("m2", question=question, by=ANA), Status.FAILED)
    await tell(db, one, two, end(asked("m1", by=BEN), Status.STOPPED, seconds=0.5))
    assert await numbers(db) == Counts(2, 3, 1, 1, 1, 0, 10, 4, 1.0)
    assert await numbers(db, "m1") == Counts(0, 2, 1, 1, 0, 0, 10, 4, 1.0)
    assert await usage_queries.breadth(db, SPAN) == (1, 2)
    models = await usage_queries.by(db, "model", SPAN)
    assert [(key, each.answers) for key, each in models] == [("m1", 2), ("m2", 1)]
    people = await usage_queries.by(db, "person", SPAN)
    assert [(key, each.questions, each.answers) for key, each in people] == [
        (ANA, 1, 2),
        (BEN, 1, 1),
    ]


async def test_an_answer_that_goes_on_ends_once_and_took_both_times(db: Db) -> None:
    answer = end(asked(), Status.INTERRUPTED, usage={"output_tokens": 3}, seconds=1.0)
    await tell(db, answer)
    answer.go_on()
    await tell(db, end(answer, usage={"output_tokens": 5, "input_tokens": "many"}, seconds=2.0))
    assert await numbers(db) == Counts(1, 1, 1, 0, 0, 0, 0, 8, 1.5)


async def test_hidden_models_count_for_the_arena_until_they_are_named(db: Db) -> None:
    key = uuid4()
    a, b = (end(asked(str(Blind(key, slot)))) for slot in ("a", "b"))
    fought = battle(key, a=Side(a.id, "true-a", []), b=Side(b.id, "true-b", []))
    for slot in ("a", "b"):
        fought.finish_side(slot, "complete", style={}, leaked=False)
    await tell(db, a, b, fought)
    await db.execute("select * from usage_messages")
    assert "true" not in str(await db.fetchall())
    assert [key for key, _ in await usage_queries.by(db, "model", SPAN)] == ["arena"]
    fought.reveal()
    await tell(db, fought)
    found = [(key, each.answers) for key, each in await usage_queries.by(db, "model", SPAN)]
    assert found == [("true-a", 1), ("true-b", 1)]
    assert not any(astuple(await numbers(db, "arena"))[:-1])


async def test_no_words_are_kept(db: Db) -> None:
    await tell(db, end(asked()))
    for table in ("usage_messages", "usage_counts"):
        await db.execute(f"select * from {table}")
        assert "secret" not in str(await db.fetchall())


async def test_pages_go_on_where_they_ended(db: Db) -> None:
    answers = [end(asked("m1" if n % 2 else "m2")) for n in range(5)]
    await tell(db, *answers)
    seen: list[UUID] = []
    before = None
    while rows := await usage_queries.messages(db, SPAN, limit=3, before=before):
        seen += [row.id for row in rows]
        before = (rows[-1].at, rows[-1].id)
    assert len(seen) == len(set(seen)) == 10
    assert {each.id for each in answers} < set(seen)
    only = Span(SPAN.since, SPAN.until, "m1", ANA)
    rows = await usage_queries.messages(db, only, limit=50)
    assert {row.id for row in rows} == {answers[1].id, answers[3].id}
    (chat,) = await usage_queries.chats(db, only, limit=5)
    assert (chat.chat_id, chat.answers) == (CHAT, 2)
    after = (chat.last_at, chat.chat_id)
    assert await usage_queries.chats(db, only, limit=5, before=after) == []


async def test_a_series_has_what_lies_in_its_steps(db: Db) -> None:
    used = {"input_tokens": 2, "output_tokens": 3}
    answer = end(asked(), usage=used)
    await tell(db, answer)
    for width in ("10m", "1h", "1d"):
        span = SPAN.widened(usage_queries.WIDTHS[width])
        found = await usage_queries.series(db, span, width, "tokens")
        ((at, value),) = found["m1"].items()
        assert value == 5
        assert (at - span.since) % usage_queries.WIDTHS[width] == timedelta()
    assert await usage_queries.series(db, SPAN.previous, "10m", "messages") == {}
    assert await usage_queries.quantiles(db, SPAN) == (None, None)


@pytest.mark.parametrize("seed", range(4))
async def test_counts_are_those_of_the_messages_and_come_out_the_same_again(
    line: Connection, seed: int
) -> None:
    chance = random.Random(seed)
    events: list[Any] = []
    answers: list[Answer] = []
    async with opened(line, "first") as db:
        for turn in range(120):
            if not answers or chance.random() < 0.5:
                events += await tell(db, *begun(chance, answers, uuid5(CHAT, f"{seed} {turn}")))
            else:
                events += await tell(db, ended_again(chance, chance.choice(answers)))
        await agrees(db)
        first = await everything(db)
    async with opened(line, "second") as db:
        await hear(db, events)
        assert await everything(db) == first


def begun(chance: random.Random, answers: list[Answer], key: UUID) -> list[Aggregate]:
    hidden = chance.random() < 0.3
    model = str(Blind(key, "a")) if hidden else chance.choice(["m1", "m2"])
    answer = asked(model, by=chance.choice([ANA, BEN]))
    answers.append(answer)
    if not hidden:
        return [answer]
    fought = battle(key, a=Side(answer.id, "true", []))
    fought.reveal()
    return [answer, fought]


def ended_again(chance: random.Random, answer: Answer) -> Answer:
    if answer.status.is_end:
        answer.go_on()
    status = chance.choice([each for each in Status if each.is_end])
    used = {"input_tokens": chance.randrange(9), "output_tokens": chance.randrange(9)}
    return end(answer, status, usage=used, seconds=chance.random())


async def agrees(db: Db) -> None:
    await db.execute("select * from usage_messages")
    told: Counter[Any] = Counter()
    for row in await db.fetchall():
        key = (row["bucket"], row["model"], row["person"])
        told[(*key, "questions" if row["question"] else "answers")] += 1
        if row["status"]:
            told[(*key, row["status"])] += 1
        for name in ("input_tokens", "output_tokens", "timed", "milliseconds"):
            told[(*key, name)] += row[name]
    await db.execute("select * from usage_counts")
    kept: Counter[Any] = Counter()
    for row in await db.fetchall():
        key = (row.pop("bucket"), row.pop("model"), row.pop("person"))
        kept.update({(*key, name): value for name, value in row.items()})
    assert +kept == +told
    assert min(kept.values()) >= 0


async def everything(db: Db) -> str:
    found = []
    for table in ("usage_messages order by id", "usage_counts order by bucket, model, person"):
        await db.execute(f"select * from {table}")
        found.append(await db.fetchall())
    return repr(found)
