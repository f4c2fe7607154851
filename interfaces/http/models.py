"""The models one can choose from."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from interfaces.http.call import Call
from interfaces.http.errors import problems

router = APIRouter(prefix="/models", tags=["models"])


class ModelShape(BaseModel):
    """A model."""

    id: str
    name: str
    connection_id: UUID
    kind: str
    context_tokens: int | None


class UnavailableConnection(BaseModel):
    """A server that could not be asked, and why."""

    connection_id: UUID
    base_url: str
    error: str


class ModelPage(BaseModel):
    """All models, and what could not be asked."""

    items: list[ModelShape]
    next_cursor: None = None
    unavailable: list[UnavailableConnection]


@router.get("", responses=problems())
async def list_models(call: Call) -> ModelPage:
    """Every model of every server that answers in time."""
    found = await call.services.models.list()
    return ModelPage(
        items=[
            ModelShape(
                id=each.id,
                name=each.name,
                connection_id=each.connection_id,
                kind=each.kind,
                context_tokens=each.context_tokens,
            )
            for each in found.models
        ],
        unavailable=[
            UnavailableConnection(
                connection_id=each.connection_id,
                base_url=each.base_url if call.actor.is_administrator else "",
                error=each.error,
            )
            for each in found.unavailable
        ],
    )
