"""Files that people chose in a drive: on their way here, or why they do not come."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from application.drives import Choice, ChooseDriveFiles, StopDriveFile
from domain.drive_files import ITEM_CHARACTERS_MAX
from domain.drives import Kind
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, Line, When, without_nul
from projections import drives as projection

router = Door("/drive-files", tags=["drives"])

AT_ONCE_MAX = 50

Item = Annotated[
    str, AfterValidator(without_nul), Field(min_length=1, max_length=ITEM_CHARACTERS_MAX)
]


class ChosenItem(Body):
    """A file of a drive; `name` is what it is called until it is here."""

    id: UUID | None = None
    item: Item
    name: Line = ""


class Choosing(Body):
    """Files of a drive to be fetched, into a knowledge base or not."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"kind": "google", "items": [{"item": "1aB2cD3eF4", "name": "Tea.pdf"}]}
        }
    )

    kind: Kind
    items: Annotated[list[ChosenItem], Field(min_length=1, max_length=AT_ONCE_MAX)]
    knowledge_id: UUID | None = None
    directory_id: UUID | None = None


class DriveFileShape(BaseModel):
    """A chosen file: how much of it has come, which file it became, or why it will not come."""

    id: UUID
    kind: Kind
    item: str
    name: str
    state: Literal["fetching", "arrived", "failed"]
    received: int
    size: int | None
    waiting: str | None
    file_id: UUID | None
    reason: str
    message: str
    chosen_at: When

    @classmethod
    def of(cls, row: projection.DriveFileRow) -> "DriveFileShape":
        """A row in the words of the API."""
        names = set(cls.model_fields) - {"size"}
        values = {name: getattr(row, name) for name in names}
        return cls(**values, size=row.total)


@router.post(
    "", status_code=201, responses=problems("not_found", "conflict", "stale", "projection_lagging")
)
async def choose_drive_files(body: Choosing, call: Call) -> list[DriveFileShape]:
    """Have files of my drive fetched. They come by themselves from now on, also when I leave."""
    choices = tuple(
        Choice(each.id or call.new_id(f"drive file {place}"), each.item, each.name)
        for place, each in enumerate(body.items)
    )
    command = ChooseDriveFiles(body.kind, choices, body.knowledge_id, body.directory_id)
    await call.execute(command)
    return await current(call, [each.key for each in choices])


@router.get("", responses=problems("projection_lagging"))
async def list_drive_files(
    call: Call,
    ids: Annotated[
        list[UUID] | None, Query(max_length=AT_ONCE_MAX, description="Only these; else the newest.")
    ] = None,
) -> list[DriveFileShape]:
    """Files that I chose in a drive, the newest first."""
    return await current(call, ids or [])


@router.delete("/{key}", status_code=204, responses=problems("not_found", "stale"))
async def stop_drive_file(key: UUID, call: Call) -> None:
    """Do not have a chosen file fetched after all; one that is here already stays."""
    await call.execute(StopDriveFile(key))


async def current(call: Call, ids: list[UUID]) -> list[DriveFileShape]:
    """Chosen files as they are now."""
    async with call.read(projection.drives, own=True) as db:
        rows = await projection.chosen_files(db, call.actor.id, ids)
    return [DriveFileShape.of(row) for row in rows]
