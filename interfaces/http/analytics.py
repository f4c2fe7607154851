"""Usage: totals, over time, by model and by person; for administrators, and never a word."""

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from fastapi import Query

from domain.errors import NotFound
from interfaces.http import analytics_shapes as shapes
from interfaces.http.call import AdministratorCall
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.paging import Page, _Paging
from projections import rating_days, usage_queries
from projections.ratings import ratings
from projections.read_model import Db, clean
from projections.usage import usage
from projections.usage_queries import WIDTHS, Span
from projections.users import UserRow, found, users

router = Door("/analytics", tags=["analytics"])

LAGGING = problems("projection_lagging")


@router.get("/summary", responses=LAGGING)
async def read_usage_summary(
    call: AdministratorCall, wanted: Annotated[shapes.WantedModel, Query()]
) -> shapes.Summary:
    """Totals of a stretch, and of as much time right before."""
    span = wanted.span(wanted.model)
    async with call.read(usage) as db:
        now, before = await totals(db, span), await totals(db, span.previous)
    return shapes.Summary(since=span.since, until=span.until, totals=now, previous=before)


@router.get("/daily", responses=LAGGING)
async def read_usage_series(
    call: AdministratorCall, wanted: Annotated[shapes.WantedSeries, Query()]
) -> shapes.Series:
    """Answers or tokens of each model, step by step."""
    span, width, metric = wanted.stretch(), WIDTHS[wanted.bucket], wanted.metric
    async with call.read(usage) as db:
        now = await usage_queries.series(db, span, wanted.bucket, metric)
        before = await usage_queries.series(db, span.previous, wanted.bucket, metric)
    steps = range((span.until - span.since) // width)
    times = [span.since + width * step for step in steps]
    earlier = [span.previous.since + width * step for step in steps]
    order = sorted(now, key=lambda model: (-sum(now[model].values()), model))
    return shapes.Series(
        since=span.since,
        until=span.until,
        bucket=wanted.bucket,
        metric=metric,
        times=times,
        series=[
            shapes.ModelLine(model=model, values=[now[model].get(at, 0) for at in times])
            for model in order
        ],
        previous=[sum(each.get(at, 0) for each in before.values()) for at in earlier],
    )


@router.get("/models", responses=LAGGING)
async def list_usage_of_models(
    call: AdministratorCall, wanted: Annotated[shapes.Wanted, Query()]
) -> shapes.Models:
    """What every model was asked."""
    async with call.read(usage) as db:
        rows = await usage_queries.by(db, "model", wanted.span())
    items = [shapes.ModelUsage(model=key, **shapes.numbers(each)) for key, each in rows]
    return shapes.Models(items=items)


@router.get("/users", responses=LAGGING)
async def list_usage_of_users(
    call: AdministratorCall, wanted: Annotated[shapes.WantedModel, Query()]
) -> shapes.Users:
    """What everybody asked."""
    async with call.read(usage) as db:
        rows = await usage_queries.by(db, "person", wanted.span(wanted.model))
    known = await people(call, [key for key, _ in rows])
    items = [
        shapes.UserUsage(
            user_id=key,
            user_name=name(known, key),
            user_email=known[key].email if key in known else "",
            **shapes.numbers(each),
        )
        for key, each in rows
    ]
    return shapes.Users(items=items)


@router.get("/models/{model_id:path}", responses=problems("not_found", "projection_lagging"))
async def read_usage_of_model(
    model_id: str, call: AdministratorCall, wanted: Annotated[shapes.Wanted, Query()]
) -> shapes.ModelOverview:
    """One model: totals, how long it takes, and what people think of it day by day."""
    model_id = clean(model_id)
    span = wanted.span(model_id)
    async with call.read(usage) as db:
        if not await usage_queries.is_known(db, model_id):
            raise NotFound("model", model_id)
        now, before = await totals(db, span), await totals(db, span.previous)
        median, most = await usage_queries.quantiles(db, span)
    async with call.read(ratings) as db:
        days = await rating_days.days(db, model_id, span.since, span.until)
        tags = await rating_days.tags(db, model_id, span.since, span.until)
    return shapes.ModelOverview(
        model=model_id,
        since=span.since,
        until=span.until,
        totals=now,
        previous=before,
        median_seconds=median,
        p95_seconds=most,
        ratings=[
            shapes.RatingDayShape(at=each.at, up=each.up, down=each.down, neither=each.neither)
            for each in days
        ],
        tags=[shapes.TagShape(tag=tag, count=count) for tag, count in tags],
    )


@router.get("/chats", responses=LAGGING)
async def list_usage_of_chats(
    call: AdministratorCall, wanted: Annotated[shapes.WantedPage, Query()]
) -> Page[shapes.ChatUsage]:
    """Chats in which a model answered, the one used last first; not what was said there."""
    paging = _Paging(wanted.limit, wanted.cursor)
    async with call.read(usage) as db:
        rows = await usage_queries.chats(
            db, wanted.span(wanted.model), limit=paging.more, before=paging.place()
        )
    known = await people(call, {each.person for each in rows})

    def shown(row: usage_queries.ChatRow) -> shapes.ChatUsage:
        return shapes.ChatUsage(
            chat_id=row.chat_id,
            user_id=row.person,
            user_name=name(known, row.person),
            answers=row.answers,
            tokens=row.tokens,
            last_at=row.last_at,
        )

    return paging.page(rows, shown, lambda row: (row.last_at, row.chat_id))


@router.get("/messages", responses=LAGGING)
async def list_usage_of_messages(
    call: AdministratorCall, wanted: Annotated[shapes.WantedPage, Query()]
) -> Page[shapes.MessageUsage]:
    """Messages by model, person and time, newest first; not what they say."""
    paging = _Paging(wanted.limit, wanted.cursor)
    async with call.read(usage) as db:
        rows = await usage_queries.messages(
            db, wanted.span(wanted.model), limit=paging.more, before=paging.place()
        )
    known = await people(call, {each.person for each in rows})

    def shown(row: usage_queries.MessageRow) -> shapes.MessageUsage:
        return shapes.MessageUsage(
            id=row.id,
            chat_id=row.chat_id,
            user_id=row.person,
            user_name=name(known, row.person),
            role="user" if row.question else "assistant",
            model=row.model or None,
            created_at=row.at,
            status=row.status,
            input_tokens=row.input_tokens,
            output_tokens=row.output_tokens,
            seconds=row.seconds,
        )

    return paging.page(rows, shown, lambda row: (row.at, row.id))


async def totals(db: Db, span: Span) -> shapes.TotalsShape:
    """All of a stretch."""
    counts = await usage_queries.totals(db, span)
    chats, persons = await usage_queries.breadth(db, span)
    return shapes.TotalsShape(chats=chats, users=persons, **shapes.numbers(counts))


async def people(call: AdministratorCall, ids: Iterable[UUID]) -> dict[UUID, UserRow]:
    """Who they are."""
    async with call.read(users) as db:
        return await found(db, ids)


def name(known: dict[UUID, UserRow], key: UUID) -> str:
    """How somebody is called; nothing when the account is gone."""
    return known[key].name if key in known else ""
