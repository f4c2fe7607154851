"""Commands on knowledge bases, carried out on a log in memory."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from application.command import Command, carry_out
from application.files import AddFile, Content, DeleteFile, TrashFile
from application.knowledge import (
    AddFiles,
    ChangeDirectory,
    ChooseCutting,
    CreateKnowledge,
    DeleteKnowledge,
    DescribeKnowledge,
    MakeDirectory,
    RemoveDirectory,
    RemoveFile,
    RestoreKnowledge,
    ShareKnowledge,
    TrashKnowledge,
)
from application.ports import Actor
from domain.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from domain.knowledge import Grant, Knowledge, Role
from domain.users import Role as House
from domain.users import User
from infrastructure.memory_log import MemoryLog
from tests.scenario import record

ANA, BEN, EVE = (Actor(UUID(int=each)) for each in (10, 11, 12))
ROOT = Actor(UUID(int=13), role="administrator")
BASE, DIRECTORY = UUID(int=20), UUID(int=21)
HERS, HIS = UUID(int=30), UUID(int=31)
CUTTING = {"tokens": 512, "overlap": 64, "contextual": False}

WRITING: list[Command[Any]] = [
    DescribeKnowledge(BASE, name="Mine"),
    MakeDirectory(BASE, uuid4(), "Black"),
    ChangeDirectory(BASE, DIRECTORY, name="Black"),
    AddFiles(BASE, (HIS,)),
    RemoveFile(BASE, HERS),
    RemoveDirectory(BASE, DIRECTORY),
]
OWNING: list[Command[Any]] = [
    ShareKnowledge(BASE, ()),
    ChooseCutting(BASE, CUTTING),
    TrashKnowledge(BASE),
    RestoreKnowledge(BASE),
    DeleteKnowledge(BASE),
]


def name_of(command: object) -> str:
    return type(command).__name__


@pytest.fixture
async def log() -> MemoryLog:
    """Ana's knowledge base with a directory and a file; Ben has a file too."""
    log = MemoryLog()
    for actor in (ANA, BEN, EVE):
        name = f"person {actor.id.int}"
        user = User.sign_up(actor.id, email=f"{name}@example.org", name=name, role=House.USER)
        await record(log, user)
    await do(log, CreateKnowledge(BASE, "Tea"), MakeDirectory(BASE, DIRECTORY, "Green"))
    for actor, file_id in ((ANA, HERS), (BEN, HIS)):
        await do(log, AddFile(file_id, Content("tea.txt", "text/plain", 3, "a" * 64)), by=actor)
    await do(log, AddFiles(BASE, (HERS,), DIRECTORY))
    return log


async def do(log: MemoryLog, *commands: Command[Any], by: Actor = ANA) -> None:
    for each in commands:
        await carry_out(each, log=log, actor=by)


async def share(log: MemoryLog, role: Role, who: Actor | None = BEN) -> None:
    await do(log, ShareKnowledge(BASE, (Grant(who.id if who else None, role),)))


@pytest.mark.parametrize("command", [*WRITING, *OWNING], ids=name_of)
@pytest.mark.parametrize("stranger", [BEN, ROOT], ids=["person", "administrator"])
async def test_to_strangers_it_does_not_exist(
    log: MemoryLog, command: Command[Any], stranger: Actor
) -> None:
    head = await log.head()
    with pytest.raises(NotFound) as refusal:
        await do(log, command, by=stranger)
    with pytest.raises(NotFound) as unknown:
        await log.get(Knowledge, uuid4())
    assert str(refusal.value).partition(str(BASE))[0] in str(unknown.value)
    assert await log.head() == head


@pytest.mark.parametrize("command", [*WRITING, *OWNING], ids=name_of)
async def test_readers_change_nothing(log: MemoryLog, command: Command[Any]) -> None:
    await share(log, Role.READ)
    with pytest.raises(Forbidden):
        await do(log, command, by=BEN)


@pytest.mark.parametrize("command", WRITING, ids=name_of)
async def test_writers_change_what_is_in_it(log: MemoryLog, command: Command[Any]) -> None:
    await share(log, Role.WRITE)
    head = await log.head()
    await do(log, command, by=BEN)
    assert await log.head() > head


@pytest.mark.parametrize("command", OWNING, ids=name_of)
async def test_what_it_is_remains_its_owners_business(
    log: MemoryLog, command: Command[Any]
) -> None:
    await share(log, Role.WRITE, who=None)
    with pytest.raises(Forbidden):
        await do(log, command, by=BEN)


async def test_access_can_be_taken_back(log: MemoryLog) -> None:
    await share(log, Role.WRITE)
    await do(log, DescribeKnowledge(BASE, name="Coffee"), by=BEN)
    await do(log, ShareKnowledge(BASE, ()))
    with pytest.raises(NotFound):
        await do(log, DescribeKnowledge(BASE, name="Tea"), by=BEN)


async def test_only_people_who_exist_are_let_in(log: MemoryLog) -> None:
    with pytest.raises(Invalid, match="no person"):
        await do(log, ShareKnowledge(BASE, (Grant(uuid4(), Role.READ),)))
    await do(log, ShareKnowledge(BASE, (Grant(None, Role.READ), Grant(EVE.id, Role.WRITE))))
    assert (await log.get(Knowledge, BASE)).role_of(EVE.id) == Role.WRITE


async def test_creating_twice_makes_one(log: MemoryLog) -> None:
    head = await log.head()
    await do(log, CreateKnowledge(BASE, "Other"))
    assert await log.head() == head
    with pytest.raises(NotFound):
        await do(log, CreateKnowledge(BASE, "Other"), by=BEN)
    await share(log, Role.READ)
    with pytest.raises(Conflict):
        await do(log, CreateKnowledge(BASE, "Other"), by=BEN)


async def test_what_is_not_named_stays(log: MemoryLog) -> None:
    await do(log, DescribeKnowledge(BASE, description="All of it"))
    await do(log, DescribeKnowledge(BASE, name="Teas"))
    below = uuid4()
    await do(log, MakeDirectory(BASE, below, "Sencha", DIRECTORY))
    await do(log, ChangeDirectory(BASE, below, name="Gyokuro"))
    knowledge = await log.get(Knowledge, BASE)
    assert (knowledge.name, knowledge.description) == ("Teas", "All of it")
    assert knowledge.directories[below].parent_id == DIRECTORY
    await do(log, ChangeDirectory(BASE, below, to_top=True))
    found = (await log.get(Knowledge, BASE)).directories[below]
    assert (found.name, found.parent_id) == ("Gyokuro", None)
    await do(log, ChangeDirectory(BASE, below, parent_id=DIRECTORY))
    assert (await log.get(Knowledge, BASE)).directories[below].parent_id == DIRECTORY


async def test_one_adds_ones_own_files_and_moves_any(log: MemoryLog) -> None:
    await share(log, Role.WRITE)
    with pytest.raises(NotFound):
        await do(log, AddFiles(BASE, (HIS,)))
    with pytest.raises(NotFound):
        await do(log, AddFiles(BASE, (uuid4(),)))
    await do(log, AddFiles(BASE, (HIS, HERS)), by=BEN)
    assert (await log.get(Knowledge, BASE)).files == {HERS: None, HIS: None}
    with pytest.raises(Invalid):
        await do(log, AddFiles(BASE, tuple(uuid4() for _ in range(201))))


async def test_files_in_the_trash_stay_out(log: MemoryLog) -> None:
    other = uuid4()
    await do(log, AddFile(other, Content("x", "text/plain", 1, "b" * 64)), TrashFile(other))
    with pytest.raises(Conflict):
        await do(log, AddFiles(BASE, (other,)))
    await do(log, DeleteFile(other))
    with pytest.raises(NotFound):
        await do(log, AddFiles(BASE, (other,)))


async def test_the_way_through_the_trash(log: MemoryLog) -> None:
    await share(log, Role.WRITE, who=None)
    with pytest.raises(Conflict):
        await do(log, DeleteKnowledge(BASE))
    await do(log, TrashKnowledge(BASE))
    for command in (*WRITING, ShareKnowledge(BASE, ()), ChooseCutting(BASE, None)):
        with pytest.raises(Conflict, match="trash"):
            await do(log, command)
        with pytest.raises(NotFound):
            await do(log, command, by=BEN)
    await do(log, RestoreKnowledge(BASE), ChooseCutting(BASE, CUTTING), TrashKnowledge(BASE))
    await do(log, DeleteKnowledge(BASE))
    for gone in (RestoreKnowledge(BASE), CreateKnowledge(BASE, "Tea")):
        with pytest.raises(Refusal):
            await do(log, gone)
