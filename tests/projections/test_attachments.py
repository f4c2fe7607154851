"""What hangs on the questions of a branch."""

import random
from uuid import UUID, uuid4

import pytest

from domain.chats import Chat
from domain.messages import Attachment, Message, Sources
from projections import attachments, branches
from tests.projections.telling import Telling

ANA = UUID(int=10)


def message(chat: UUID, parent: UUID | None, *ids: int, search: bool = False) -> Message:
    about = [Attachment("file", UUID(int=each), None, each == 2) for each in ids]
    sources = Sources(about, search)
    return Message.post(
        uuid4(), chat_id=chat, owner=ANA, parent_id=parent, text="?", sources=sources
    )


async def targets(told: Telling, chat: UUID, question: UUID) -> list[int]:
    rows = await attachments.on_branch(told.db, chat, question)
    return [each.target_id.int for each in attachments.distinct(rows) if each.target_id]


async def test_attachments_hold_for_all_that_follows_on_the_branch(told: Telling) -> None:
    chat = Chat.start(uuid4(), owner=ANA)
    first = message(chat.id, None, 1, 2, search=True)
    second = message(chat.id, first.id, 3, 1)
    beside = message(chat.id, first.id, 4)
    await told.tell(chat, first, second, beside)
    assert await targets(told, chat.id, second.id) == [3, 1, 2]
    assert await targets(told, chat.id, beside.id) == [4, 1, 2]
    assert await targets(told, chat.id, first.id) == [1, 2]
    [row] = await branches.messages_by_id(told.db, [first.id])
    assert row.web_search
    assert [(each["id"], each["whole"]) for each in row.attachments] == [
        (str(UUID(int=1)), False),
        (str(UUID(int=2)), True),
    ]
    rows, _ = await branches.context(told.db, chat.id, second.id)
    assert [each.attached for each in rows] == [True, True]


async def test_they_go_with_their_question_and_their_chat(told: Telling) -> None:
    chat = Chat.start(uuid4(), owner=ANA)
    first = message(chat.id, None, 1)
    second = message(chat.id, first.id, 2)
    await told.tell(chat, first, second)
    first.delete()
    await told.tell(first)
    assert await targets(told, chat.id, second.id) == [2]
    chat.trash()
    chat.delete()
    await told.tell(chat)
    await told.db.execute("select count(*) as count from attachments")
    assert (await told.db.fetchone() or {})["count"] == 0


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_is_deleted_the_rest_holds(told: Telling, seed: int) -> None:
    chance = random.Random(seed)
    chat = Chat.start(uuid4(), owner=ANA)
    await told.tell(chat)
    posted: list[Message] = []
    above: dict[UUID, UUID | None] = {}
    about: dict[UUID, int] = {}
    for number in range(1, 31):
        # Also below what is gone: whoever posted had not heard of it.
        parent = chance.choice([None, *(each.id for each in posted[-5:])])
        attached = [number] if chance.random() < 0.4 else []
        new = message(chat.id, parent, *attached)
        posted.append(new)
        above[new.id] = parent
        about |= dict.fromkeys([new.id], number) if attached else {}
        await told.tell(new)
        if chance.random() < 0.3:
            gone = chance.choice(posted)
            gone.delete()
            about.pop(gone.id, None)
            await told.tell(gone)
        for each in posted:
            if not each.deleted:
                assert await targets(told, chat.id, each.id) == upwards(each.id, above, about)


def upwards(here: UUID | None, above: dict[UUID, UUID | None], about: dict[UUID, int]) -> list[int]:
    """What is attached at and above a question, found step by step."""
    found: list[int] = []
    while here is not None:
        found += [about[here]] if here in about else []
        here = above[here]
    return found


async def test_a_chat_without_any_has_none_and_knows_it(told: Telling) -> None:
    chat, other = Chat.start(uuid4(), owner=ANA), Chat.start(uuid4(), owner=ANA)
    one, two = message(chat.id, None), message(other.id, None, 1)
    await told.tell(chat, one, other, two)
    assert await targets(told, chat.id, one.id) == []
    assert await targets(told, chat.id, two.id) == []
    rows, _ = await branches.context(told.db, chat.id, one.id)
    assert [each.attached for each in rows] == [False]
