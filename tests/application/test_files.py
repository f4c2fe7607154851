"""Commands on files, carried out on a log in memory, and the work that follows from them."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from application.command import Command, carry_out
from application.documents.settings import Limits
from application.files import (
    AddFile,
    Content,
    DeleteFile,
    EditText,
    ExpireFile,
    KeepFile,
    RecordFailure,
    RecordIndexed,
    RecordRead,
    RenameFile,
    ReplaceFile,
    RestoreFile,
    RetryAsWell,
    RetryFile,
    StartReading,
    TrashFile,
    check_limits,
    ingesting,
)
from application.knowledge import CreateKnowledge
from application.ports import SYSTEM, Actor
from domain.errors import Conflict, Invalid, NotFound, Refusal, TooLarge
from domain.files import File, State
from infrastructure.memory_log import MemoryLog
from tests.scenario import tell

ANA, BEN = Actor(UUID(int=10)), Actor(UUID(int=11))
FILE, BASE = UUID(int=20), UUID(int=21)
BYTES, OTHER, TEXT = "a" * 64, "b" * 64, "c" * 64
CONTENT = Content("Tea.pdf", "application/pdf", 3, BYTES)
NEW = Content("New.pdf", "application/pdf", 4, OTHER)


@pytest.fixture
async def log() -> MemoryLog:
    log = MemoryLog()
    await carry_out(AddFile(FILE, CONTENT), log=log, actor=ANA)
    return log


async def types(log: MemoryLog) -> list[str]:
    return [each.type for each in await log.read(0)]


async def work(log: MemoryLog, *commands: Command[Any]) -> None:
    for each in commands:
        await carry_out(each, log=log, actor=SYSTEM)


async def test_adding_twice_keeps_one(log: MemoryLog) -> None:
    receipt = await carry_out(AddFile(FILE, CONTENT), log=log, actor=ANA)
    assert receipt.position is None
    with pytest.raises(Conflict):
        await carry_out(AddFile(FILE, NEW), log=log, actor=ANA)
    assert await types(log) == ["file.added"]


@pytest.mark.parametrize(
    "command",
    [
        AddFile(FILE, CONTENT),
        RenameFile(FILE, "Mine"),
        ReplaceFile(FILE, NEW),
        EditText(FILE, TEXT, 1),
        RetryFile(FILE),
        TrashFile(FILE),
        RestoreFile(FILE),
        DeleteFile(FILE),
    ],
    ids=lambda command: type(command).__name__,
)
async def test_to_others_a_file_does_not_exist(log: MemoryLog, command: Command[None]) -> None:
    for actor in (BEN, Actor(UUID(int=12), role="administrator")):
        with pytest.raises(NotFound):
            await carry_out(command, log=log, actor=actor)
    assert await types(log) == ["file.added"]


async def test_workers_take_a_file_all_the_way(log: MemoryLog) -> None:
    read = RecordRead(FILE, BYTES, TEXT, 5, 1, "pdf", "Tea")
    await work(log, StartReading(FILE, BYTES), read, RecordIndexed(FILE, TEXT, 2))
    assert (await log.get(File, FILE)).state == State.READY


async def test_two_workers_at_once_tell_it_once(log: MemoryLog) -> None:
    await work(log, StartReading(FILE, BYTES), StartReading(FILE, BYTES))
    await work(log, RecordRead(FILE, BYTES, TEXT, 5, 1, "pdf"))
    with pytest.raises(Conflict):
        await work(log, RecordRead(FILE, BYTES, TEXT, 5, 1, "pdf"))
    await work(log, RecordIndexed(FILE, TEXT, 2), RecordIndexed(FILE, TEXT, 2))
    assert await types(log) == ["file.added", "file.reading_started", "file.read", "file.indexed"]


@pytest.mark.parametrize(
    "late",
    [
        StartReading(FILE, BYTES),
        RecordRead(FILE, BYTES, TEXT, 5, 1, "pdf"),
        RecordIndexed(FILE, TEXT, 2),
        RecordFailure(FILE, "reading", BYTES, "slow", "Too slow."),
        RecordFailure(FILE, "indexing", TEXT, "unfit", "Wrong."),
    ],
    ids=lambda command: f"{type(command).__name__} {getattr(command, 'stage', '')}",
)
async def test_who_worked_on_what_was_replaced_changes_nothing(
    log: MemoryLog, late: Command[None]
) -> None:
    await work(log, StartReading(FILE, BYTES), RecordRead(FILE, BYTES, TEXT, 5, 1, "pdf"))
    await carry_out(ReplaceFile(FILE, NEW), log=log, actor=ANA)
    before = await types(log)
    with pytest.raises(Refusal):
        await work(log, late)
    assert await types(log) == before


async def test_what_failed_is_told_at_its_stage(log: MemoryLog) -> None:
    await work(log, RecordFailure(FILE, "reading", BYTES, "encrypted", "It has a password."))
    await carry_out(RetryFile(FILE), log=log, actor=ANA)
    await work(log, StartReading(FILE, BYTES), RecordRead(FILE, BYTES, TEXT, 5, 1, "pdf"))
    await work(log, RecordFailure(FILE, "indexing", TEXT, "unfit", "Wrong dimension."))
    failed = [each.event for each in await log.read(0) if each.type == "file.failed"]
    assert [vars(each)["stage"] for each in failed] == ["reading", "indexing"]


async def test_a_file_is_read_again_for_its_knowledge(log: MemoryLog) -> None:
    await work(log, StartReading(FILE, BYTES))
    await work(log, RecordFailure(FILE, "reading", BYTES, "encrypted", "It has a password."))
    await work(log, RetryAsWell(FILE))
    await work(log, StartReading(FILE, BYTES), RecordRead(FILE, BYTES, TEXT, 5, 1, "pdf"))
    await work(log, RecordIndexed(FILE, TEXT, 1))
    for text in (TEXT, OTHER):
        await work(log, RecordRead(FILE, BYTES, text, 5, 1, "pdf", again=True))
    assert (await log.get(File, FILE)).text_sha256 == OTHER
    assert (await types(log))[-2:] == ["file.indexed", "file.read"]


async def test_a_file_goes_into_knowledge_or_is_not_kept_at_all(log: MemoryLog) -> None:
    await carry_out(CreateKnowledge(BASE, "Tea"), log=log, actor=ANA)
    other, add = uuid4(), AddFile(uuid4(), CONTENT)
    with pytest.raises(NotFound):
        await carry_out(KeepFile(AddFile(other, CONTENT), BASE), log=log, actor=BEN)
    with pytest.raises(NotFound):
        await carry_out(KeepFile(AddFile(other, CONTENT), BASE, uuid4()), log=log, actor=ANA)
    with pytest.raises(NotFound):
        await log.get(File, other)
    for _ in range(2):
        await carry_out(KeepFile(add, BASE), log=log, actor=ANA)
    assert (await types(log))[2:] == ["file.added", "knowledge.file_added"]


async def test_what_lay_in_the_trash_for_long_goes(log: MemoryLog) -> None:
    await work(log, ExpireFile(FILE))
    assert await types(log) == ["file.added"]
    await carry_out(TrashFile(FILE), log=log, actor=ANA)
    await work(log, ExpireFile(FILE), ExpireFile(FILE))
    assert await types(log) == ["file.added", "file.trashed", "file.deleted"]


@pytest.mark.parametrize(
    ("name", "size", "error"),
    [
        ("a.txt", 10, None),
        ("a.TXT", 10, None),
        ("a.tar.gz", 10, None),
        ("a.txt", 11, TooLarge),
        ("a.exe", 1, Invalid),
        ("txt", 1, Invalid),
        ("a.txt.exe", 1, Invalid),
    ],
)
def test_limits_are_kept(name: str, size: int, error: type[Exception] | None) -> None:
    limits = Limits(10, ("txt", ".GZ "))
    if error is None:
        check_limits(limits, name, size)
    else:
        with pytest.raises(error):
            check_limits(limits, name, size)


class Wishes:
    """Jobs as they are asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, UUID]] = []

    def enqueue(self, job: str, key: UUID, **_: Any) -> None:
        self.asked.append((job, key))


async def test_what_is_new_is_ingested_and_what_is_deleted_forgotten() -> None:
    wishes = Wishes()
    content: dict[str, Any] = {"media_type": "text/plain", "size": 1}
    file = File.add(FILE, owner=ANA.id, name="a", sha256=BYTES, **content)
    file.start_reading(BYTES)
    file.fail_reading(BYTES, kind="x", message="")
    file.retry()
    file.replace(name="a", sha256=OTHER, **content)
    file.start_reading(OTHER)
    file.record_read(OTHER, text_sha256=TEXT, characters=1, pages=1, loader="", title="")
    file.edit_text(BYTES, characters=1)
    file.record_indexed(BYTES, passages=1)
    file.rename("b")
    file.trash()
    file.restore()
    file.trash()
    file.delete()
    tell(ingesting, file, wishes)
    assert wishes.asked == [("ingest", FILE)] * 5 + [("forget", FILE)]
