"""Commands on messages and answers, carried out on a log in memory."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.chats import StartChat, TrashChat
from application.command import Command, Receipt, carry_out
from application.messages import (
    AskAgain,
    Asked,
    ContinueAnswer,
    Copied,
    CopyMessages,
    DeleteMessage,
    EditMessage,
    PostMessage,
    Request,
    StopAnswer,
)
from application.ports import Actor, Stale
from domain.answers import Answer, Outcome, Status
from domain.errors import Conflict, Invalid, NotFound, Refusal
from domain.messages import Message
from infrastructure.memory_log import MemoryLog
from tests.scenario import record

ANA, BEN = Actor(UUID(int=10)), Actor(UUID(int=11))
CHAT, QUESTION, BENS = UUID(int=20), UUID(int=21), UUID(int=30)
READER = Request(("reader",))


def question(
    key: UUID = QUESTION, parent: UUID | None = None, request: Request = READER
) -> PostMessage:
    return PostMessage(CHAT, key, parent, "How hot?", request)


@pytest.fixture
async def log() -> MemoryLog:
    log = MemoryLog()
    await carry_out(StartChat(CHAT), log=log, actor=ANA)
    await carry_out(StartChat(BENS), log=log, actor=BEN)
    return log


async def do(log: MemoryLog, command: Command[tuple[Asked, ...]]) -> Receipt[tuple[Asked, ...]]:
    return await carry_out(command, log=log, actor=ANA)


async def answered(log: MemoryLog, status: Status = Status.COMPLETED) -> UUID:
    """An answer that has ended."""
    [asked] = (await do(log, question(uuid4()))).result
    answer = await log.get(Answer, asked.id)
    answer.end(answer.start(left_out=0), Outcome(status, "80 °C"))
    await record(log, answer)
    return asked.id


async def test_a_question_goes_to_every_model(log: MemoryLog) -> None:
    receipt = await do(log, question(request=Request(("m1", "m2", "m1"), hint="Brief.")))
    assert receipt.position == 6
    assert [each.model for each in receipt.result] == ["m1", "m2", "m1"]
    assert len({each.id for each in receipt.result}) == 3
    assert {(each.batch_id, each.batch_count) for each in receipt.result} == {(QUESTION, 3)}
    recorded = await log.read(2)
    assert [each.type for each in recorded] == ["message.posted", *["answer.requested"] * 3]
    assert {each.root_id for each in recorded} == {CHAT}
    assert {each.owner_id for each in recorded} == {ANA.id}


async def test_a_repetition_changes_nothing(log: MemoryLog) -> None:
    first = await do(log, question())
    again = await do(log, question())
    assert again.result == first.result
    assert again.position is None
    assert await log.head() == first.position


async def test_the_same_wish_at_once_counts_once(log: MemoryLog) -> None:
    receipts = await asyncio.gather(*(do(log, question()) for _ in range(10)))
    assert len({each.result for each in receipts}) == 1
    assert await log.head() == 4


async def test_callers_may_choose_the_ids(log: MemoryLog) -> None:
    key = uuid4()
    receipt = await do(log, question(request=Request(("reader",), (key,))))
    assert [each.id for each in receipt.result] == [key]


@pytest.mark.parametrize(
    "request_", [Request(()), Request(("m",) * 9), Request(("m1", "m2"), (UUID(int=1),))]
)
async def test_requests_make_sense(log: MemoryLog, request_: Request) -> None:
    with pytest.raises(Invalid):
        await do(log, question(request=request_))
    assert await log.head() == 2


async def test_a_parent_is_in_the_chat_and_still_there(log: MemoryLog) -> None:
    await do(log, question())
    await do(log, question(uuid4(), parent=QUESTION))
    bens = Message.post(uuid4(), chat_id=BENS, owner=BEN.id, parent_id=None, text="?")
    gone = Message.post(uuid4(), chat_id=CHAT, owner=ANA.id, parent_id=None, text="?")
    gone.delete()
    await record(log, bens, gone)
    before = await log.head()
    for parent in (uuid4(), bens.id, gone.id, CHAT):
        with pytest.raises(NotFound):
            await do(log, question(uuid4(), parent=parent))
    assert await log.head() == before


async def test_somebody_elses_chat_does_not_exist(log: MemoryLog) -> None:
    with pytest.raises(NotFound):
        await do(log, PostMessage(BENS, uuid4(), None, "?", READER))


async def test_an_id_of_another_message_is_refused(log: MemoryLog) -> None:
    bens = Message.post(QUESTION, chat_id=BENS, owner=BEN.id, parent_id=None, text="?")
    await record(log, bens)
    with pytest.raises(Conflict):
        await do(log, question())
    assert await log.head() == 3


async def test_an_id_of_something_else_is_refused(log: MemoryLog) -> None:
    with pytest.raises((Refusal, Stale)):
        await do(log, question(BENS))
    assert await log.head() == 2


async def test_an_answer_of_another_chat_is_not_asked_again(log: MemoryLog) -> None:
    bens = Answer.record(
        uuid4(),
        chat_id=BENS,
        owner=BEN.id,
        question_id=None,
        model="m",
        status=Status.COMPLETED,
        text="Ben's",
        reasoning="",
        citations=[],
    )
    await record(log, bens)
    with pytest.raises((Refusal, Stale)):
        await do(log, question(request=Request(("reader",), (bens.id,))))


async def test_the_trash_takes_no_words(log: MemoryLog) -> None:
    key = await answered(log)
    await carry_out(TrashChat(CHAT), log=log, actor=ANA)
    wishes: tuple[Command[Any], ...] = (
        question(),
        AskAgain(CHAT, key, READER),
        EditMessage(CHAT, key, "75"),
        ContinueAnswer(key),
    )
    for wish in wishes:
        with pytest.raises(Conflict):
            await carry_out(wish, log=log, actor=ANA)


async def test_trashing_and_posting_at_once_never_both_hold(log: MemoryLog) -> None:
    trashed, posted = await asyncio.gather(
        carry_out(TrashChat(CHAT), log=log, actor=ANA), do(log, question()), return_exceptions=True
    )
    assert isinstance(trashed, Receipt)
    if isinstance(posted, Receipt):
        assert (posted.position or 0) < (trashed.position or 0)
    else:
        assert isinstance(posted, Conflict)


async def test_asking_again_asks_the_question_of_an_answer(log: MemoryLog) -> None:
    key = await answered(log)
    before = await log.get(Answer, key)
    [asked] = (await do(log, AskAgain(CHAT, key, Request(())))).result
    again = await log.get(Answer, asked.id)
    assert (again.question_id, again.model) == (before.question_id, "reader")
    [other] = (await do(log, AskAgain(CHAT, key, Request(("m2",))))).result
    assert (await log.get(Answer, other.id)).model == "m2"
    await do(log, question())
    [third] = (await do(log, AskAgain(CHAT, QUESTION, READER))).result
    assert (await log.get(Answer, third.id)).question_id == QUESTION


async def test_an_answer_without_a_question_cannot_be_asked_again(log: MemoryLog) -> None:
    copied = Answer.record(
        uuid4(),
        chat_id=CHAT,
        owner=ANA.id,
        question_id=None,
        model="m",
        status=Status.COMPLETED,
        text="!",
        reasoning="",
        citations=[],
    )
    await record(log, copied)
    with pytest.raises(Conflict):
        await do(log, AskAgain(CHAT, copied.id, Request(())))


async def test_questions_and_ended_answers_are_edited(log: MemoryLog) -> None:
    await do(log, question())
    key = await answered(log)
    for each in (QUESTION, key):
        assert (await carry_out(EditMessage(CHAT, each, "New"), log=log, actor=ANA)).position
    [asked] = (await do(log, question(uuid4()))).result
    with pytest.raises(Conflict):
        await carry_out(EditMessage(CHAT, asked.id, "New"), log=log, actor=ANA)


async def test_what_is_gone_stays_gone(log: MemoryLog) -> None:
    await do(log, question())
    await carry_out(DeleteMessage(CHAT, QUESTION), log=log, actor=ANA)
    for wish in (DeleteMessage(CHAT, QUESTION), EditMessage(CHAT, QUESTION, "New")):
        with pytest.raises(NotFound):
            await carry_out(wish, log=log, actor=ANA)


async def test_an_answer_stops_and_goes_on(log: MemoryLog) -> None:
    [asked] = (await do(log, question())).result
    for _ in range(2):
        await carry_out(StopAnswer(asked.id), log=log, actor=ANA)
    with pytest.raises(Conflict):
        await carry_out(ContinueAnswer(asked.id), log=log, actor=ANA)
    answer = await log.get(Answer, asked.id)
    assert answer.stopping
    answer.end(answer.start(left_out=0), Outcome(Status.STOPPED, "8"))
    await record(log, answer)
    assert (await carry_out(ContinueAnswer(asked.id), log=log, actor=ANA)).result == CHAT
    assert (await log.get(Answer, asked.id)).status == Status.QUEUED


async def test_somebody_elses_words_do_not_exist(log: MemoryLog) -> None:
    key = await answered(log)
    wishes: tuple[Command[Any], ...] = (
        StopAnswer(key),
        ContinueAnswer(key),
        EditMessage(BENS, key, "Mine"),
        DeleteMessage(BENS, key),
        AskAgain(BENS, key, READER),
        EditMessage(CHAT, key, "Mine"),
    )
    before = await log.head()
    for wish in wishes:
        with pytest.raises(NotFound):
            await carry_out(wish, log=log, actor=BEN)
    assert await log.head() == before


async def test_messages_are_copied_whole_once_and_in_their_order(log: MemoryLog) -> None:
    told, said = uuid4(), uuid4()
    command = CopyMessages(
        CHAT,
        (
            Copied(said, None, "user", "How hot?"),
            Copied(told, said, "assistant", "80 °C", model="reader", reasoning="Green tea."),
            Copied(uuid4(), told, "user", "And how long?"),
        ),
    )
    for _ in range(2):
        await carry_out(command, log=log, actor=ANA)
    recorded = await log.read(2)
    assert [each.type for each in recorded] == [
        "message.posted",
        "answer.recorded",
        "message.posted",
    ]
    answer = await log.get(Answer, told)
    assert (answer.chat_id, answer.question_id, answer.status) == (CHAT, said, Status.COMPLETED)


async def test_only_what_fits_is_copied(log: MemoryLog) -> None:
    key = await answered(log)
    bens = Message.post(uuid4(), chat_id=BENS, owner=BEN.id, parent_id=None, text="?")
    await record(log, bens)
    before = await log.head()
    many = tuple(Copied(uuid4(), None, "user", "?") for _ in range(501))
    for error, messages in (
        (Invalid, many),
        (NotFound, (Copied(uuid4(), bens.id, "user", "?"),)),
        (NotFound, (Copied(uuid4(), CHAT, "user", "?"),)),
        (Conflict, (Copied(bens.id, None, "user", "?"),)),
    ):
        with pytest.raises(error):
            await carry_out(CopyMessages(CHAT, messages), log=log, actor=ANA)
    assert await log.head() == before
    below = CopyMessages(CHAT, (Copied(uuid4(), key, "user", "Thanks"),))
    assert (await carry_out(below, log=log, actor=ANA)).position == before + 1
