"""How wishes become facts, when others wish at the same time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from application.chats import RenameChat, StartChat, TrashChat
from application.command import ATTEMPTS_MAX, Command, Work, carry_out
from application.ports import Actor, Envelope, Guard, Stale
from domain.aggregate import Aggregate
from domain.chats import Chat
from domain.errors import Conflict, NotFound
from domain.messages import Message
from infrastructure.memory_log import MemoryLog

ANA = Actor(UUID(int=10), session_id="s1", request_id="r1")
CHAT = UUID(int=20)


class Crowded(MemoryLog):
    """A log on which somebody else is faster, a number of times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times
        self.attempts = 0

    async def append(
        self, changed: Sequence[Aggregate], guards: Sequence[Guard], envelope: Envelope
    ) -> int | None:
        self.attempts += 1
        if self.attempts <= self.times:
            raise Stale
        return await super().append(changed, guards, envelope)


async def test_whoever_is_slower_decides_again() -> None:
    log = Crowded(ATTEMPTS_MAX - 1)
    assert (await carry_out(StartChat(CHAT), log=log, actor=ANA)).position == 1
    assert log.attempts == ATTEMPTS_MAX


async def test_but_not_for_ever() -> None:
    log = Crowded(ATTEMPTS_MAX)
    with pytest.raises(Stale):
        await carry_out(StartChat(CHAT), log=log, actor=ANA)
    assert log.attempts == ATTEMPTS_MAX
    assert await log.head() == 0


async def test_everybody_gets_his_turn() -> None:
    log = MemoryLog()
    await carry_out(StartChat(CHAT), log=log, actor=ANA)
    renaming = [carry_out(RenameChat(CHAT, f"T{n}"), log=log, actor=ANA) for n in range(50)]
    receipts = await asyncio.gather(*renaming)
    assert sorted(each.position or 0 for each in receipts) == list(range(2, 52))


async def test_a_repeated_command_answers_with_its_first_position() -> None:
    log = MemoryLog()
    command_id = uuid4()
    for _ in range(3):
        receipt = await carry_out(StartChat(CHAT), log=log, actor=ANA, command_id=command_id)
        assert receipt.position in (1, None)
    again = await carry_out(StartChat(uuid4()), log=log, actor=ANA, command_id=command_id)
    assert again.position == 1
    assert await log.head() == 1


async def test_a_refusal_from_memory_is_looked_at_again() -> None:
    """Another process restored the chat; this one does not know yet."""
    log = MemoryLog()
    await carry_out(StartChat(CHAT), log=log, actor=ANA)
    other = MemoryLog(log)
    await carry_out(TrashChat(CHAT), log=log, actor=ANA)
    chat = await other.get(Chat, CHAT)
    chat.restore()
    await other.append([chat], [], Envelope(ANA, uuid4(), uuid4()))

    await carry_out(_SaySomething(CHAT), log=log, actor=ANA)
    assert (await log.get(Chat, CHAT)).title == "Open"


async def test_that_nothing_is_to_do_is_looked_at_again() -> None:
    """Another process renamed the chat; this one remembers the title that is wanted."""
    log = MemoryLog()
    await carry_out(StartChat(CHAT), log=log, actor=ANA)
    await carry_out(RenameChat(CHAT, "Tea"), log=log, actor=ANA)
    other = MemoryLog(log)
    await carry_out(RenameChat(CHAT, "Coffee"), log=other, actor=ANA)

    receipt = await carry_out(RenameChat(CHAT, "Tea"), log=log, actor=ANA)
    assert receipt.position == 4
    assert (await other.get(Chat, CHAT)).title == "Tea"
    assert (await carry_out(RenameChat(CHAT, "Tea"), log=log, actor=ANA)).position is None


async def test_events_know_who_and_why() -> None:
    log = MemoryLog()
    command_id, cause = uuid4(), uuid4()
    await carry_out(StartChat(CHAT), log=log, actor=ANA, command_id=command_id, causation_id=cause)
    [each] = await log.read(0)
    assert each.metadata["actor"]["id"] == str(ANA.id)
    assert each.metadata["command"] == str(command_id)
    assert each.metadata["causation"] == each.metadata["correlation"] == str(cause)


async def test_one_table_holds_one_copy_and_one_kind() -> None:
    log = MemoryLog()
    await carry_out(StartChat(CHAT), log=log, actor=ANA)
    work = Work(log, ANA, uuid4(), hopeful=True)
    chat = await work.get(Chat, CHAT)
    assert await work.get(Chat, CHAT) is chat
    assert await work.known(Chat, CHAT) is chat
    assert await work.known(Chat, uuid4()) is None
    assert await work.find(Message, CHAT) is None
    with pytest.raises(NotFound):
        await work.get(Message, CHAT)
    assert await work.commit(Envelope(ANA, uuid4(), uuid4())) is None


@dataclass(frozen=True, slots=True)
class _SaySomething(Command[None]):
    """Refused in the trash."""

    chat_id: UUID

    async def execute(self, work: Work) -> None:
        chat = await work.get(Chat, self.chat_id)
        if chat.trashed:
            raise Conflict("In the trash.")
        chat.rename("Open")
