"""What the event log promises, in memory and in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from application.ports import Actor, Envelope, Guard, Stale
from domain.chats import Chat
from domain.errors import NotFound
from domain.messages import Message
from domain.users import Role, User
from infrastructure.base_log import BaseLog
from infrastructure.event_log import EventLog
from infrastructure.memory_log import MemoryLog
from tests.scenario import envelope, memory, record

ANA, BEN = UUID(int=10), UUID(int=11)
MASTER = bytes(range(32))


@pytest.fixture(params=["memory", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = "" if request.param == "memory" else request.getfixturevalue("database")
    return found


@pytest.fixture
async def log(url: str) -> AsyncIterator[BaseLog]:
    async with EventLog(url, MASTER) if url else MemoryLog() as log:
        yield log


def chat_of(owner: UUID = ANA, title: str = "Tea") -> Chat:
    return Chat.start(uuid4(), owner=owner, title=title)


def message_in(chat: Chat, text: str = "How hot?") -> Message:
    return Message.post(uuid4(), chat_id=chat.id, owner=chat.owner, parent_id=None, text=text)


async def test_what_is_appended_can_be_read(log: BaseLog) -> None:
    chat = chat_of()
    assert await record(log, chat) == 1
    assert not chat.pending_events
    chat.rename("Coffee")
    chat.trash()
    assert await record(log, chat) == 3
    for fresh in (True, False):
        again = await log.get(Chat, chat.id, fresh=fresh)
        assert memory(again) == memory(chat)
        assert not again.pending_events


async def test_what_is_rebuilt_is_the_same_as_what_was_remembered(log: BaseLog) -> None:
    chat = chat_of()
    chat.configure("Be brief.", {"temperature": 0.5}, ["reader"])
    await record(log, chat)
    log.forget(chat.id)
    assert memory(await log.get(Chat, chat.id)) == memory(chat)


async def test_what_is_not_there_or_something_else_is_not_found(log: BaseLog) -> None:
    chat = chat_of()
    await record(log, chat)
    for kind, key in ((Chat, uuid4()), (Message, chat.id)):
        for fresh in (True, False):
            with pytest.raises(NotFound):
                await log.get(kind, key, fresh=fresh)


async def test_whoever_gets_an_aggregate_has_it_for_himself(log: BaseLog) -> None:
    chat = chat_of()
    await record(log, chat)
    mine = await log.get(Chat, chat.id, fresh=False)
    mine.rename("Mine alone")
    mine.settings[1]["temperature"] = 2
    assert (await log.get(Chat, chat.id, fresh=False)).title == "Tea"
    assert (await log.get(Chat, chat.id)).settings == ("", {}, [])


async def test_no_news_has_no_position(log: BaseLog) -> None:
    chat = chat_of()
    await record(log, chat)
    assert await record(log, chat) is None
    assert await log.append([], [], envelope()) is None


async def test_the_slower_of_two_is_told_and_leaves_no_trace(log: BaseLog) -> None:
    chat, bystander = chat_of(), chat_of(title="Milk")
    await record(log, chat)
    fast, slow = await log.get(Chat, chat.id), await log.get(Chat, chat.id)
    fast.rename("Fast")
    slow.rename("Slow")
    await record(log, fast)
    with pytest.raises(Stale):
        await record(log, bystander, slow)
    assert await log.head() == 2
    with pytest.raises(NotFound):
        await log.get(Chat, bystander.id)
    assert (await log.get(Chat, chat.id)).title == "Fast"


async def test_of_many_who_begin_one_stream_one_wins(log: BaseLog) -> None:
    key = uuid4()
    tries = [record(log, Chat.start(key, owner=ANA, title=str(n))) for n in range(20)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [each for each in results if not isinstance(each, Stale)] == [1]
    assert await log.head() == 1


async def test_guards_stand(log: BaseLog) -> None:
    chat, other = chat_of(), chat_of()
    first = message_in(chat)
    await record(log, chat, other, first)
    good: list[list[Guard]] = [[(chat.id, None)], [(chat.id, chat.id)], [(first.id, chat.id)]]
    bad: list[list[Guard]] = [
        [(uuid4(), None)],
        [(first.id, other.id)],
        [*good[0], (first.id, other.id)],
    ]
    for guards in good:
        assert await log.append([message_in(chat)], guards, envelope())
    for guards in bad:
        with pytest.raises(Stale):
            await log.append([message_in(chat)], guards, envelope())


async def test_a_closed_guard_refuses_until_it_opens(log: BaseLog) -> None:
    chat = chat_of()
    await record(log, chat)
    chat.trash()
    await record(log, chat)
    with pytest.raises(Stale):
        await log.append([message_in(chat)], [(chat.id, None)], envelope())
    chat.restore()
    await record(log, chat)
    assert await log.append([message_in(chat)], [(chat.id, None)], envelope())


async def test_guards_may_be_on_what_the_same_command_writes(log: BaseLog) -> None:
    chat = chat_of()
    guards = [(chat.id, None), (chat.id, chat.id)]
    assert await log.append([chat, message_in(chat)], guards, envelope()) == 2
    with pytest.raises(Stale):
        await log.append([message_in(chat)], [(chat.id, uuid4())], envelope())
    chat.trash()
    with pytest.raises(Stale):
        await log.append([chat, message_in(chat)], guards, envelope())


async def test_closing_and_building_on_it_at_once_never_both_hold(log: BaseLog) -> None:
    for _ in range(10):
        chat = chat_of()
        await record(log, chat)
        chat.trash()
        said = log.append([message_in(chat)], [(chat.id, None)], envelope())
        said_first, trashed = await asyncio.gather(said, record(log, chat), return_exceptions=True)
        assert isinstance(trashed, int)
        assert isinstance(said_first, Stale) or (
            isinstance(said_first, int) and said_first < trashed
        )


async def test_a_command_counts_once(log: BaseLog) -> None:
    around = envelope()
    first, again = chat_of(), chat_of()
    position = await log.append([first], [], around)
    assert await log.append([again], [], around) == position
    assert await log.head() == position
    with pytest.raises(NotFound):
        await log.get(Chat, again.id, fresh=False)


async def test_a_command_counts_once_even_at_once(log: BaseLog) -> None:
    around = envelope()
    tries = [log.append([chat_of()], [], around) for _ in range(20)]
    assert set(await asyncio.gather(*tries)) == {1}
    assert await log.head() == 1


async def test_the_log_is_read_in_order_and_in_part(log: BaseLog) -> None:
    chat, other = chat_of(), chat_of(BEN)
    for each in (chat, message_in(chat), other, message_in(other), message_in(chat)):
        await record(log, each)
    everything = await log.read(0)
    assert [each.position for each in everything] == [1, 2, 3, 4, 5]
    assert [each.position for each in await log.read(2, 2)] == [3, 4]
    assert [each.position for each in await log.read(0, types=["chat.started"])] == [1, 3]
    assert await log.read(0, types=[]) == []
    assert [each.position for each in await log.read(0, owner=BEN)] == [3, 4]
    assert [each.position for each in await log.read(0, root=chat.id)] == [1, 2, 5]
    assert [each.position for each in await log.read(1, until=3)] == [2, 3]
    assert await log.read(5) == []


async def test_an_event_tells_who_and_why(log: BaseLog) -> None:
    ana = Actor(ANA, session_id="s1", auth="password", request_id="r\x001")
    around = Envelope(ana, uuid4(), uuid4(), uuid4())
    chat = chat_of()
    await log.append([chat], [], around)
    [each] = await log.read(0)
    assert each.metadata == {
        "actor": {"id": str(ANA), "kind": "user", "session": "s1", "auth": "password"},
        "command": str(around.command_id),
        "correlation": str(around.correlation_id),
        "causation": str(around.causation_id),
        "request": "r1",
        "v": 1,
        "subject": str(ANA),
    }
    assert (each.stream_id, each.root_id, each.owner_id) == (chat.id, chat.id, ANA)
    assert (each.version, each.type) == (1, "chat.started")
    assert isinstance(each.event, Chat.Started)
    assert each.recorded_at.tzinfo is not None


@pytest.mark.parametrize(
    "text",
    ['"quotes" \\ back\\\\slash\\" {a,b} null NULL', "línea\n\ttab 🍵", "x" * 300_000, "\x01\x1f"],
)
async def test_any_text_comes_back_as_it_was(log: BaseLog, text: str) -> None:
    chat = Chat.start(uuid4(), owner=ANA, title="Tea")
    chat.configure("", {"stop": [text]}, [text])
    await record(log, chat, message_in(chat, text))
    events = [each.event for each in await log.read(0)]
    assert isinstance(events[1], Chat.Configured)
    assert events[1].params == {"stop": [text]}
    assert isinstance(events[2], Message.Posted)
    assert events[2].text == text


async def test_halves_of_characters_are_mended(log: BaseLog) -> None:
    chat = chat_of()
    await record(log, message_in(chat, "\ud83c\udf75 and \ud800"))
    [each] = await log.read(0)
    assert isinstance(each.event, Message.Posted)
    assert each.event.text == "\N{TEACUP WITHOUT HANDLE} and \N{REPLACEMENT CHARACTER}"


async def test_an_erased_person_is_forgotten(log: BaseLog) -> None:
    ana = User.sign_up(ANA, email="ana@example.org", name="Ana", role=Role.USER)
    mine, other = chat_of(title="Mine"), chat_of(BEN, title="Ben's")
    await record(log, ana, mine, other)
    await log.erase(ANA)
    await record(log, message_in(mine, "Said later"))
    events = [each.event for each in await log.read(0)]
    assert isinstance(events[0], User.SignedUp)
    assert (events[0].email, events[0].name, events[0].role) == ("", "", Role.USER)
    assert [vars(each).get("title") for each in events[1:3]] == ["", "Ben's"]
    assert isinstance(events[3], Message.Posted)
    assert events[3].text == ""
    assert (await log.get(Chat, mine.id, fresh=False)).title == ""
    assert (await log.get(Chat, other.id)).title == "Ben's"


async def test_many_histories_are_read_at_once_and_as_they_were(log: BaseLog) -> None:
    chat, other = chat_of(title="Mine"), chat_of(BEN, title="Ben's")
    message = message_in(chat)
    await record(log, chat, other, message)
    until = await log.head()
    message.edit("How cold?")
    await record(log, message)
    unknown = uuid4()
    before = await log.histories([chat.id, message.id, unknown], until)
    assert {key: len(events) for key, events in before.items()} == {chat.id: 1, message.id: 1}
    after = await log.histories([message.id, other.id], until + 1)
    assert [type(each) for each in after[message.id]] == [Message.Posted, Message.Edited]
    await log.erase(ANA)
    erased = (await log.histories([message.id], until + 1))[message.id]
    assert [vars(each)["text"] for each in erased] == ["", ""]
    assert await log.histories([], until) == {}


async def test_waiting_ends_with_the_next_event(log: BaseLog) -> None:
    await record(log, chat_of())
    assert await log.wait(0, 1) == 1
    assert await log.wait(1, 0.01) == 1
    waiting = asyncio.create_task(log.wait(1, 5))
    await asyncio.sleep(0)
    await record(log, chat_of())
    async with asyncio.timeout(1):
        assert await waiting == 2


async def test_many_writers_leave_no_gap_and_no_follower_behind(log: BaseLog) -> None:
    seen: list[int] = []

    async def follow() -> None:
        while len(seen) < 600:
            await log.wait(seen[-1] if seen else 0, 1)
            seen.extend(each.position for each in await log.read(seen[-1] if seen else 0))

    async def write() -> list[int | None]:
        chat = chat_of()
        return [
            await record(log, chat),
            await record(log, message_in(chat), message_in(chat)),
        ]

    following = asyncio.create_task(follow())
    positions = await asyncio.gather(*(write() for _ in range(200)))
    async with asyncio.timeout(10):
        await following
    assert seen == list(range(1, 601))
    assert all(each is not None for both in positions for each in both)
    assert await log.head() == 600
