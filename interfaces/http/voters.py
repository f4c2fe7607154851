"""Voters: how odd they are, and what administrators say of them."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field

from application.leaderboards.asking import Asked
from application.voters import ClearVoter, FlagVoter
from domain.errors import NotFound
from domain.voters import REASON_CHARACTERS_MAX, Found
from infrastructure.evaluation.flagging import record_flags
from infrastructure.evaluation.looking import voters_of
from interfaces.http.boards import PROBLEMS, Looking, Spot, given
from interfaces.http.call import AdministratorCall
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, Line
from interfaces.http.votes import only
from projections import users

router = Door("/evaluations/voters", tags=["evaluations"])

READ_SECONDS_MAX = 60.0
MODEL = ConfigDict(json_schema_extra={"example": {"voter": "somebody", "space": ""}})
VoterId = Annotated[Line, Field(min_length=1)]


class VoterShape(BaseModel):
    """A voter with 20 counted votes or more, or one of whom somebody said something.

    Scores are in standard deviations; above 5 he is flagged. `method` says how he was found,
    `by` which administrator flagged or cleared him, `at` when that was recorded.
    """

    voter: str
    name: str | None
    votes: int
    favourite: str
    for_model: float
    against_odds: float
    score: float
    flagged: bool
    state: str
    method: str | None
    by: str | None
    by_name: str | None
    at: str | None
    reason: str


class VotersShape(BaseModel):
    """All of them, those that are flagged first."""

    items: list[VoterShape]
    next_cursor: str | None


class VoterWish(Body):
    """Which voter is meant."""

    model_config = MODEL

    voter: VoterId
    space: Line = ""


class Clearing(VoterWish):
    """Which voter is cleared, and why."""

    reason: Annotated[Line, Field(max_length=REASON_CHARACTERS_MAX)] = ""


class Reckoning(Body):
    """Which votes are reckoned."""

    space: Line = ""


class FlagsShape(BaseModel):
    """Who is flagged by the arithmetic now, and of how many that was news."""

    flagged: list[str]
    changes: int


@router.get("", responses=PROBLEMS)
async def list_voters(call: AdministratorCall, _: Annotated[Spot, Depends()]) -> VotersShape:
    """How odd everybody with 20 counted votes or more is, and who was flagged or cleared."""
    items = await items_of(call, Asked.of(only(given(call.request), ("as_of", "space"))))
    names = await names_of(call, [each for item in items for each in (item["voter"], item["by"])])
    shapes = [
        VoterShape(**each, name=names.get(each["voter"]), by_name=names.get(each["by"] or ""))
        for each in items
    ]
    return VotersShape(items=shapes, next_cursor=None)


@router.post("/flag", status_code=204, responses=problems("not_found"))
async def flag_voter(body: VoterWish, call: AdministratorCall) -> None:
    """Let a voter's votes count no more where `votes=trusted`, until he is cleared."""
    known = await known_voter(call, body)
    scores = {name: round(known[name], 3) for name in ("for_model", "against_odds") if known}
    await call.execute(FlagVoter(body.space, body.voter, scores))


@router.post("/clear", status_code=204, responses=problems("not_found"))
async def clear_voter(body: Clearing, call: AdministratorCall) -> None:
    """Trust all that a voter voted until now; his later votes are looked at anew."""
    known = await known_voter(call, body)
    found = None
    if known.get("flagged") and known["by"] is None:
        scores = {name: round(known[name], 3) for name in ("for_model", "against_odds")}
        found = Found(known["method"], scores)
    await call.execute(ClearVoter(body.space, body.voter, body.reason, found))


@router.post("/reckoning", responses=problems("projection_lagging"))
async def reckon_voters(body: Reckoning, call: AdministratorCall) -> FlagsShape:
    """Reckon now who votes oddly, and record what changed; a worker does so by itself too."""
    services = call.services
    found = await record_flags(services.boards, services.log, body.space, call.actor)
    call.respond(await services.log.head())
    return FlagsShape(flagged=list(found.flagged), changes=found.changes)


async def known_voter(call: AdministratorCall, wish: VoterWish) -> dict[str, Any]:
    """What is known of a voter; nothing when he has too few votes, NotFound when none."""
    asked = Asked.of({"space": wish.space})
    for each in await items_of(call, asked):
        if each["voter"] == wish.voter:
            return each
    look = Looking(call)
    rows = await look.boards.rows(wish.space, await look.place(asked))
    if not any(each.voter == wish.voter for each in rows):
        raise NotFound("voter", wish.voter)
    return {}


async def items_of(call: AdministratorCall, asked: Asked) -> list[dict[str, Any]]:
    """All voters as they stand at a place."""
    look = Looking(call)
    asked = replace(asked, votes="trusted")
    async with asyncio.timeout(READ_SECONDS_MAX):
        return await voters_of(look.boards, asked, await look.place(asked))


async def names_of(call: AdministratorCall, ids: Iterable[str | None]) -> dict[str, str]:
    """The names of those who have accounts here."""
    keys = {key for each in ids if each and (key := uuid_or_none(each))}
    if not keys:
        return {}
    async with call.read(users.users) as db:
        return {str(key): row.name for key, row in (await users.found(db, keys)).items()}


def uuid_or_none(text: str) -> UUID | None:
    """An id of this house; a voter from elsewhere has another one."""
    try:
        return UUID(text)
    except ValueError:
        return None
