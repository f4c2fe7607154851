"""What was asked and answered, as the log tells it."""

from uuid import UUID, uuid4

from application.ports import Turn
from domain.answers import Answer, Outcome, Status
from domain.chats import Chat
from domain.messages import Message
from infrastructure.exports.texts import Texts
from infrastructure.memory_log import MemoryLog
from tests.scenario import record

ANA = UUID(int=10)


def question(chat: Chat, parent_id: UUID | None, text: str) -> Message:
    return Message.post(uuid4(), chat_id=chat.id, owner=ANA, parent_id=parent_id, text=text)


def answer(chat: Chat, question_id: UUID, text: str) -> Answer:
    found = Answer.request(
        uuid4(),
        chat_id=chat.id,
        owner=ANA,
        question_id=question_id,
        model="x",
        params={},
        hint="",
        batch_id=uuid4(),
        batch_index=0,
        batch_count=1,
    )
    found.end(found.start(left_out=0), Outcome(Status.COMPLETED, text))
    return found


async def test_a_conversation_is_told_as_it_was_then() -> None:
    log = MemoryLog()
    chat = Chat.start(uuid4(), owner=ANA, title="Tea")
    chat.configure("Be brief.", {}, [])
    first = question(chat, None, "How hot?")
    said = answer(chat, first.id, "70 degrees.")
    second = question(chat, said.id, "How long?")
    last = answer(chat, second.id, "Three minutes.")
    await record(log, chat, first, said, second, last)
    until = await log.head()
    first.edit("How cold?")
    last.delete()
    await record(log, first, last)

    then = Texts(log, until)
    unknown = uuid4()
    assert await then.contexts([second.id, first.id, unknown]) == {
        second.id: [
            Turn("user", "How hot?"),
            Turn("assistant", "70 degrees."),
            Turn("user", "How long?"),
        ],
        first.id: [Turn("user", "How hot?")],
        unknown: [],
    }
    found = (await then.of([last.id]))[last.id]
    assert found is not None
    assert found.text == "Three minutes."
    assert await then.systems([chat.id]) == {chat.id: "Be brief."}

    now = Texts(log, await log.head())
    assert (await now.contexts([second.id]))[second.id][0].content == "How cold?"
    gone = (await now.of([last.id]))[last.id]
    assert gone is not None
    assert gone.text == ""


async def test_a_conversation_with_a_gap_is_no_conversation() -> None:
    log = MemoryLog()
    chat = Chat.start(uuid4(), owner=ANA, title="Tea")
    first = question(chat, None, "How hot?")
    said = answer(chat, first.id, "70 degrees.")
    second = question(chat, said.id, "How long?")
    await record(log, chat, first, said, second)
    said.delete()
    await record(log, said)
    texts = Texts(log, await log.head())
    assert await texts.contexts([second.id]) == {second.id: []}
    texts.forget()
    await log.erase(ANA)
    assert await texts.contexts([first.id]) == {first.id: []}
