"""What may happen to an import, and who may want it."""

from uuid import UUID, uuid4

import pytest

from application.command import carry_out
from application.importing.asked import (
    AskImport,
    CancelImport,
    FailImport,
    FinishImport,
    StartImport,
    importing,
)
from application.importing.kinds import FILE_BYTES_MAX, MODELS_BYTES_MAX
from application.ports import SYSTEM, Actor
from domain.errors import Conflict, Forbidden, Invalid, TooLarge
from domain.imports import SHOWN_MAX, Import, SentFile, Step, Unusable
from infrastructure.memory_log import MemoryLog
from tests.scenario import KEY, fact, given, news, tell

ANA = Actor(UUID(int=10), role="administrator")
BEN = Actor(UUID(int=11))
TABLE = SentFile("table", "battles.jsonl", 9, UUID(int=12))
ASKED = fact(Import.Asked, owner=ANA.id, kind="arena-table", space="", name="", files=[TABLE])
STARTED = fact(Import.Started)


def step(since: tuple[str, int], line: int, broken: int = 0) -> Step:
    """Lines up to this one, of which the first are broken."""
    shown = [Unusable(since[1] + n, "not JSON") for n in range(1, broken + 1)]
    reasons = {"not JSON": broken} if broken else {}
    taken = line - since[1] - broken
    return Step(since, "table", line, taken - 1, 1, broken, reasons, shown)


def advanced(asked: Import) -> list[Import.Advanced]:
    """What was told just now."""
    return [each for each in asked.pending_events if isinstance(each, Import.Advanced)]


def test_numbers_are_those_of_all_so_far() -> None:
    asked = given(Import, ASKED, STARTED)
    asked.advance(step(("", 0), 10, broken=2))
    asked.advance(step(("table", 10), 15, broken=1))
    first, second = advanced(asked)
    assert (second.imported, second.skipped, second.unusable) == (10, 2, 3)
    assert (first.reasons, second.reasons) == ({"not JSON": 2}, {"not JSON": 3})
    assert [each.line for each in first.shown + second.shown] == [1, 2, 11]


def test_of_many_broken_lines_the_first_are_shown() -> None:
    asked = given(Import, ASKED, STARTED)
    asked.advance(step(("", 0), SHOWN_MAX + 50, broken=SHOWN_MAX - 1))
    asked.advance(step(("table", SHOWN_MAX + 50), 500, broken=9))
    first, second = advanced(asked)
    assert len(first.shown) + len(second.shown) == SHOWN_MAX
    assert second.unusable == SHOWN_MAX + 8


def test_no_line_counts_twice() -> None:
    asked = given(Import, ASKED, STARTED)
    asked.advance(step(("", 0), 10))
    for since in (("", 0), ("table", 9), ("table", 11)):
        with pytest.raises(Conflict, match="Another worker"):
            asked.advance(step(since, 20))
    assert len(news(asked)) == 1


def test_an_import_ends_once() -> None:
    asked = given(Import, ASKED, STARTED)
    asked.finish()
    asked.finish()
    asked.fail("Too late.")
    assert news(asked) == [fact(Import.Finished)]
    for end in (fact(Import.Finished), fact(Import.Failed, reason="No.")):
        ended = given(Import, ASKED, end)
        with pytest.raises(Conflict, match="stays"):
            ended.cancel()


def test_what_is_cancelled_goes_no_further() -> None:
    asked = given(Import, ASKED)
    asked.cancel()
    asked.cancel()
    assert news(asked) == [fact(Import.Cancelled)]
    stopped = given(Import, ASKED, fact(Import.Cancelled))
    stopped.start()
    stopped.finish()
    stopped.fail("Too late.")
    assert news(stopped) == []
    with pytest.raises(Conflict, match="ended"):
        stopped.advance(step(("", 0), 10))


class Wanted:
    """What a policy asks for."""

    def __init__(self) -> None:
        self.jobs: list[tuple[str, UUID]] = []

    def enqueue(self, job: str, key: UUID, **_: object) -> None:
        self.jobs.append((job, key))


def test_a_worker_hears_of_what_is_asked_and_what_is_cancelled() -> None:
    wanted = Wanted()
    asked = Import.ask(KEY, owner=ANA.id, kind="arena-table", space="", name="", files=[TABLE])
    asked.cancel()
    tell(importing, asked, wanted)
    assert wanted.jobs == [("import", KEY), ("import", KEY)]


async def test_only_administrators_ask_and_cancel() -> None:
    log, key = MemoryLog(), uuid4()
    ask = AskImport(key, "arena-table", "club", "", [TABLE])
    with pytest.raises(Forbidden):
        await carry_out(ask, log=log, actor=BEN)
    for _ in range(2):  # the second wish is no news
        await carry_out(ask, log=log, actor=ANA)
    with pytest.raises(Conflict):
        await carry_out(AskImport(key, "arena-table", "", "", [TABLE]), log=log, actor=ANA)
    for _ in range(2):
        await carry_out(StartImport(key), log=log, actor=SYSTEM)
    with pytest.raises(Forbidden):
        await carry_out(CancelImport(key), log=log, actor=BEN)
    await carry_out(CancelImport(key), log=log, actor=ANA)
    await carry_out(FinishImport(key), log=log, actor=SYSTEM)
    await carry_out(FailImport(key, "Too late."), log=log, actor=SYSTEM)
    kinds = [each.type for each in await log.read(0)]
    assert kinds == ["import.asked", "import.started", "import.cancelled"]


@pytest.mark.parametrize(
    ("kind", "parts", "space", "named"),
    [
        ("csv", ["table"], "", "kind: must be one of arena, "),
        ("arena", ["battles"], "", "votes is missing"),
        ("arena-table", ["table", "votes"], "", "votes is no part of arena-table"),
        ("openwebui-feedback", ["feedback"], "club", "always goes to the common one"),
        ("arena-table", ["table"], " club", "blank"),
    ],
)
async def test_what_is_no_import_is_refused(
    kind: str, parts: list[str], space: str, named: str
) -> None:
    files = [SentFile(each, each, 9, uuid4()) for each in parts]
    with pytest.raises(Invalid, match=named):
        await carry_out(AskImport(uuid4(), kind, space, "", files), log=MemoryLog(), actor=ANA)


@pytest.mark.parametrize(
    ("part", "size", "refusal"),
    [
        ("votes", 0, Invalid),
        ("votes", FILE_BYTES_MAX + 1, TooLarge),
        ("models", MODELS_BYTES_MAX + 1, TooLarge),
    ],
)
async def test_files_have_their_limits(part: str, size: int, refusal: type[Exception]) -> None:
    sizes = {"battles": 9, "votes": 9, "models": 9, part: size}
    files = [SentFile(each, each, n, uuid4()) for each, n in sizes.items()]
    with pytest.raises(refusal, match=f"{part}: "):
        await carry_out(AskImport(uuid4(), "arena", "", "", files), log=MemoryLog(), actor=ANA)
