"""How far the read models have come, for those who look after the house."""

from pydantic import BaseModel

from infrastructure.documents.lagging import index_lags
from interfaces.http.call import AdministratorCall
from interfaces.http.doors import Door
from interfaces.http.errors import problems

router = Door("/projections", tags=["operation"])


class ProjectionShape(BaseModel):
    """A read model, and how far it has come. Vector indexes, `index:STORE`, count files."""

    name: str
    version: int
    lane: str
    state: str
    position: int
    lag_events: int
    parked: int


class ProjectionPage(BaseModel):
    """All of them."""

    items: list[ProjectionShape]
    next_cursor: None = None


@router.get("", responses=problems())
async def list_projections(call: AdministratorCall) -> ProjectionPage:
    """Every read model, policy and vector index, and how far behind it is."""
    found = [*await call.services.lags(), *await index_lags(call.services.lines)]
    return ProjectionPage(
        items=[
            ProjectionShape(
                name=each.name,
                version=each.version,
                lane=each.lane,
                state=each.state,
                position=each.position,
                lag_events=each.lag_events,
                parked=each.parked,
            )
            for each in found
        ]
    )
