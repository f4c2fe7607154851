"""What hangs on the questions of a branch."""

from uuid import UUID, uuid4

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


async def test_a_chat_without_any_has_none_and_knows_it(told: Telling) -> None:
    chat, other = Chat.start(uuid4(), owner=ANA), Chat.start(uuid4(), owner=ANA)
    one, two = message(chat.id, None), message(other.id, None, 1)
    await told.tell(chat, one, other, two)
    assert await targets(told, chat.id, one.id) == []
    assert await targets(told, chat.id, two.id) == []
    rows, _ = await branches.context(told.db, chat.id, one.id)
    assert [each.attached for each in rows] == [False]
