"""Judges: models that judge battles, apart from people; for administrators."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from application.evaluation.agreement import Agreement, cohen
from application.evaluation.bradley_terry import TIES
from application.evaluation.judge import TEMPLATE
from application.evaluation.votes import Counts
from application.judgings import LIMIT_MAX, StartJudging, StopJudging
from application.leaderboards.asking import POSITION_MAX, WEIGHTINGS, Asked, BadParameter
from application.leaderboards.content import Standings, Totals, by_counts, told
from application.ports import ModelFailed
from domain.battles import PREFIX
from domain.errors import Invalid
from domain.judgings import Assignment
from interfaces.http.boards import PROBLEMS, BoardShape, Word, answered, given
from interfaces.http.call import AdministratorCall
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, Line, ModelId, When
from interfaces.http.paging import NO_CURSOR, Page, Paging, pack, unpack
from projections import judges as verdicts
from projections import judgings as projection
from projections.judges import Bench, JudgementRow, JudgeRow
from projections.judgings import JudgingRow

router = Door("/evaluations/judges", tags=["evaluations"])

READER_KIND = "reader"  # it quotes, and judges nothing

CHOICES = ("category", "language", "ties", "weighting", "interval", "anchor", "space")
Name = Annotated[Line, Field(max_length=200)]


class NewJudging(Body):
    """Who judges how many battles. Battles this judge has judged before are not judged again."""

    model: ModelId
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX, strict=True)]
    where: Annotated[dict[Name, Name], Field(max_length=3)] = Field(default_factory=dict)
    space: Name = ""


class StartedJudging(BaseModel):
    """A run that a worker will do; `count` battles were found."""

    judging_id: UUID
    count: int


class JudgingShape(BaseModel):
    """A run of a judge; `done` of `count` battles so far, of which `failed` have no verdict."""

    id: UUID
    judge: str
    template: int
    space: str
    where: dict[str, str]
    limit: int
    count: int
    done: int
    failed: int
    inconsistent: int
    input_tokens: int
    output_tokens: int
    state: Literal["running", "finished", "stopped", "failed"]
    reason: str | None
    created_at: When
    ended_at: When | None


class JudgementShape(BaseModel):
    """What was said of one battle: `first` as it stands, `second` with the sides swapped."""

    battle_id: str
    model_a: str | None
    model_b: str | None
    category: str
    first: str | None
    second: str | None
    winner: str | None
    consistent: bool | None
    fault: str | None
    error: str | None
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class JudgedChoices:
    """What one can choose of a table by a judge."""

    template: Annotated[int, Query(ge=1, le=TEMPLATE, description="of the prompt")] = TEMPLATE
    category: Word = None
    language: Word = None
    ties: Annotated[str | None, Query(description=", ".join(TIES))] = None
    weighting: Annotated[str | None, Query(description=", ".join(WEIGHTINGS))] = None
    interval: Annotated[str | None, Query(description="sandwich, bootstrap:N")] = None
    anchor: Annotated[str | None, Query(description="MODEL:RATING")] = None
    space: Word = None


class AgreementShape(BaseModel):
    """Counted votes of people next to verdicts on the same battles; kappa is Cohen's."""

    pairs: int
    raw: float | None
    kappa: float | None


class JudgeShape(BaseModel):
    """A judge by one version of the prompt.

    `opening_share` is how often the answer shown first was found better, among all hearings that
    found one better; without bias it is a half.
    """

    judge: str
    template: int
    space: str
    judged: int
    failed: int
    inconsistent: int
    inconsistent_share: float | None
    opening_share: float | None
    calls: int
    input_tokens: int
    output_tokens: int
    agreement: AgreementShape
    categories: dict[str, AgreementShape]


class Judges(BaseModel):
    """All judges there are."""

    items: list[JudgeShape]
    next_cursor: None = None


@router.get("", responses=problems("projection_lagging"))
async def list_judges(call: AdministratorCall) -> Judges:
    """All judges: how many battles, how consistent, and how far people agree with them."""
    async with call.read(projection.judgings, own=True) as db:
        rows = await verdicts.judges(db)
        items = [
            judge_of(row, await verdicts.pairs(db, Bench(row.judge, row.template, row.space)))
            for row in rows
        ]
    return Judges(items=items)


@router.get("/leaderboard", responses=PROBLEMS, response_model=BoardShape)
async def read_judged_leaderboard(
    call: AdministratorCall,
    judge: Annotated[ModelId, Query(description="which judge")],
    choices: Annotated[JudgedChoices, Depends()],
) -> Response:
    """The table of models by one judge alone; votes of people are in none of it."""
    words = given(call.request)
    for name in words:
        if name not in ("judge", "template", *CHOICES):
            raise BadParameter(name, ("judge", "template", *CHOICES))
    asked = Asked.of({name: words[name] for name in CHOICES if name in words})
    narrowed = {"category": asked.category, "language": asked.language}
    bench = Bench(judge, choices.template, asked.space, **narrowed)
    async with call.read(projection.judgings, own=True) as db:
        position = await verdicts.last(db, bench)
        rows = await verdicts.tallies(db, bench)
    content = await asyncio.to_thread(judged_board, rows, asked, position)
    return answered(call.request, content)


@router.post("/runs", status_code=202, responses=problems("conflict", "projection_lagging"))
async def start_judging(body: NewJudging, call: AdministratorCall) -> StartedJudging:
    """Have a model judge battles; each is shown twice, the second time with its sides swapped."""
    if body.model.startswith(PREFIX) or "\x00" in body.model:
        raise Invalid("model: a hidden model cannot judge.")
    try:
        _, info = await call.services.models.find(body.model)
    except ModelFailed as error:
        raise Invalid(f"model: {error}") from None
    if info.kind == READER_KIND:
        raise Invalid("model: the reader quotes and cannot judge.")
    wanted = projection.Wanted(body.model, TEMPLATE, body.space, body.where, body.limit)
    async with call.read(projection.judgings, own=True) as db:
        battles = await projection.left(db, wanted)
    judging_id = call.new_id("judging")
    assignment = Assignment(body.model, TEMPLATE, body.space, body.where, body.limit, battles)
    await call.execute(StartJudging(judging_id, assignment))
    return StartedJudging(judging_id=judging_id, count=len(battles))


@router.get("/runs", responses=problems("projection_lagging"))
async def list_judgings(call: AdministratorCall, paging: Paging) -> Page[JudgingShape]:
    """Runs of judges, the newest first."""
    before = place_of(paging.cursor) if paging.cursor else None
    async with call.read(projection.judgings, own=True) as db:
        rows = await projection.page(db, limit=paging.more, before=before)
    more = pack(str(rows[paging.limit - 1].position)) if len(rows) > paging.limit else None
    items = [judging_of(each) for each in rows[: paging.limit]]
    return Page[JudgingShape](items=items, next_cursor=more)


@router.get("/runs/{judging_id}", responses=problems("not_found", "projection_lagging"))
async def read_judging(judging_id: UUID, call: AdministratorCall) -> JudgingShape:
    """How far a run is."""
    async with call.read(projection.judgings, own=True) as db:
        return judging_of(await projection.judging(db, judging_id))


@router.get("/runs/{judging_id}/judgements", responses=problems("not_found", "projection_lagging"))
async def list_judgements(
    judging_id: UUID, call: AdministratorCall, paging: Paging
) -> Page[JudgementShape]:
    """What was said in a run, battle by battle; also why there is no verdict."""
    after = place_of(paging.cursor) if paging.cursor else 0
    async with call.read(projection.judgings, own=True) as db:
        await projection.judging(db, judging_id)
        rows = await verdicts.judgements(db, judging_id, limit=paging.more, after=after)
    more = pack(str(rows[paging.limit - 1].position)) if len(rows) > paging.limit else None
    items = [judgement_of(each) for each in rows[: paging.limit]]
    return Page[JudgementShape](items=items, next_cursor=more)


@router.post(
    "/runs/{judging_id}/stop", status_code=204, responses=problems("not_found", "conflict")
)
async def stop_judging(judging_id: UUID, call: AdministratorCall) -> None:
    """End a run; at most the battles that are being judged right now are still paid for."""
    await call.execute(StopJudging(judging_id))


def judging_of(row: JudgingRow) -> JudgingShape:
    """A run as it is shown."""
    found = asdict(row)
    return JudgingShape(**found, where=found["where_"], limit=found["asked"])


def judgement_of(row: JudgementRow) -> JudgementShape:
    """A judgement as it is shown."""
    return JudgementShape(battle_id=row.battle, **asdict(row))


def judge_of(row: JudgeRow, pairs: dict[str, Any]) -> JudgeShape:
    """A judge as it is shown."""
    total: dict[tuple[Any, Any], int] = {}
    for each in pairs.values():
        for pair, n in each.items():
            total[pair] = total.get(pair, 0) + n
    return JudgeShape(
        **asdict(row),
        inconsistent_share=row.inconsistent / row.judged if row.judged else None,
        opening_share=row.opened / row.decided if row.decided else None,
        agreement=agreement_of(cohen(total)),
        categories={name: agreement_of(cohen(each)) for name, each in sorted(pairs.items())},
    )


def agreement_of(found: Agreement) -> AgreementShape:
    """Agreement as it is shown."""
    return AgreementShape(pairs=found.pairs, raw=found.raw, kappa=found.kappa)


def judged_board(rows: Sequence[Any], asked: Asked, position: int) -> dict[str, Any]:
    """A table as JSON, in the shape of all tables; no policy drops verdicts, so it is number 0."""
    entries = by_counts(Counts.of_rows(rows), asked, position)
    count = sum(n for *_, n in rows)
    totals = Totals.of({"": count}, 1 if count else 0)
    return told(Standings(entries, totals), asked, position, 0)


def place_of(cursor: str) -> int:
    """Where a page begins."""
    try:
        found = int(unpack(cursor))
    except ValueError:
        raise Invalid(NO_CURSOR) from None
    return min(max(found, 0), POSITION_MAX)
