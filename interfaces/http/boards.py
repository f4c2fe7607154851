"""What routes about tables share: what was asked, where it stands, and whether it is known."""

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from application.leaderboards.asking import (
    METHODS,
    VOTES,
    WEIGHTINGS,
    Asked,
    BadParameter,
    moment_of,
)
from infrastructure.evaluation.boards import Boards, Place
from interfaces.http.call import Call
from interfaces.http.errors import problems
from projections import battles

PROBLEMS: dict[int | str, dict[str, Any]] = {
    **problems("not_found", "conflict", "projection_lagging"),
    304: {"description": "What the caller has is what there is."},
}
Word = Annotated[str | None, Query()]


class TotalsShape(BaseModel):
    """How many votes there are, how many count, and why the others do not."""

    votes: int
    accepted: int
    dropped: dict[str, int]
    voters: int


class EntryShape(BaseModel):
    """A model in the table; `reason` says why it has no rating."""

    model: str
    rating: float | None
    lower: float | None
    upper: float | None
    rank: int | None
    battles: int
    wins: int
    losses: int
    ties: int
    both_bad: int
    win_rate: float | None
    provisional: bool
    reason: str | None


class TopicShape(BaseModel):
    """How much votes say of a topic.

    `votes` were compared with it, and say as much as `effective` votes of nothing else. Of those
    `without`, the question has no words, or is one of those that are still to be read (`reading`).
    """

    text: str
    effective: float
    votes: int
    without: int
    reading: int


class BoardShape(BaseModel):
    """A table of models as it was at a position of the log."""

    position: int
    as_of: str | None
    policy_version: int
    method: str
    params: dict[str, Any]
    totals: TotalsShape
    entries: list[EntryShape]
    weights: dict[str, float] | None
    topic: TopicShape | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """What one can choose of a table. They are read by `asked`; here they are only described."""

    method: Annotated[str | None, Query(description=", ".join(METHODS))] = None
    category: Word = None
    language: Word = None
    ties: Annotated[str | None, Query(description="half, drop_both_bad, drop_all")] = None
    weighting: Annotated[str | None, Query(description=", ".join(WEIGHTINGS))] = None
    style: Annotated[str | None, Query(description="off, on")] = None
    votes: Annotated[str | None, Query(description=", ".join(VOTES))] = None
    interval: Annotated[str | None, Query(description="sandwich, bootstrap:N")] = None
    anchor: Annotated[str | None, Query(description="MODEL:RATING")] = None
    until: Annotated[str | None, Query(description="votes before an RFC 3339 time")] = None
    as_of: Annotated[
        str | None, Query(description="a position, an RFC 3339 time, or import:NAME@SEQ")
    ] = None
    space: Annotated[str | None, Query(description="an imported data set of its own")] = None
    k: Annotated[str | None, Query(description="how far a vote moves an Elo rating")] = None
    topic: Annotated[
        str | None, Query(description="a vote weighs as much as its question is near to this text")
    ] = None


@dataclass(frozen=True, slots=True)
class Spot:
    """Which votes, and as of when."""

    as_of: Word = None
    space: Word = None


@dataclass(frozen=True, slots=True)
class Looking:
    """Who looks at which tables."""

    call: Call

    @property
    def boards(self) -> Boards:
        """Who makes tables."""
        return self.call.services.boards

    def asked(self, *more: str) -> Asked:
        """What was asked for; `more` names what else the route takes."""
        return Asked.of(given(self.call.request), more=more)

    def plain(self) -> Asked:
        """What was asked for, where all votes weigh the same."""
        asked = self.asked()
        if asked.topic is not None:
            raise BadParameter("topic", ["nothing: only tables, history and changes take one"])
        return asked

    def changes(self) -> Asked:
        """What was asked for where `from` and `to` are places in the log."""
        words = given(self.call.request)
        ends = [words.pop(name) for name in ("from", "to") if name in words]
        if "as_of" in words:
            raise BadParameter("as_of", ["from", "to"])
        for each in ends:
            moment_of(each)
        return Asked.of(words)

    async def place(self, asked: Asked) -> Place:
        """Where in the log that stands."""
        after = max(self.call.read_after, self.call.services.written.of(self.call.actor.id))
        place = await self.boards.place(asked, after=after)
        if asked.space or self.call.actor.is_administrator:
            return place
        reader, voter = self.call.services.reader, self.call.actor.id
        async with reader.read(battles.battles, after=place.position) as db:
            return replace(place, hidden=await battles.undisclosed(db, voter))


async def looking(call: Call, _: Annotated[Choices, Depends()]) -> Looking:
    """Everybody who was let in may look at tables."""
    return Looking(call)


Look = Annotated[Looking, Depends(looking)]


def given(request: Request) -> dict[str, str]:
    """The parameters of a request, each once."""
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in found:
            raise BadParameter(name, ["one value"])
        found[name] = value
    return found


def answered(request: Request, content: Any) -> Response:
    """A table as JSON with its tag; nothing when the caller has it already."""
    response = JSONResponse(content)
    tag = f'"{sha256(bytes(response.body)).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = request.headers.get("if-none-match", "")
    if tag in [each.strip().removeprefix("W/") for each in known.split(",")] or known == "*":
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response
