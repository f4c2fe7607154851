"""Tables of models: how good they are by the votes of people, and how sure that is."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Path, Query
from fastapi.responses import Response
from pydantic import BaseModel

from application.leaderboards.asking import BadParameter, is_digits
from domain.errors import Forbidden
from infrastructure.evaluation import looking as found
from interfaces.http.boards import PROBLEMS, BoardShape, Look, answered
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from projections import verdicts
from projections.votes import votes

router = Door("/evaluations/leaderboard", tags=["evaluations"])

DAYS = 30
DAYS_MAX = 366
Model = Annotated[str, Path(max_length=300)]
Space = Annotated[str, Query(max_length=300)]
From = Annotated[str | None, Query(alias="from", description="votes from an RFC 3339 time on")]


@router.get("", responses=PROBLEMS, response_model=BoardShape)
async def read_leaderboard(look: Look, _: From = None) -> Response:
    """A table of models, at the end of the log or as of any place in it."""
    asked = look.asked()
    board = await look.boards.board(asked, await look.place(asked))
    return answered(look.call.request, board)


class ChoicesShape(BaseModel):
    """What a table can be narrowed to, as far as votes count there."""

    categories: list[str]
    languages: list[str]
    spaces: list[str]


@router.get("/choices", responses=problems("projection_lagging"))
async def read_leaderboard_choices(call: Call, space: Space = "") -> ChoicesShape:
    """Which categories and languages a space has, and which spaces there are."""
    async with call.read(votes, own=True) as db:
        return ChoicesShape(**await verdicts.choices(db, space))


@router.get("/matrix", responses=PROBLEMS, response_model=dict[str, Any])
async def read_leaderboard_matrix(look: Look, _: From = None) -> Response:
    """How often each model beat each other one: `{models, cells[row][column]}`."""
    asked = look.plain()
    content = await found.matrix_of(look.boards, asked, await look.place(asked))
    return answered(look.call.request, content)


@router.get("/history", responses=PROBLEMS, response_model=dict[str, Any])
async def read_leaderboard_history(
    look: Look,
    model: Annotated[str | None, Query(description="the model")] = None,
    days: Annotated[str | None, Query(description=f"1 to {DAYS_MAX}")] = None,
) -> Response:
    """The rating of a model at the end of each of the last days that saw votes."""
    asked = look.asked("model", "days")
    if not model:
        raise BadParameter("model", ["the name of a model"])
    count = days or str(DAYS)
    if not is_digits(count) or not 1 <= int(count) <= DAYS_MAX:
        raise BadParameter("days", [f"1 to {DAYS_MAX}"])
    place = await look.place(asked)
    content = await found.history_of(look.boards, asked, place, model, int(count))
    return answered(look.call.request, content)


@router.get("/changes", responses=PROBLEMS, response_model=dict[str, Any])
async def read_leaderboard_changes(
    look: Look,
    begin: Annotated[str | None, Query(alias="from", description="as `as_of`")] = None,
    to: Annotated[str | None, Query(description="as `as_of`; the end if left out")] = None,
) -> Response:
    """Which ranks moved between two places of the log, and the votes that moved them."""
    if begin is None:
        raise BadParameter("from", ["a position", "an RFC 3339 time", "import:NAME@SEQ"])
    asked = look.changes()
    before = await look.place(replace(asked, as_of=begin))
    after = await look.place(replace(asked, as_of=to))
    content = await found.changes_of(look.boards, asked, before, after)
    if not look.call.actor.is_administrator:
        content["votes"] = []  # a battle that is not revealed yet would be named
    return answered(look.call.request, content)


@router.get("/models/{model:path}/influence", responses=PROBLEMS, response_model=dict[str, Any])
async def read_leaderboard_influence(model: Model, look: Look) -> Response:
    """The 50 votes whose removal would move a model most; `change` in points of rating.

    For administrators: it names the models of battles that are not revealed yet.
    """
    if not look.call.actor.is_administrator:
        raise Forbidden("Only administrators may do this.")
    asked = look.plain()
    content = await found.influence_of(look.boards, asked, await look.place(asked), model)
    return answered(look.call.request, content)
