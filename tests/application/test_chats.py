"""Commands on chats, carried out on a log in memory."""

from uuid import UUID, uuid4

import pytest

from application.chats import (
    ChooseLeaf,
    ConfigureChat,
    DeleteChat,
    RenameChat,
    RestoreChat,
    SeeChat,
    StartChat,
    TitleChat,
    TrashChat,
)
from application.command import Command, carry_out
from application.ports import SYSTEM, Actor, Stale
from domain.chats import Chat
from domain.errors import Conflict, NotFound
from domain.messages import Message
from infrastructure.memory_log import MemoryLog
from tests.scenario import record

ANA, BEN = Actor(UUID(int=10)), Actor(UUID(int=11))
CHAT = UUID(int=20)


@pytest.fixture
async def log() -> MemoryLog:
    log = MemoryLog()
    await carry_out(StartChat(CHAT), log=log, actor=ANA)
    return log


async def types(log: MemoryLog) -> list[str]:
    return [each.type for each in await log.read(0)]


async def test_starting_twice_opens_one(log: MemoryLog) -> None:
    receipt = await carry_out(StartChat(CHAT, "Tea"), log=log, actor=ANA)
    assert receipt.position is None
    assert await types(log) == ["chat.started"]


async def test_a_chat_starts_with_its_settings(log: MemoryLog) -> None:
    command = StartChat(uuid4(), "Tea", "Be brief.", {"seed": 1}, ["reader"])
    receipt = await carry_out(command, log=log, actor=ANA)
    assert receipt.position == 3
    chat = await log.get(Chat, command.chat_id)
    assert (chat.title, chat.settings) == ("Tea", ("Be brief.", {"seed": 1}, ["reader"]))


async def test_somebody_elses_id_is_not_found(log: MemoryLog) -> None:
    with pytest.raises(NotFound):
        await carry_out(StartChat(CHAT), log=log, actor=BEN)


@pytest.mark.parametrize(
    "command",
    [
        RenameChat(CHAT, "Mine"),
        ConfigureChat(CHAT, system="Mine"),
        ChooseLeaf(CHAT, CHAT),
        SeeChat(CHAT),
        TrashChat(CHAT),
        RestoreChat(CHAT),
        DeleteChat(CHAT),
    ],
    ids=lambda command: type(command).__name__,
)
async def test_to_others_a_chat_does_not_exist(log: MemoryLog, command: Command[None]) -> None:
    with pytest.raises(NotFound):
        await carry_out(command, log=log, actor=BEN)
    assert await types(log) == ["chat.started"]


async def test_what_is_not_named_stays(log: MemoryLog) -> None:
    await carry_out(ConfigureChat(CHAT, "Be brief.", {"seed": 1}, ["m"]), log=log, actor=ANA)
    await carry_out(ConfigureChat(CHAT, params={"seed": 2}), log=log, actor=ANA)
    await carry_out(ConfigureChat(CHAT, system="", models=[]), log=log, actor=ANA)
    assert (await log.get(Chat, CHAT)).settings == ("", {"seed": 2}, [])


async def test_a_found_title_does_not_overrule_a_person(log: MemoryLog) -> None:
    await carry_out(TitleChat(CHAT, "Found"), log=log, actor=SYSTEM)
    assert (await log.get(Chat, CHAT)).title == "Found"
    await carry_out(RenameChat(CHAT, "Mine"), log=log, actor=ANA)
    receipt = await carry_out(TitleChat(CHAT, "Found"), log=log, actor=SYSTEM)
    assert receipt.position is None
    assert (await log.get(Chat, CHAT)).title == "Mine"


async def test_a_leaf_must_be_in_the_chat(log: MemoryLog) -> None:
    message = Message.post(uuid4(), chat_id=CHAT, owner=ANA.id, parent_id=None, text="?")
    stray = Message.post(uuid4(), chat_id=uuid4(), owner=ANA.id, parent_id=None, text="?")
    await record(log, message, stray)
    await carry_out(ChooseLeaf(CHAT, message.id), log=log, actor=ANA)
    for wrong in (stray.id, uuid4()):
        with pytest.raises(Stale):
            await carry_out(ChooseLeaf(CHAT, wrong), log=log, actor=ANA)
    assert (await log.get(Chat, CHAT)).leaf_id == message.id


async def test_the_way_through_the_trash(log: MemoryLog) -> None:
    with pytest.raises(Conflict):
        await carry_out(DeleteChat(CHAT), log=log, actor=ANA)
    for command in (TrashChat(CHAT), RestoreChat(CHAT), TrashChat(CHAT), DeleteChat(CHAT)):
        await carry_out(command, log=log, actor=ANA)
    with pytest.raises(NotFound):
        await carry_out(RestoreChat(CHAT), log=log, actor=ANA)
    assert (await types(log))[1:] == [
        "chat.trashed",
        "chat.restored",
        "chat.trashed",
        "chat.deleted",
    ]


async def test_seeing_is_recorded(log: MemoryLog) -> None:
    assert (await carry_out(SeeChat(CHAT), log=log, actor=ANA)).position == 2
