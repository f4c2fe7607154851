"""What the list of chats shows."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.answers import Answer, Outcome, Status
from domain.chats import Chat, TitleSource
from domain.errors import NotFound
from domain.messages import Message
from projections import chats
from tests.projections.telling import Telling

ANA, BEN = UUID(int=10), UUID(int=11)


def question(chat: Chat, text: str = "How hot?", parent: UUID | None = None) -> Message:
    return Message.post(uuid4(), chat_id=chat.id, owner=chat.owner, parent_id=parent, text=text)


def answer(chat: Chat, question_id: UUID, **more: Any) -> Answer:
    what: dict[str, Any] = {
        "chat_id": chat.id,
        "owner": chat.owner,
        "question_id": question_id,
        "model": "m1",
        "params": {},
        "hint": "",
        "batch_id": uuid4(),
        "batch_index": 0,
        "batch_count": 1,
    }
    return Answer.request(uuid4(), **what | more)


def end(answer: Answer, text: str = "80 °C", status: Status = Status.COMPLETED) -> None:
    answer.end(answer.start(left_out=0), Outcome(status, text))


async def test_a_new_chat_is_listed_to_its_owner_alone(told: Telling) -> None:
    chat = Chat.start(uuid4(), owner=ANA, title="Tea")
    await told.tell(chat)
    row = await chats.chat(told.db, chat.id, ANA)
    assert (row.title, row.title_source, row.params, row.models) == ("Tea", "person", {}, [])
    assert (row.unread, row.running, row.leaf_id, row.deleted_at) == (False, 0, None, None)
    with pytest.raises(NotFound):
        await chats.chat(told.db, chat.id, BEN)
    with pytest.raises(NotFound):
        await chats.chat(told.db, uuid4(), ANA)
    assert await chats.page(told.db, BEN) == []


async def test_the_first_question_names_a_chat(told: Telling) -> None:
    chat = Chat.start(uuid4(), owner=ANA)
    await told.tell(chat, question(chat, "How\n hot " + "x" * 200), question(chat, "Other"))
    row = await chats.chat(told.db, chat.id, ANA)
    assert row.title == ("How hot " + "x" * 200)[:100]
    assert row.title_source == "derived"
    chat.rename("Tea", source=TitleSource.AUTOMATIC)
    await told.tell(chat)
    assert (await chats.chat(told.db, chat.id, ANA)).title_source == "automatic"


async def test_settings_are_kept(told: Telling) -> None:
    chat = Chat.start(uuid4(), owner=ANA)
    chat.configure("Be\x00 brief", {"temperature": 0.5, "stop": ["\x00", "é"]}, ["m1", "m2"])
    await told.tell(chat)
    row = await chats.chat(told.db, chat.id, ANA)
    assert (row.system, row.models) == ("Be brief", ["m1", "m2"])
    assert row.params == {"temperature": 0.5, "stop": ["", "é"]}


async def test_an_ended_answer_is_news_until_seen(told: Telling) -> None:
    chat = Chat.start(uuid4(), owner=ANA)
    asked = question(chat)
    first, second = answer(chat, asked.id), answer(chat, asked.id)
    await told.tell(chat, asked, first, second)
    assert (await chats.chat(told.db, chat.id, ANA)).running == 2
    end(first)
    await told.tell(first)
    row = await chats.chat(told.db, chat.id, ANA)
    assert (row.running, row.unread) == (1, True)
    chat.see()
    end(second, status=Status.FAILED)
    await told.tell(second, chat)
    row = await chats.chat(told.db, chat.id, ANA)
    assert (row.running, row.unread) == (0, False)
    first.go_on()
    await told.tell(first)
    assert (await chats.chat(told.db, chat.id, ANA)).running == 1
    end(first)
    await told.tell(first, question(chat, "And now?"))
    row = await chats.chat(told.db, chat.id, ANA)
    assert (row.running, row.unread) == (0, False)


async def test_the_last_touched_comes_first(told: Telling) -> None:
    found = [Chat.start(uuid4(), owner=ANA, title=str(n)) for n in range(5)]
    await told.tell(*found, question(found[1]))
    found[0].see()
    await told.tell(found[0])
    assert [row.title for row in await chats.page(told.db, ANA)] == ["1", "4", "3", "2", "0"]
    first = await chats.page(told.db, ANA, limit=2)
    last = (first[-1].updated_at, first[-1].id)
    rest = await chats.page(told.db, ANA, before=last)
    assert [row.title for row in rest] == ["3", "2", "0"]


async def test_the_trash_is_a_list_of_its_own(told: Telling) -> None:
    kept, gone = (Chat.start(uuid4(), owner=ANA, title=each) for each in ("kept", "gone"))
    gone.trash()
    await told.tell(kept, gone)
    assert [row.title for row in await chats.page(told.db, ANA)] == ["kept"]
    (row,) = await chats.page(told.db, ANA, trash=True)
    assert row.deleted_at is not None
    assert row.deleted_at - row.created_at < timedelta(minutes=1)
    gone.restore()
    await told.tell(gone)
    assert len(await chats.page(told.db, ANA)) == 2
    gone.trash()
    gone.delete()
    await told.tell(gone)
    assert await chats.page(told.db, ANA, trash=True) == []
    assert await chats.find(told.db, gone.id) is None
