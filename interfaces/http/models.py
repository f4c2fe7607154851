"""The models one can choose from."""

from collections.abc import Sequence
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel

from application.drawing import Lots
from application.evaluation_settings import Arena, evaluation_settings
from application.ports import ModelInfo
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems

router = Door("/models", tags=["models"])

ARENA_ID = uuid5(NAMESPACE_URL, "quire:connection:arena")


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


def hiding(models: Sequence[ModelInfo], arena: Arena) -> list[ModelInfo]:
    """The entries of the arena that have at least two models to hide."""
    taken = {each.id for each in models}
    return [
        ModelInfo(each.id, each.name, ARENA_ID, "arena")
        for each in arena.entries
        if each.id not in taken and Lots(models, arena, each.id).is_worth_it
    ]


@router.get("", responses=problems())
async def list_models(call: Call) -> ModelPage:
    """Every model of every server that answers in time, and the entries that hide one of them."""
    found = await call.services.models.list()
    arena = (await evaluation_settings(call.services.log)).arena
    is_open = arena.admits(is_administrator=call.actor.is_administrator)
    return ModelPage(
        items=[
            ModelShape(
                id=each.id,
                name=each.name,
                connection_id=each.connection_id,
                kind=each.kind,
                context_tokens=each.context_tokens,
            )
            for each in (*found.models, *(hiding(found.models, arena) if is_open else ()))
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
