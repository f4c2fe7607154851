"""The log itself, looked at beside the product: dense, and everything in it exactly once."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import psycopg

from tests.soak.people import Question
from tests.soak.writers import Shared

DENSE = """
    select count(*), coalesce(max(position), 0), (select position from log.head) from log.events
"""
GAPS = """
    select stream_id::text from log.events group by stream_id
    having count(*) <> max(version) or min(version) <> 1 or count(distinct version) <> count(*)
"""
TYPES = """
    select stream_id, type, count(*) from log.events where stream_id = any(%s) group by 1, 2
"""


async def audit(url: str, questions: Iterable[Question], shared: Shared | None) -> list[str]:
    """What is wrong with the log, in words."""
    questions = list(questions)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as db:
        problems = await not_dense(db)
        asked = await counted(db, [each.id for each in questions])
        answered = await counted(db, [each.answer_id for each in questions])
    for each in questions:
        problems += wrong(asked, each.id, {"message.posted": 1})
        problems += wrong(answered, each.answer_id, {"answer.requested": 1, "answer.ended": 1})
        if shared is not None and each in shared.questions:
            edits = len(shared.edits.get(each.id, []))
            problems += wrong(asked, each.id, {"message.edited": edits})
    return problems


def wrong(found: dict[tuple[str, str], int], key: str, wanted: dict[str, int]) -> list[str]:
    """Events of a stream that are not there as often as they must."""
    return [
        f"{kind} is {found.get((key, kind), 0)} times in {key}, not {count}"
        for kind, count in wanted.items()
        if found.get((key, kind), 0) != count
    ]


async def counted(
    db: psycopg.AsyncConnection[tuple[Any, ...]], ids: list[str]
) -> dict[tuple[str, str], int]:
    """How often each kind of event stands in each stream."""
    cursor = await db.execute(TYPES, [[UUID(each) for each in ids]])
    return {(str(key), kind): count for key, kind, count in await cursor.fetchall()}


async def not_dense(db: psycopg.AsyncConnection[tuple[Any, ...]]) -> list[str]:
    """Positions rise by one, and so do versions in each stream."""
    row = await (await db.execute(DENSE)).fetchone()
    assert row is not None
    count, last, head = row
    problems = [] if count == last == head else [f"{count} events, last {last}, head {head}"]
    gaps = await (await db.execute(GAPS)).fetchall()
    return problems + [f"the versions of {key} have gaps" for (key,) in gaps]
