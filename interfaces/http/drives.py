"""Drives of people elsewhere: linked here, looked into, and unlinked again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Query
from fastapi.responses import RedirectResponse
from pydantic import AfterValidator, BaseModel, ConfigDict

from application.documents.drives import (
    DriveItem,
    DriveRefused,
    DriveServer,
    Items,
    Place,
    Trouble,
    Wanted,
)
from application.drives import LinkDrive, UnlinkDrive
from application.ports import Unavailable
from domain.drives import NAMES, Kind
from domain.errors import Conflict, Invalid, LimitReached, Refusal
from infrastructure.drives.links import KINDS
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import When, without_nul
from interfaces.http.paging import pack, unpack
from projections import drives as projection

router = Door("/drives", tags=["drives"])

PAGE = "/drives"
CURSOR_CHARACTERS_MAX = 4_000
STATE_CHARACTERS_MAX = 200
CODE_CHARACTERS_MAX = 4_000
DENIED = "access_denied"

Outcome = Literal["linked", "denied", "late", "failed"]
Told = Trouble | Literal["away", "off", ""]
ItemId = Annotated[str, AfterValidator(without_nul), Query(max_length=500)]


class DriveShape(BaseModel):
    """A kind of drive, and mine of that kind; `expired`: it has to be linked again."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "kind": "google",
                "name": "Google Drive",
                "enabled": True,
                "linked": True,
                "expired": False,
                "account": "ana@example.org",
                "linked_at": "2026-01-31T12:00:00.000Z",
                "redirect_uri": "https://chat.example.org/api/v1/drives/google/callback",
            }
        }
    )

    kind: Kind
    name: str
    enabled: bool
    linked: bool
    expired: bool
    account: str
    linked_at: When | None
    redirect_uri: str


class DriveItemShape(BaseModel):
    """A file or a folder of a drive."""

    id: str
    name: str
    is_folder: bool
    media_type: str
    size: int | None
    changed_at: When | None
    fetchable: bool

    @classmethod
    def of(cls, item: DriveItem) -> "DriveItemShape":
        """An item in the words of the API."""
        return cls(**{name: getattr(item, name) for name in cls.model_fields})


class DriveItems(BaseModel):
    """Some items; `places` says where else one can look in such a drive."""

    items: list[DriveItemShape]
    next_cursor: str | None
    places: list[Place]


@router.get("", responses=problems("projection_lagging"))
async def list_drives(call: Call) -> list[DriveShape]:
    """The kinds of drives there are, and which of them I have linked."""
    async with call.read(projection.drives, own=True) as db:
        mine = {row.kind: row for row in await projection.drives_of(db, call.actor.id)}
    links = call.services.drives
    found = []
    for kind in KINDS:
        row = mine.get(kind)
        is_linked = row is not None and row.linked
        shape = DriveShape(
            kind=kind,
            name=NAMES[kind],
            enabled=await links.enabled(kind),
            linked=is_linked,
            expired=row is not None and row.reason == "expired",
            account=row.account if row else "",
            linked_at=row.linked_at if row and is_linked else None,
            redirect_uri=links.places.redirect_uri(kind),
        )
        found.append(shape)
    return found


@router.get(
    "/{kind}/link",
    status_code=303,
    response_class=RedirectResponse,
    responses=problems("not_found", "conflict"),
)
async def link_drive(kind: Kind, call: Call) -> RedirectResponse:
    """Go to the drive and say there that files may be read from here. For browsers."""
    session = call.actor.session_id or ""
    address = await call.services.drives.ask(kind, call.actor.id, session)
    return RedirectResponse(address, 303)


@router.get(
    "/{kind}/callback",
    status_code=303,
    response_class=RedirectResponse,
    responses=problems("not_found", "conflict"),
)
async def come_back_from_drive(
    kind: Kind,
    call: Call,
    state: Annotated[str, Query(max_length=STATE_CHARACTERS_MAX)] = "",
    code: Annotated[str, Query(max_length=CODE_CHARACTERS_MAX)] = "",
    error: Annotated[str, Query(max_length=STATE_CHARACTERS_MAX)] = "",
) -> RedirectResponse:
    """Where the drive sends a browser back to; it goes on to a page of ours, whatever is said."""
    outcome, reason = await answered(kind, call, state, code if not error else "", error)
    query = {"kind": kind, "outcome": outcome, **({"reason": reason} if reason else {})}
    return RedirectResponse(f"{PAGE}?{urlencode(query)}", 303)


@router.delete("/{kind}", status_code=204, responses=problems("not_found", "conflict"))
async def unlink_drive(kind: Kind, call: Call) -> None:
    """Forget what opens a drive, and fetch nothing from there any more; what was fetched stays."""
    await call.execute(UnlinkDrive(kind))
    await call.services.drives.forget(kind, call.actor.id)


@router.get("/{kind}/items", responses=problems("not_found", "conflict", "limit_reached"))
async def list_drive_items(
    kind: Kind,
    call: Call,
    place: Place = "mine",
    folder: Annotated[ItemId, Query(description="The id of a folder.")] = "",
    query: Annotated[
        str, AfterValidator(without_nul), Query(max_length=200, description="Words of the name.")
    ] = "",
    cursor: Annotated[str, Query(max_length=CURSOR_CHARACTERS_MAX)] = "",
) -> DriveItems:
    """What is in my drive: in a place, in a folder, or wherever the name fits."""
    try:
        wanted = Wanted(place, folder, query.strip(), unpack(cursor) if cursor else "")
    except ValueError:
        raise Invalid("cursor: not a cursor of this list.") from None

    async def look(server: DriveServer, token: str) -> tuple[Items, tuple[Place, ...]]:
        if place not in server.places:
            raise Invalid(f"place: one of {', '.join(server.places)}.")
        return await server.items(token, wanted), server.places

    async with told(kind):
        found, places = await call.services.drives.use(kind, call.actor.id, look)
    return DriveItems(
        items=[DriveItemShape.of(each) for each in found.items],
        next_cursor=pack(found.next) if found.next else None,
        places=list(places),
    )


async def answered(
    kind: Kind, call: Call, state: str, code: str, error: str
) -> tuple[Outcome, Told]:
    """What became of a question: linked, or why not, in fixed words."""
    session = call.actor.session_id or ""
    verifier = await call.services.drives.take(kind, call.actor.id, session, state)
    if verifier is None:
        return "late", ""
    if not code:
        return ("denied", "") if error == DENIED else ("failed", "refused")
    trouble = await linked(kind, call, code, verifier)
    return ("failed", trouble) if trouble else ("linked", "")


async def linked(kind: Kind, call: Call, code: str, verifier: str) -> Told:
    """Link a drive; say what went wrong, if something did."""
    try:
        account = await call.services.drives.link(kind, call.actor.id, code, verifier)
    except DriveRefused as refused:
        return refused.kind
    except Unavailable:
        return "away"
    except Conflict:
        return "off"
    await call.execute(LinkDrive(kind, account))
    return ""


@asynccontextmanager
async def told(kind: Kind) -> AsyncIterator[None]:
    """Tell people in plain words what a drive does not give."""
    try:
        yield
    except DriveRefused as refused:
        raise refusal_of(refused) from None
    except Unavailable as error:
        raise Conflict(f"{NAMES[kind]}: {error}", code="drive_away") from None


def refusal_of(refused: DriveRefused) -> Refusal:
    """A no of a drive in the words of the API."""
    if refused.kind == "quota":
        return LimitReached(str(refused))
    code = "drive_not_linked" if refused.kind == "expired" else f"drive_{refused.kind}"
    return Conflict(str(refused), code=code)
