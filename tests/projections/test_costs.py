"""What looking at a chat costs: rows touched, which depend on the page and not on the history.

Plans are made while the tables are small and nothing is known of them, and kept while they grow:
that is how a new house begins. So a query that could go through all of a chat, does.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from domain.answers import Outcome, Status
from domain.chats import Chat
from domain.messages import Attachment, Message, Sources
from infrastructure.postgres import connect
from projections import attachments, branches
from projections.read_model import Db
from tests.projections.telling import Telling
from tests.projections.test_chats import answer

LONG = 600
ROWS_MAX = 120  # for a page of ten: each with its text, siblings and what hangs on it
TOUCHED = """
    select coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)), 0) as touched
    from pg_stat_user_tables
"""

Look = Callable[[Db, UUID, UUID], Awaitable[object]]


async def newest_leaf(db: Db, chat: UUID, leaf: UUID) -> None:
    assert await branches.newest_leaf(db, chat, leaf) == leaf


async def page(db: Db, chat: UUID, leaf: UUID) -> None:
    assert len((await branches.branch(db, chat, leaf, limit=5)).items) == 5


async def following(db: Db, chat: UUID, leaf: UUID) -> None:
    [message] = await branches.messages_by_id(db, [leaf])
    assert await branches.children(db, chat, message.parent_id, limit=10)


async def material(db: Db, chat: UUID, leaf: UUID) -> None:
    assert len(await attachments.on_branch(db, chat, leaf)) == 1


async def context(db: Db, chat: UUID, leaf: UUID) -> None:
    rows, _ = await branches.context(db, chat, leaf, limit=5)
    assert [each.attached for each in rows] == [True] * 5


async def count(db: Db, chat: UUID, leaf: UUID) -> None:
    assert await branches.count_above(db, chat, leaf, limit=5) == 5


LOOKS: tuple[Look, ...] = (newest_leaf, page, following, material, context, count)


def chain(chat: Chat, parent: UUID | None, length: int) -> list[Message]:
    """Questions, each below the one before; something is attached to the very first."""
    found: list[Message] = []
    for _ in range(length):
        file = Attachment("file", uuid4(), None, whole=False)
        sources = Sources([] if parent else [file], web_search=False)
        message = Message.post(
            uuid4(), chat_id=chat.id, owner=chat.owner, parent_id=parent, text="?", sources=sources
        )
        found.append(message)
        parent = message.id
    return found


async def touched(database: str, db: Db) -> int:
    """How many rows were gone through so far."""
    await db.execute("select pg_stat_force_next_flush()")
    await db.execute("select 1")
    async with await connect(database, autocommit=True) as other:
        row = await (await other.execute(TOUCHED)).fetchone()
    return int(row[0]) if row else 0


async def grow(told: Telling, chat: Chat, *messages: Message) -> None:
    """A new chat; what the database learns of it by itself would come at any time."""
    for each in ("messages", "texts", "attachments", "chats", "leaves"):
        await told.line.execute(f"alter table {each} set (autovacuum_enabled = false)")
    await told.tell(chat, *messages)


@pytest.mark.parametrize("look", LOOKS)
async def test_a_look_at_a_long_chat_costs_no_more_than_its_page(
    told: Telling, database: str, look: Look
) -> None:
    chat = Chat.start(uuid4(), owner=uuid4())
    few = chain(chat, None, 6)
    await told.line.execute("set enable_seqscan to off")  # as the reader does
    await grow(told, chat, *few)
    for _ in range(12):  # so often that one plan is made for all values
        await look(told.db, chat.id, few[-1].id)
    more = chain(chat, few[-1].id, LONG)
    await told.tell(*more)
    before = await touched(database, told.db)
    await look(told.db, chat.id, more[-1].id)
    assert await touched(database, told.db) - before <= ROWS_MAX


async def turn(told: Telling, chat: Chat, above: Message) -> None:
    """A question, an answer that is written, another branch; then all of it taken back."""
    question = Message.post(
        uuid4(), chat_id=chat.id, owner=chat.owner, parent_id=above.id, text="How hot?"
    )
    reply = answer(chat, question.id)
    attempt = reply.start(left_out=0)
    reply.checkpoint(attempt, offset=0, text="80", reasoning_offset=0, reasoning="")
    reply.end(attempt, Outcome(Status.COMPLETED, "80 °C"))
    chat.choose_leaf(above.id)
    await told.tell(question, reply, chat)
    question.edit("How hot is it?")
    question.delete()
    await told.tell(question)


async def test_a_turn_in_a_long_chat_costs_no_more(told: Telling, database: str) -> None:
    chat = Chat.start(uuid4(), owner=uuid4())
    few = chain(chat, None, 6)
    await grow(told, chat, *few)
    for _ in range(12):
        await turn(told, chat, few[-1])
    more = chain(chat, few[-1].id, LONG)
    await told.tell(*more)
    before = await touched(database, told.db)
    await turn(told, chat, more[-1])
    assert await touched(database, told.db) - before <= ROWS_MAX
