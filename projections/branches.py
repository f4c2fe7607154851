"""Branches: what can be asked of the read model `messages`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.errors import NotFound
from projections.attachments import OF_MESSAGE, SEARCH
from projections.battles import WAITING_MESSAGE
from projections.messages import START
from projections.ratings import OF_MESSAGE as RATING_OF_MESSAGE
from projections.read_model import Db


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message with its words and its place among its siblings.

    From `model` on, the fields are those of answers, and the last two those of questions;
    in the others they are empty.
    """

    id: UUID
    chat_id: UUID
    owner_id: UUID
    parent_id: UUID | None
    role: str
    content: str
    created_at: datetime
    edited_at: datetime | None
    position: int
    sibling_index: int
    sibling_count: int
    previous_sibling_id: UUID | None
    next_sibling_id: UUID | None
    model: str | None
    status: str | None
    attempt: int
    reasoning: str
    reasoning_seconds: float | None
    seconds: float | None
    usage: dict[str, Any] | None
    error: dict[str, Any] | None
    left_out: int
    citations: list[dict[str, Any]]
    batch_id: UUID | None
    batch_count: int | None
    rating: dict[str, Any] | None
    attachments: list[dict[str, Any]]
    web_search: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Messages in reading order. `next_id` is where the next page begins, None at the end."""

    items: list[MessageRow]
    next_id: UUID | None


@dataclass(frozen=True, slots=True)
class ContextRow:
    """A message as a prompt needs it; `attached`: something is attached at or above it."""

    id: UUID
    parent_id: UUID | None
    role: str
    content: str
    status: str | None
    model: str | None
    attached: bool


@dataclass(frozen=True, slots=True)
class RunningRow:
    """An answer that has not ended."""

    id: UUID
    question_id: UUID | None
    model: str
    status: str
    batch_id: UUID | None


BRANCH = f"""
    with recursive {START}, branch as (
        select s.*, 1 as depth from start s where s.chat_id = %(chat)s
        union all
        select m.*, b.depth + 1 from messages m join branch b on m.id = b.parent_id
        where b.depth < %(limit)s
    )
"""  # noqa: S608 (all of it is ours)
ABOVE = f"""
    with recursive {START}, above as (
        select s.parent_id, 1 as depth from start s where s.chat_id = %(chat)s
        union all
        select m.parent_id, a.depth + 1 from messages m join above a on m.id = a.parent_id
        where a.depth < %(limit)s
    )
    select count(*) as count from above
"""  # noqa: S608 (all of it is ours)
WHOLE = f"""
    select m.id, m.chat_id, m.owner_id, nullif(m.parent_id, m.chat_id) as parent_id, m.role,
        coalesce(t.content, '') as content, m.created_at, m.edited_at, m.position,
        s.sibling_index, s.sibling_count, p.id as previous_sibling_id, n.id as next_sibling_id,
        m.model, m.status, m.attempt, coalesce(t.reasoning, '') as reasoning,
        m.reasoning_seconds, m.seconds, m.usage, m.error, m.left_out,
        coalesce(t.citations, '[]') as citations, m.batch_id, m.batch_count,
        case m.role when 'user' then {OF_MESSAGE} end as attachments,
        case m.role when 'assistant' then {RATING_OF_MESSAGE} end as rating,
        {WAITING_MESSAGE} as waits
"""
AROUND = """
    left join texts t on t.message_id = m.id
    cross join lateral (
        select count(*) as sibling_count,
            count(*) filter (where s.position <= m.position) as sibling_index
        from messages s where s.parent_id = m.parent_id and not s.deleted) s
    left join lateral (
        select s.id from messages s
        where s.parent_id = m.parent_id and s.position < m.position and not s.deleted
        order by s.position desc limit 1) p on true
    left join lateral (
        select s.id from messages s
        where s.parent_id = m.parent_id and s.position > m.position and not s.deleted
        order by s.position limit 1) n on true
"""


async def leaf(db: Db, chat_id: UUID) -> UUID | None:
    """The message at which the chat ends as it is shown; None in an empty chat."""
    await db.execute("select leaf_id from leaves where chat_id = %s", [chat_id])
    row = await db.fetchone()
    return row["leaf_id"] if row else None


async def branch(db: Db, chat_id: UUID, start_id: UUID, *, limit: int = 50) -> Page:
    """The branch that ends at a message: the page of it that ends there.

    The next page, further up, begins at `next_id`. The cost is that of the page, however long
    the chat. A start that was deleted meanwhile gives way to the nearest message above it.
    """
    await db.execute(
        f"{BRANCH} {WHOLE}, m.depth from branch m {AROUND} order by m.depth",
        {"chat": chat_id, "start": start_id, "limit": limit},
    )
    rows = await db.fetchall()
    items = [_message(row) for row in reversed(rows)]
    return Page(items, items[0].parent_id if len(items) == limit else None)


async def children(
    db: Db, chat_id: UUID, parent_id: UUID | None, *, limit: int = 50, after: int = 0
) -> list[MessageRow]:
    """What follows a message directly, oldest first, after a position; None: the beginnings."""
    await db.execute(
        f"""
        {WHOLE} from messages m {AROUND}
        where m.parent_id = %(parent)s and m.chat_id = %(chat)s and not m.deleted
            and m.position > %(after)s
        order by m.position limit %(limit)s
        """,
        {"parent": parent_id or chat_id, "chat": chat_id, "after": after, "limit": limit},
    )
    return [_message(row) for row in await db.fetchall()]


async def message(db: Db, message_id: UUID, owner_id: UUID) -> MessageRow:
    """One message to its owner; to others NotFound. Compare its chat_id with the address."""
    found = await messages_by_id(db, [message_id])
    if not found or found[0].owner_id != owner_id:
        raise NotFound("message", message_id)
    return found[0]


async def messages_by_id(db: Db, ids: list[UUID]) -> list[MessageRow]:
    """These messages, whoever's they are, in the order in which they came."""
    await db.execute(
        f"""
        {WHOLE} from messages m {AROUND}
        where m.id = any(%(ids)s) and not m.deleted order by m.position
        """,
        {"ids": ids},
    )
    return [_message(row) for row in await db.fetchall()]


async def newest_leaf(db: Db, chat_id: UUID, message_id: UUID) -> UUID:
    """The newest leaf below a message, or itself; NotFound when it is not in this chat."""
    await db.execute(
        """
        select case when chat_id = %(chat)s then newest_below(id) end as id from messages
        where id = %(id)s and not deleted
        """,
        {"id": message_id, "chat": chat_id},
    )
    row = await db.fetchone()
    if row is None or row["id"] is None:
        raise NotFound("message", message_id)
    found: UUID = row["id"]
    return found


async def context(
    db: Db, chat_id: UUID, start_id: UUID, *, limit: int = 20
) -> tuple[list[ContextRow], UUID | None]:
    """What a model has to know, newest first, from a question upwards; and where to go on."""
    await db.execute(
        f"""
        {BRANCH} select m.id, nullif(m.parent_id, m.chat_id) as parent_id, m.role,
            coalesce(t.content, '') as content, m.status, m.model,
            m.attached_id is not null as attached
        from branch m left join texts t on t.message_id = m.id order by m.depth
        """,  # noqa: S608
        {"chat": chat_id, "start": start_id, "limit": limit},
    )
    rows = [ContextRow(**row) for row in await db.fetchall()]
    return rows, rows[-1].parent_id if len(rows) == limit else None


async def count_above(db: Db, chat_id: UUID, start_id: UUID, *, limit: int) -> int:
    """How many messages a branch has, from a message upwards; no more are counted than `limit`."""
    await db.execute(ABOVE, {"chat": chat_id, "start": start_id, "limit": limit})
    row = await db.fetchone()
    return row["count"] if row else 0


async def running(db: Db, chat_id: UUID) -> list[RunningRow]:
    """All answers of a chat that have not ended, also those that were deleted meanwhile."""
    await db.execute(
        """
        select id, nullif(parent_id, chat_id) as question_id, model, status, batch_id
        from messages where chat_id = %s and status in ('queued', 'running') order by position
        """,
        [chat_id],
    )
    return [RunningRow(**row) for row in await db.fetchall()]


async def all_messages(db: Db, chat_id: UUID) -> list[MessageRow]:
    """All of a chat, parents before children."""
    await db.execute(
        f"""
        {WHOLE} from messages m {AROUND}
        where m.chat_id = %(chat)s and not m.deleted order by m.position
        """,
        {"chat": chat_id},
    )
    return [_message(row) for row in await db.fetchall()]


# What is shown of a hidden answer as long as it waits for the other side of its battle.
WAITING: dict[str, Any] = {
    "content": "",
    "reasoning": "",
    "reasoning_seconds": None,
    "seconds": None,
    "usage": None,
    "error": None,
    "citations": [],
}
ENDED = ("completed", "stopped", "failed", "interrupted")


def _message(row: dict[str, Any]) -> MessageRow:
    row.pop("depth", None)
    if row.pop("waits"):
        row |= {**WAITING, "status": "running" if row["status"] in ENDED else row["status"]}
    found = row.pop("attachments") or []
    attached = [each for each in found if each["kind"] != SEARCH]
    return MessageRow(**row, attachments=attached, web_search=len(attached) < len(found))
