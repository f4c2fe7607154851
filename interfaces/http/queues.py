"""Queues of annotations: administrators draw battles, people judge them without names."""

import asyncio
import random
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from application.command import Command, R
from application.evaluation.agreement import krippendorff
from application.exporting.annotations import COLUMNS, annotations_of
from application.exporting.orders import Order
from application.leaderboards.asking import POSITION_MAX
from application.ports import Stale
from application.queues import (
    PEOPLE_MAX,
    SIZE_MAX,
    AnnotateItem,
    CloseQueue,
    OpenQueue,
    SkipItem,
    TakeItem,
    Taken,
)
from domain.errors import Invalid, NotFound
from domain.queues import Plan, Sieve
from infrastructure.exports.choosing import ReadChoosing
from infrastructure.exports.names import house_pseudonyms
from infrastructure.exports.source import Fought, LogSource
from infrastructure.exports.writers import csv_line
from interfaces.http.call import AdministratorCall, Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, Line, When
from interfaces.http.paging import NO_CURSOR, Page, Paging, pack, unpack
from projections import queues as projection
from projections.queues import QueueRow

router = Door(prefix="/evaluations/queues", tags=["evaluations"])

SEED_MAX = 2**53
GONE_MAX = 20
STALE_MAX = 10
PAUSE_SECONDS = 0.02
ORDER = ("arena-battles",)  # nothing is exported; an order says from which space to read
TABLE: dict[str, Any] = {
    "description": "All annotations.",
    "content": {"text/csv": {"schema": {"type": "string"}}},
}

Name = Annotated[Line, Field(max_length=200)]


class NewQueue(Body):
    """Which battles are drawn, how many people judge each, and who may; nobody named: everybody."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "Maths", "size": 50, "people": 2}}
    )

    name: Annotated[Name, Field(min_length=1)]
    instructions: Annotated[str, Field(max_length=10_000)] = ""
    space: Name = ""
    category: Name = ""
    language: Name = ""
    models: Annotated[list[Line], Field(max_length=50)] = Field(default_factory=list)
    without_votes: StrictBool = False
    size: Annotated[StrictInt, Field(ge=1, le=SIZE_MAX)]
    seed: Annotated[StrictInt, Field(ge=0, le=SEED_MAX)] = 0
    people: Annotated[StrictInt, Field(ge=1, le=PEOPLE_MAX)] = 1
    annotators: Annotated[list[UUID], Field(max_length=200)] = Field(default_factory=list)

    def plan(self) -> Plan:
        """What is opened."""
        sieve = Sieve(
            self.space, self.category, self.language, self.models, without_votes=self.without_votes
        )
        return Plan(
            self.name.strip(),
            self.instructions,
            sieve,
            self.size,
            self.seed,
            self.people,
            self.annotators,
        )


class OpenedQueue(BaseModel):
    """A queue of `count` items, drawn from `pool` battles."""

    queue_id: UUID
    count: int
    pool: int


class QueueShape(BaseModel):
    """A queue. What tells of models, people and agreement is for administrators.

    `finished` of `count` items were judged by as many people as planned. `alpha` is
    Krippendorff's, for names; null as long as it says nothing.
    """

    id: UUID
    name: str
    instructions: str
    state: Literal["open", "closed"]
    count: int
    people: int
    annotated: int
    finished: int
    mine: int
    passed: int
    may_annotate: bool
    created_at: When
    sieve: dict[str, Any] | None
    seed: int | None
    pool: int | None
    annotators: list[UUID] | None
    alpha: float | None


class TurnShape(BaseModel):
    """A turn of what was asked."""

    role: str
    content: str


class ItemShape(BaseModel):
    """What is to be judged, without names. It is held until a time, for whoever took it."""

    item: int
    until: When
    context: list[TurnShape]
    answer_a: str
    answer_b: str


class TakenItem(BaseModel):
    """What is next; null when nothing is left, or others hold all that is."""

    item: ItemShape | None


class Annotation(Body):
    """Who is better: model_a, model_b, tie or both_bad; and, if one likes, why."""

    winner: Line
    comment: Annotated[str, Field(max_length=2_000)] = ""


@router.post("", status_code=201, responses=problems("conflict", "projection_lagging"))
async def open_queue(body: NewQueue, call: AdministratorCall) -> OpenedQueue:
    """Draw battles at random, and let people judge them.

    Their questions and answers are shown to whoever may judge here, without names of models.
    """
    plan = body.plan()
    async with call.read(projection.queues, own=True) as db:
        battles, pool = await projection.drawn(db, plan.sieve, seed=plan.seed, size=plan.size)
    queue_id = call.new_id("queue")
    await call.execute(OpenQueue(queue_id, plan, battles, pool))
    return OpenedQueue(queue_id=queue_id, count=len(battles), pool=pool)


@router.get("", responses=problems("projection_lagging"))
async def list_queues(call: Call, paging: Paging) -> Page[QueueShape]:
    """Queues, the newest first: all to administrators, to others those they may judge in."""
    before = place_of(paging.cursor) if paging.cursor else None
    is_boss = call.actor.is_administrator
    async with call.read(projection.queues, own=True) as db:
        rows = await projection.page(
            db, call.actor.id, every=is_boss, limit=paging.more, before=before
        )
        kept = rows[: paging.limit]
        said = await projection.winners(db, [each.id for each in kept]) if is_boss else {}
    more = pack(str(kept[-1].position)) if len(rows) > paging.limit else None
    items = [shown(each, call, said.get(each.id)) for each in kept]
    return Page[QueueShape](items=items, next_cursor=more)


@router.get("/{queue_id}", responses=problems("not_found", "projection_lagging"))
async def read_queue(queue_id: UUID, call: Call) -> QueueShape:
    """How far a queue is."""
    async with call.read(projection.queues, own=True) as db:
        row = await projection.queue(db, queue_id, call.actor.id)
        if not (call.actor.is_administrator or admits(row, call)):
            raise NotFound("queue", queue_id)
        said = await projection.winners(db, [queue_id]) if call.actor.is_administrator else {}
    return shown(row, call, said.get(queue_id))


@router.post("/{queue_id}/take", responses=problems("not_found", "conflict"))
async def take_item(queue_id: UUID, call: Call) -> TakenItem:
    """What to judge next; it is held for a quarter of an hour. Items without texts are passed."""
    for attempt in range(GONE_MAX):
        wish = TakeItem(queue_id, datetime.now(UTC))
        taken = await patiently(call, wish, f"take {attempt}")
        if taken is None:
            break
        if (fought := await texts_of(call, taken)) is not None:
            return TakenItem(item=item_of(taken, fought))
        await patiently(call, SkipItem(queue_id, taken.item), f"skip {attempt}")
    return TakenItem(item=None)


@router.post(
    "/{queue_id}/items/{item}/annotation",
    status_code=204,
    responses=problems("not_found", "conflict"),
)
async def annotate_item(queue_id: UUID, item: int, body: Annotation, call: Call) -> None:
    """Say which answer is better; once."""
    now = datetime.now(UTC)
    await patiently(call, AnnotateItem(queue_id, item, body.winner, body.comment, now))


@router.post(
    "/{queue_id}/items/{item}/skip", status_code=204, responses=problems("not_found", "conflict")
)
async def skip_item(queue_id: UUID, item: int, call: Call) -> None:
    """Pass an item; it does not come again."""
    await patiently(call, SkipItem(queue_id, item))


@router.post("/{queue_id}/close", status_code=204, responses=problems("not_found"))
async def close_queue(queue_id: UUID, call: AdministratorCall) -> None:
    """Have a queue judged no more; what was said stays."""
    await call.execute(CloseQueue(queue_id))


@router.get(
    "/{queue_id}/annotations",
    responses={**problems("not_found", "projection_lagging"), 200: TABLE},
    response_model=dict[str, Any],
)
async def list_annotations(
    queue_id: UUID,
    call: AdministratorCall,
    format_: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> Response:
    """All that was said, with the models; people are named by pseudonyms, as in exports."""
    async with call.read(projection.queues, own=True) as db:
        await projection.queue(db, queue_id, call.actor.id)
        rows = await projection.annotations(db, queue_id)
    found = annotations_of(rows, house_pseudonyms(call.services.settings))
    if format_ == "csv":
        return StreamingResponse(table(found), media_type="text/csv; charset=utf-8")
    return JSONResponse({"items": list(found), "next_cursor": None})


def table(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Annotations as CSV."""
    yield csv_line(COLUMNS)
    for row in rows:
        yield csv_line(tuple(row[name] for name in COLUMNS))


async def patiently(call: Call, command: Command[R], part: str = "") -> R:
    """Carry out a command where many people write into one stream; look again a little longer."""
    for tried in range(STALE_MAX):
        with suppress(Stale):
            return await call.execute(command, part)
        await asyncio.sleep(random.random() * PAUSE_SECONDS * (tried + 1))  # noqa: S311
    return await call.execute(command, part)


async def texts_of(call: Call, taken: Taken) -> Fought | None:
    """The texts of an item, as they are now; None when some are gone."""
    services = call.services
    source = LogSource(services.log, ReadChoosing(services.reader, services.boards))
    order = Order(ORDER, space=taken.space)
    found = await source.battles(order, {taken.battle}, await services.log.head())
    fought = found.get(taken.battle)
    if fought is None or not (fought.context and fought.answer_a and fought.answer_b):
        return None
    return fought


def item_of(taken: Taken, fought: Fought) -> ItemShape:
    """An item as it is shown."""
    return ItemShape(
        item=taken.item,
        until=taken.until,
        context=[TurnShape(role=each.role, content=each.content) for each in fought.context],
        answer_a=fought.answer_a,
        answer_b=fought.answer_b,
    )


def admits(row: QueueRow, call: Call) -> bool:
    """Whether somebody may judge in a queue."""
    return not row.annotators or call.actor.id in row.annotators


def shown(row: QueueRow, call: Call, said: list[list[str]] | None) -> QueueShape:
    """A queue as it is shown; without what was said to those who only judge."""
    is_boss = call.actor.is_administrator
    same = ("id", "name", "instructions", "count", "people", "annotated", "finished", "mine")
    more = ("sieve", "seed", "pool", "annotators")
    found: dict[str, Any] = {name: getattr(row, name) for name in same}
    found |= {name: getattr(row, name) if is_boss else None for name in more}
    return QueueShape(
        **found,
        passed=row.passed,
        created_at=row.created_at,
        state="closed" if row.is_over else "open",
        may_annotate=admits(row, call) and not row.is_over,
        alpha=krippendorff(said) if said is not None else None,
    )


def place_of(cursor: str) -> int:
    """Where a page begins."""
    try:
        found = int(unpack(cursor))
    except ValueError:
        raise Invalid(NO_CURSOR) from None
    return min(max(found, 0), POSITION_MAX)
