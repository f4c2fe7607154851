"""Every vote with its verdict; for administrators."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse

from application.evaluation.eligibility import REASONS
from application.leaderboards.asking import Asked, BadParameter
from application.leaderboards.judging import Row
from domain.errors import Invalid
from infrastructure.evaluation.looking import shown
from infrastructure.exports.writers import csv_line
from interfaces.http.boards import PROBLEMS, Looking, Spot, given
from interfaces.http.call import AdministratorCall
from interfaces.http.doors import Door
from interfaces.http.paging import NO_CURSOR, Paging, pack, unpack

router = Door("/evaluations", tags=["evaluations"])

VERDICTS = ("counted", "dropped")
FORMATS = ("json", "csv")
COLUMNS = ("seq", "battle_id", "voter", "reason")
KNOWN = ("as_of", "space", "category", "language", "verdict", "reason", "format", "limit", "cursor")
TABLE: dict[str, Any] = {
    "description": "A page of votes, or all of them as CSV.",
    "content": {"text/csv": {"schema": {"type": "string"}}},
}
Word = Annotated[str | None, Query()]


@dataclass(frozen=True, slots=True)
class Sieve(Spot):
    """Which of them are shown."""

    category: Word = None
    language: Word = None
    verdict: Annotated[str | None, Query(description=", ".join(VERDICTS))] = None
    reason: Annotated[str | None, Query(description=", ".join(REASONS))] = None
    format: Annotated[str | None, Query(description="json, csv")] = None


@router.get("/votes", responses={**PROBLEMS, 200: TABLE}, response_model=dict[str, Any])
async def list_votes(
    call: AdministratorCall, paging: Paging, sieve: Annotated[Sieve, Depends()]
) -> Response:
    """Votes that stand, in the order of the log, each with its verdict; as CSV all of them."""
    words = given(call.request)
    one_of("verdict", sieve.verdict, VERDICTS)
    one_of("reason", sieve.reason, REASONS)
    one_of("format", sieve.format, FORMATS)
    rows = await rows_of(call, words)
    kept = [each for each in rows if fits(each, sieve.verdict, sieve.reason)]
    form = sieve.format or "json"
    if sieve.format is None and "text/csv" in call.request.headers.get("accept", ""):
        form = "csv"
    if form == "csv":
        return StreamingResponse(table(kept), media_type="text/csv; charset=utf-8")
    after = place_of(paging.cursor)
    page = [each for each in kept if each.place > after][: paging.more]
    more = pack(str(page[paging.limit - 1].place)) if len(page) > paging.limit else None
    items = [shown(each) for each in page[: paging.limit]]
    return JSONResponse({"items": items, "next_cursor": more, "count": len(kept)})


async def rows_of(call: AdministratorCall, words: dict[str, str]) -> list[Row]:
    """All votes of a place; odd voters are only marked when one asks for them."""
    only(words, KNOWN)
    names = ("as_of", "space", "category", "language")
    found = {name: words[name] for name in names if name in words}
    if words.get("reason") == "flagged_voter":
        found["votes"] = "trusted"
    asked = Asked.of(found)
    look = Looking(call)
    return await look.boards.chosen(asked, await look.place(asked))


def only(words: dict[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """The same words; refused when one is not known here."""
    for name in words:
        if name not in names:
            raise BadParameter(name, names)
    return words


def one_of(name: str, value: str | None, allowed: tuple[str, ...]) -> None:
    """Refuse what is none of some words."""
    if value is not None and value not in allowed:
        raise BadParameter(name, allowed)


def fits(row: Row, verdict: str | None, reason: str | None) -> bool:
    """Whether a vote is among those that are asked for."""
    if reason is not None and row.reason != reason:
        return False
    return verdict is None or (verdict == "counted") == (row.reason is None)


def place_of(cursor: str | None) -> int:
    """Where a page begins."""
    if not cursor:
        return 0
    try:
        return int(unpack(cursor))
    except ValueError:
        raise Invalid(NO_CURSOR) from None


def table(rows: Iterable[Row]) -> Iterator[str]:
    """Votes as CSV."""
    yield csv_line(COLUMNS)
    for each in rows:
        yield csv_line((each.seq, each.battle, each.voter, each.reason))
