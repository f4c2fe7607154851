"""One's own sessions."""

from uuid import UUID

from pydantic import BaseModel

from application.sessions import EndSession
from interfaces.http.call import AccountCall
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import When
from interfaces.http.paging import Page, Paging
from projections import sessions as projection

router = Door("/auth/sessions", tags=["accounts"])


class DeviceSession(BaseModel):
    """A sign-in on some device."""

    id: UUID
    created_at: When
    last_seen_at: When | None
    user_agent: str
    address: str
    current: bool


@router.get("", responses=problems("projection_lagging"))
async def list_sessions(call: AccountCall, paging: Paging) -> Page[DeviceSession]:
    """Where I am signed in, newest first."""
    place = paging.place()
    async with call.read(projection.sessions) as db:
        rows = await projection.sessions_of(db, call.actor.id, limit=paging.more, before=place)
    seen = await call.services.credentials.last_seen(row.id for row in rows)
    page = paging.page(
        rows,
        lambda row: DeviceSession(
            id=row.id,
            created_at=row.created_at,
            last_seen_at=seen.get(row.id),
            user_agent=row.user_agent,
            address=row.address,
            current=row.id == call.identity.session_id,
        ),
        lambda row: (row.created_at, row.id),
    )
    page.items = [each for each in page.items if each.id in seen]  # the others ended by themselves
    return page


@router.delete("/{session_id}", status_code=204, responses=problems("not_found"))
async def end_session(session_id: UUID, call: AccountCall) -> None:
    """End a session on another device, or this one."""
    await call.services.credentials.drop_session(session_id, call.actor.id)
    call.services.access.forget(call.actor.id)
    await call.execute(EndSession(session_id))
