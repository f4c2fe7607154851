"""People, as others find them to share something with."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from domain.errors import Invalid
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Line
from interfaces.http.paging import Page, Paging
from interfaces.http.shapes import USER
from projections import people as projection
from projections.users import users

router = Door("/people", tags=["people"])

PAGE_MAX = 20
QUERY_CHARACTERS_MIN = 2


class Person(BaseModel):
    """Somebody else who was let in."""

    model_config = ConfigDict(
        json_schema_extra={"example": {name: USER[name] for name in ("id", "name", "email")}}
    )

    id: UUID
    name: str
    email: str


@router.get("", responses=problems("projection_lagging"))
async def find_people(
    call: Call,
    paging: Paging,
    query: Annotated[
        Line, Query(description="A part of a name or an address; two characters at least.")
    ] = "",
) -> Page[Person]:
    """Others by a part of their names or addresses, twenty at most; administrators see all."""
    query = query.strip()
    if len(query) < QUERY_CHARACTERS_MIN and not call.actor.is_administrator:
        raise Invalid(f"query has at least {QUERY_CHARACTERS_MIN} characters.")
    paging = replace(paging, limit=min(paging.limit, PAGE_MAX))
    place = paging.place()
    async with call.read(users) as db:
        rows = await projection.page(db, call.actor.id, query, limit=paging.more, after=place)
    return paging.page(rows, shown, lambda row: (row.created_at, row.id))


def shown(row: projection.PersonRow) -> Person:
    """Somebody as he was read."""
    return Person(id=row.id, name=row.name, email=row.email)
