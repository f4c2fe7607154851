"""Why hidden models could not answer; for administrators."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from interfaces.http.call import AdministratorCall
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import When
from interfaces.http.paging import Page, Paging
from projections import battles as projection

router = Door("/evaluations/failures", tags=["evaluations"])


class FailureShape(BaseModel):
    """A side of a battle that failed; `entry` is the line of the list of models it hid behind."""

    battle_id: UUID
    slot: Literal["a", "b"]
    model: str
    entry: str
    kind: str
    message: str
    at: When


@router.get("", responses=problems("projection_lagging"))
async def list_failures(call: AdministratorCall, paging: Paging) -> Page[FailureShape]:
    """True errors of hidden models, the newest first; not those still hidden from the caller."""
    place = paging.place()
    async with call.read(projection.battles) as db:
        rows = await projection.failures(db, call.actor.id, limit=paging.more, before=place)
    return paging.page(rows, shown, lambda row: (row.at, row.answer_id))


def shown(row: projection.FailureRow) -> FailureShape:
    """A failure as it was read; of people who were erased no words are left."""
    error = row.error or {}
    return FailureShape.model_validate(
        {
            "battle_id": row.battle_id,
            "slot": row.slot,
            "model": row.model,
            "entry": row.entry,
            "kind": error.get("kind", ""),
            "message": error.get("message", ""),
            "at": row.at,
        }
    )
