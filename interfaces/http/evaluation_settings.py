"""What administrators choose for ratings, the arena and the leaderboards."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from application.evaluation_settings import (
    ChangeEvaluationSettings,
    EvaluationSettings,
    evaluation_settings,
)
from interfaces.http.call import AdministratorCall, Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, Line

router = Door("/evaluations/settings", tags=["evaluations"])

Mine = Annotated[bool, Query(description="Only what the caller may, without all choices.")]
Lines = Annotated[list[Line], Field(max_length=500)]


class RatingsChange(Body):
    """Whether answers can be rated, and who may."""

    enabled: StrictBool | None = None
    who: Literal["everybody", "administrators"] | None = None


class EntryChange(Body):
    """An entry of the list of models that hides one of several."""

    id: Line
    name: Line
    include: Lines = Field(default_factory=list)
    exclude: Lines = Field(default_factory=list)


class ArenaChange(Body):
    """Another way of drawing; lists and weights are given whole."""

    enabled: StrictBool | None = None
    who: Literal["everybody", "administrators"] | None = None
    pacing: Literal["lockstep", "free"] | None = None
    sampler: Literal["weighted", "informative"] | None = None
    votes_minute_max: StrictInt | None = None
    targets: Lines | None = None
    outages: Lines | None = None
    weights: Annotated[dict[Line, float], Field(max_length=500)] | None = None
    entries: Annotated[list[EntryChange], Field(max_length=50)] | None = None


class PolicyChange(Body):
    """Other caps; the version rises by itself."""

    prompt_votes_max: StrictInt | None = None
    voter_day_votes_max: StrictInt | None = None


class EvaluationSettingsChange(Body):
    """What changes; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"arena": {"sampler": "informative"}}})

    ratings: RatingsChange | None = None
    arena: ArenaChange | None = None
    policy: PolicyChange | None = None


class OpenEntry(BaseModel):
    """An entry one can battle in."""

    id: str
    name: str


class OpenEvaluation(BaseModel):
    """What everybody may know; whether it is switched on, and the caller may."""

    ratings_enabled: bool
    arena_enabled: bool
    votes_minute_max: int
    entries: list[OpenEntry]
    policy_version: int
    all: EvaluationSettings | None = Field(
        default=None, description="All choices; for administrators."
    )


@router.get("", responses=problems())
async def read_evaluation_settings(call: Call, mine: Mine = False) -> OpenEvaluation:  # noqa: FBT002
    """What can be rated and compared; administrators get all choices."""
    chosen = await evaluation_settings(call.services.log)
    administers = call.actor.is_administrator
    return OpenEvaluation(
        ratings_enabled=chosen.ratings.admits(is_administrator=administers),
        arena_enabled=chosen.arena.admits(is_administrator=administers),
        votes_minute_max=chosen.arena.votes_minute_max,
        entries=[OpenEntry(id=each.id, name=each.name) for each in chosen.arena.entries],
        policy_version=chosen.policy.version,
        all=chosen if administers and not mine else None,
    )


@router.patch("", responses=problems("stale"))
async def change_evaluation_settings(
    body: EvaluationSettingsChange, call: AdministratorCall
) -> EvaluationSettings:
    """Choose something else."""
    values = body.model_dump(exclude_none=True, mode="json")
    return await call.execute(ChangeEvaluationSettings(values))
