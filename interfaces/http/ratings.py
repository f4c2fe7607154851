"""What people think of answers: said, changed, taken back, and listed."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from application.answering.tags import suggest_tags
from application.evaluation.classifying import tags_of
from application.ratings import (
    DELETED_MAX,
    DeleteRating,
    DeleteRatings,
    RateAnswer,
    WithdrawRating,
)
from domain.errors import Forbidden, NotFound
from domain.ratings import COMMENT_CHARACTERS_MAX, TAGS_MAX, Opinion
from interfaces.http.call import AdministratorCall, Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, Line, When
from interfaces.http.message_shapes import OpinionShape
from interfaces.http.paging import Page
from interfaces.http.rating_files import CONTENT, WRITERS, Format
from interfaces.http.rating_places import pack_place, place_of
from projections import branches
from projections import ratings as projection
from projections.messages import messages

router = Door(tags=["ratings"])

OF_ANSWER = "/chats/{chat_id}/messages/{message_id}/rating"
LISTED = "/evaluations/ratings"
FILE_ROWS = 500


class NewOpinion(Body):
    """A thumb: 1 up, -1 down, 0 neither. Up goes with a score of 6 to 10, down with 1 to 5."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"value": 1, "score": 8, "reasons": ["accurate"]}}
    )

    value: Annotated[int, Field(ge=-1, le=1, strict=True)]
    score: Annotated[int, Field(ge=1, le=10, strict=True)] | None = None
    reasons: Annotated[list[Line], Field(max_length=20)] = Field(default_factory=list)
    comment: Annotated[str, Field(max_length=COMMENT_CHARACTERS_MAX)] = ""
    tags: Annotated[list[Line], Field(max_length=TAGS_MAX)] = Field(default_factory=list)


class RatingShape(OpinionShape):
    """An opinion of an answer, and of which model it was."""

    id: UUID
    chat_id: UUID
    answer_id: UUID
    user_id: UUID
    user_name: str
    user_email: str
    model: str
    base_model: str
    created_at: When
    changed_at: When


class Suggested(BaseModel):
    """What a conversation may be about."""

    tags: list[str]


Mine = Annotated[bool, Query(description="Only one's own; others see these alone.")]


class RatedModels(BaseModel):
    """Models of which somebody has an opinion."""

    items: list[str]


class Wanted(BaseModel):
    """Which opinions; anything but these is refused by name."""

    model_config = ConfigDict(extra="forbid")

    mine: bool = Field(default=False, description="Only one's own; others see these alone.")
    model: Line | None = None
    value: Annotated[int, Field(ge=-1, le=1)] | None = None
    user: UUID | None = None
    since: AwareDatetime | None = Field(default=None, alias="from")
    until: AwareDatetime | None = None
    sort: Literal["date", "user", "model", "value"] = "date"
    order: Literal["asc", "desc"] = "desc"

    def filters(self, call: Call) -> dict[str, Any]:
        """Which rows fit; Forbidden when they are not the caller's business."""
        user = whose(call, mine=self.mine) or self.user
        names = ("model", "value", "since", "until")
        return {**{name: getattr(self, name) for name in names}, "user": user}


class WantedPage(Wanted):
    """Which opinions, and how many of them."""

    limit: Annotated[int, Field(ge=1, le=100)] = 30
    cursor: Annotated[str, Field(max_length=4_000)] | None = None


class WantedFile(Wanted):
    """Which opinions, and in what form."""

    format: Format = "csv"


def whose(call: Call, *, mine: bool) -> UUID | None:
    """Whose opinions are looked at: one's own, or as an administrator everybody's."""
    if not mine and not call.actor.is_administrator:
        raise Forbidden("Only administrators see what others think. Ask with mine=true.")
    return call.actor.id if mine else None


@router.put(OF_ANSWER, responses=problems("not_found", "conflict", "projection_lagging"))
async def rate_answer(chat_id: UUID, message_id: UUID, body: NewOpinion, call: Call) -> RatingShape:
    """Say what one thinks of an answer, or think otherwise."""
    opinion = Opinion(**body.model_dump())
    await call.execute(RateAnswer(chat_id, message_id, opinion))
    return await read(call, message_id)


@router.get(OF_ANSWER, responses=problems("not_found", "projection_lagging"))
async def read_rating(chat_id: UUID, message_id: UUID, call: Call) -> RatingShape:
    """What one thinks of an answer oneself."""
    await answer_of(call, chat_id, message_id)
    return await read(call, message_id)


@router.delete(OF_ANSWER, status_code=204, responses=problems("not_found"))
async def withdraw_rating(chat_id: UUID, message_id: UUID, call: Call) -> None:
    """Have no opinion any more."""
    await call.execute(WithdrawRating(chat_id, message_id))


@router.post(f"{OF_ANSWER}/tags", responses=problems("not_found", "projection_lagging"))
async def suggest_rating_tags(chat_id: UUID, message_id: UUID, call: Call) -> Suggested:
    """Ask the model that answered what it was about: three tags at most, or none.

    Where it has no words for it, words of a fixed list that are in the question are the tags.
    """
    answer = await answer_of(call, chat_id, message_id)
    question = ""
    if answer.parent_id:
        question = (await answer_of(call, chat_id, answer.parent_id)).content
    talk = (question, answer.content)
    models, model = call.services.models, answer.model or ""
    tags = await suggest_tags(models, model, talk, call.actor.id)
    return Suggested(tags=tags or tags_of(question))


@router.get(LISTED, responses=problems("projection_lagging"))
async def list_ratings(call: Call, wanted: Annotated[WantedPage, Query()]) -> Page[RatingShape]:
    """What people think of answers: administrators see all, others with mine=true their own."""
    after = place_of(wanted.cursor, wanted.sort)
    rows = await rows_of(call, wanted, wanted.limit + 1, after)
    some = rows[: wanted.limit]
    more = pack_place(some[-1]) if len(rows) > wanted.limit else None
    return Page[RatingShape](items=[shown(each) for each in some], next_cursor=more)


@router.get(f"{LISTED}/models", responses=problems("projection_lagging"))
async def list_rated_models(call: Call, mine: Mine = False) -> RatedModels:  # noqa: FBT002
    """Models of which there is an opinion."""
    owner = whose(call, mine=mine)
    async with call.read(projection.ratings, own=True) as db:
        return RatedModels(items=await projection.models(db, owner))


@router.get(
    f"{LISTED}/file",
    response_class=StreamingResponse,
    responses=problems("projection_lagging") | {200: {"content": CONTENT}},
)
async def download_ratings(call: Call, wanted: Annotated[WantedFile, Query()]) -> Response:
    """All that fits as CSV or JSON, written while it is sent."""
    first = await rows_of(call, wanted, FILE_ROWS, None)
    writer = WRITERS[wanted.format]
    headers = {"Content-Disposition": f'attachment; filename="ratings.{wanted.format}"'}
    pages = pages_of(call, wanted, first)
    return StreamingResponse(writer.write(pages), media_type=writer.media_type, headers=headers)


@router.delete(LISTED, status_code=204, responses=problems("projection_lagging"))
async def delete_all_ratings(call: AdministratorCall) -> None:
    """Take everybody's opinions off the lists."""
    wanted, after, part = Wanted(), None, 0
    while rows := await rows_of(call, wanted, DELETED_MAX, after):
        await call.execute(DeleteRatings(tuple(each.id for each in rows)), str(part))
        after, part = (rows[-1].place, rows[-1].id), part + 1


@router.delete(f"{LISTED}/{{rating_id}}", status_code=204, responses=problems("not_found"))
async def delete_rating(rating_id: UUID, call: Call) -> None:
    """Take an opinion off the lists: one's own, or as an administrator anybody's."""
    await call.execute(DeleteRating(rating_id))


async def answer_of(call: Call, chat_id: UUID, message_id: UUID) -> branches.MessageRow:
    """A message of one's own chat."""
    async with call.read(messages, own=True) as db:
        row = await branches.message(db, message_id, call.actor.id)
    if row.chat_id != chat_id:
        raise NotFound("message", message_id)
    return row


async def read(call: Call, answer_id: UUID) -> RatingShape:
    """One's own opinion as it is kept."""
    async with call.read(projection.ratings, own=True) as db:
        return shown(await projection.rating(db, answer_id, call.actor.id))


async def rows_of(
    call: Call, wanted: Wanted, limit: int, after: tuple[str, UUID] | None
) -> list[projection.RatingRow]:
    """Some of the opinions that fit."""
    filters = wanted.filters(call)
    async with call.read(projection.ratings, own=True) as db:
        return await projection.page(
            db,
            filters,
            sort=wanted.sort,
            ascending=wanted.order == "asc",
            limit=limit,
            after=after,
        )


async def pages_of(
    call: Call, wanted: Wanted, first: list[projection.RatingRow]
) -> AsyncIterator[list[projection.RatingRow]]:
    """All opinions that fit, some at a time."""
    rows = first
    while rows:
        yield rows
        after = rows[-1].place, rows[-1].id
        rows = await rows_of(call, wanted, FILE_ROWS, after) if len(rows) == FILE_ROWS else []


def shown(row: projection.RatingRow) -> RatingShape:
    """An opinion as it was read."""
    names = RatingShape.model_fields.keys() - {"user_id"}
    return RatingShape(user_id=row.owner_id, **{name: getattr(row, name) for name in names})
