"""What may happen to an export, and who may want it."""

from uuid import UUID, uuid4

import pytest

from application.command import carry_out
from application.exporting.orders import Order
from application.exports import (
    DeleteExport,
    FailExport,
    FinishExport,
    RecordExport,
    RequestExport,
    exporting,
)
from application.ports import SYSTEM, Actor
from domain.errors import Conflict, Forbidden, NotFound
from domain.exports import Export, Exported
from infrastructure.memory_log import MemoryLog
from tests.scenario import KEY, fact, given, news, tell

EXPORTED = Exported("0" * 64, 0, 9, 3, [])
ANA = Actor(UUID(int=10), role="administrator")
BEN = Actor(UUID(int=11))
REQUESTED = fact(Export.Requested, owner=ANA.id, order={})


class Asked:
    """What a policy asks for."""

    def __init__(self) -> None:
        self.jobs: list[tuple[str, UUID]] = []

    def enqueue(self, job: str, key: UUID, **_: object) -> None:
        self.jobs.append((job, key))


def test_an_export_ends_once() -> None:
    export = given(Export, REQUESTED)
    export.finish(EXPORTED)
    export.finish(EXPORTED)
    export.fail("Too late.")
    assert news(export) == [fact(Export.Finished, exported=EXPORTED)]


def test_one_that_failed_or_is_deleted_is_never_finished() -> None:
    failed = given(Export, REQUESTED)
    failed.fail("Nothing matches.")
    failed.finish(EXPORTED)
    assert news(failed) == [fact(Export.Failed, reason="Nothing matches.")]
    deleted = given(Export, REQUESTED, fact(Export.Deleted))
    deleted.finish(EXPORTED)
    assert news(deleted) == []
    with pytest.raises(NotFound):
        deleted.delete()


def test_a_worker_hears_of_what_is_wanted_and_what_must_go() -> None:
    asked = Asked()
    export = given(Export, REQUESTED)
    export.delete()
    tell(exporting, export, asked)
    tell(exporting, Export.request(KEY, owner=ANA.id, order={}), asked)
    assert asked.jobs == [("export", KEY), ("export", KEY)]


async def test_only_administrators_order_and_remove() -> None:
    log, key = MemoryLog(), uuid4()
    order = Order(["ratings"])
    with pytest.raises(Forbidden):
        await carry_out(RequestExport(key, order), log=log, actor=BEN)
    for _ in range(2):  # the second wish is no news
        await carry_out(RequestExport(key, order), log=log, actor=ANA)
    with pytest.raises(Conflict):
        await carry_out(RequestExport(key, Order(["trl-sft"])), log=log, actor=ANA)
    await carry_out(FinishExport(key, EXPORTED), log=log, actor=SYSTEM)
    await carry_out(FailExport(key, "Too late."), log=log, actor=SYSTEM)
    with pytest.raises(Forbidden):
        await carry_out(DeleteExport(key), log=log, actor=BEN)
    await carry_out(DeleteExport(key), log=log, actor=ANA)
    other = uuid4()
    for _ in range(2):
        await carry_out(RecordExport(other, order, EXPORTED), log=log, actor=SYSTEM)
    assert [each.type for each in await log.read(0)] == [
        "export.requested",
        "export.finished",
        "export.deleted",
        "export.recorded",
    ]
    kept = (await log.get(Export, other)).order
    assert Order(**kept) == Order(["ratings"], redact=[])
