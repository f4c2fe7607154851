"""Judgements as files, for those who train and evaluate models."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from application.exporting.formats import FORMATS
from application.exporting.orders import SHARD_ROWS, SHARD_ROWS_MAX, Order
from application.exports import DeleteExport, RequestExport
from domain.errors import Invalid, NotFound
from infrastructure.exports.job import progress_of
from interfaces.http.call import AdministratorCall
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, Line, When
from interfaces.http.paging import NO_CURSOR, Page, Paging, pack, unpack
from interfaces.http.serving import Served, serve
from projections import exports as projection

router = Door("/exports", tags=["evaluations"])

POSITION_MAX = 2**63 - 1

Position = Annotated[int, Field(ge=0, le=POSITION_MAX)]
Name = Annotated[Line, Field(max_length=200)]
ANY: dict[str, Any] = {"*/*": {"schema": {"type": "string", "format": "binary"}}}


class NewExport(Body):
    """What to export. `until` left out is the end of the log as it is when the work begins."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"formats": ["trl-preference"], "votes": "eligible"}}
    )

    formats: Annotated[list[Line], Field(min_length=1, max_length=len(FORMATS))]
    after: Position = 0
    until: Position | None = None
    space: Name = ""
    where: Annotated[dict[Name, Name], Field(max_length=10)] = Field(default_factory=dict)
    votes: Literal["eligible", "trusted", "all"] = "eligible"
    parquet: StrictBool = False
    with_system: StrictBool = False
    distinct: StrictBool = False
    shard_rows: Annotated[int, Field(ge=1, le=SHARD_ROWS_MAX)] = SHARD_ROWS
    redact: Annotated[list[Line], Field(max_length=10)] = Field(default_factory=list)
    since: UUID | None = Field(
        default=None,
        description="An earlier export kept here; `tombstones.jsonl` names its rows that must go.",
    )


class RequestedExport(BaseModel):
    """An export that will be written."""

    export_id: UUID


class ExportFile(BaseModel):
    """A file; `size` in bytes."""

    path: str
    format: str
    rows: int
    sha256: str
    size: int


class ExportShape(BaseModel):
    """An export. `done` of `count` judgements are written while it is running."""

    id: UUID
    state: Literal["running", "done", "failed"]
    reason: str | None
    order: dict[str, Any]
    from_position: int | None
    to_position: int | None
    rows: int | None
    manifest_sha256: str | None
    files: list[ExportFile]
    done: int | None
    count: int | None
    created_at: When
    ended_at: When | None


@router.post("", status_code=202, responses=problems("conflict"))
async def request_export(body: NewExport, call: AdministratorCall) -> RequestedExport:
    """Have judgements written to files; look at the export to see how far it is."""
    export_id = call.new_id("export")
    await call.execute(RequestExport(export_id, Order(**body.model_dump(mode="json"))))
    return RequestedExport(export_id=export_id)


@router.get("", responses=problems("projection_lagging"))
async def list_exports(call: AdministratorCall, paging: Paging) -> Page[ExportShape]:
    """Exports, newest first."""
    before = place_of(paging.cursor)
    async with call.read(projection.exports, own=True) as db:
        rows = await projection.page(db, limit=paging.more, before=before)
    more = pack(str(rows[paging.limit - 1].position)) if len(rows) > paging.limit else None
    items = [await shown(call, row) for row in rows[: paging.limit]]
    return Page[ExportShape](items=items, next_cursor=more)


@router.get("/{export_id}", responses=problems("not_found", "projection_lagging"))
async def read_export(export_id: UUID, call: AdministratorCall) -> ExportShape:
    """How far an export is, and its files."""
    return await shown(call, await row_of(call, export_id))


@router.get(
    "/{export_id}/files/{name}",
    response_class=Response,
    responses={
        **problems("not_found", "unsatisfiable", "projection_lagging"),
        200: {"description": "All bytes.", "content": ANY},
        206: {"description": "The part that was asked for.", "content": ANY},
        304: {"description": "What the caller has is what there is."},
    },
)
async def read_export_file(export_id: UUID, name: str, call: AdministratorCall) -> Response:
    """A file of an export, or the part of it that the header `Range` asks for."""
    row = await row_of(call, export_id)
    files = (row.exported or {}).get("files", []) if row.state == "done" else []
    found = next((each for each in files if each["path"] == name), None)
    if found is None:
        raise NotFound("file", export_id)
    what = Served(found["sha256"], found["size"], name, "application/octet-stream")
    return await serve(call.services.files.blobs, what, call.request.headers, inline=False)


@router.delete("/{export_id}", status_code=204, responses=problems("not_found"))
async def delete_export(export_id: UUID, call: AdministratorCall) -> None:
    """Remove an export and its files; one that is being written is given up."""
    await call.execute(DeleteExport(export_id))


async def row_of(call: AdministratorCall, export_id: UUID) -> projection.ExportRow:
    """An export that is not deleted."""
    async with call.read(projection.exports, own=True) as db:
        return await projection.export(db, export_id)


async def shown(call: AdministratorCall, row: projection.ExportRow) -> ExportShape:
    """An export as it is shown."""
    exported = row.exported or {}
    so_far = None
    if row.state == "running":
        so_far = await progress_of(call.services.lines, row.id)
    return ExportShape(
        id=row.id,
        state=row.state,
        reason=row.reason,
        order=row.requested,
        from_position=exported.get("from_position"),
        to_position=exported.get("to_position"),
        rows=exported.get("rows"),
        manifest_sha256=exported.get("manifest_sha256"),
        files=exported.get("files", []),
        done=so_far[0] if so_far else None,
        count=so_far[1] if so_far else None,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


def place_of(cursor: str | None) -> int | None:
    """Where a page begins."""
    if cursor is None:
        return None
    try:
        found = int(unpack(cursor))
    except ValueError:
        raise Invalid(NO_CURSOR) from None
    return found if 0 <= found <= POSITION_MAX else 0
