"""Judgements that were made elsewhere, taken over from files that were sent before."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from application.importing.asked import AskImport, CancelImport
from application.importing.kinds import check_parts, check_size
from domain.errors import Invalid
from domain.imports import SentFile
from interfaces.http.call import AdministratorCall
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, Line, When
from interfaces.http.paging import NO_CURSOR, Page, Paging, pack, unpack
from projections import imports as projection

router = Door("/imports", tags=["evaluations"])

POSITION_MAX = 2**63 - 1

Name = Annotated[Line, Field(max_length=200)]


class NewImport(Body):
    """What to take over. `files` names an ended upload (`purpose: import`) for each part.

    `arena` has `battles`, `votes` and, if you like, `models`; `arena-table` has `table`;
    `openwebui-feedback` has `feedback`. `name` is that of `as_of=import:NAME@SEQ`.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "kind": "arena-table",
                "files": {"table": "0198a3f2-6c1e-7c8a-9f00-1f4f4f0f0a01"},
                "space": "club",
            }
        }
    )

    kind: Literal["arena", "arena-table", "openwebui-feedback"]
    files: Annotated[dict[Name, UUID], Field(max_length=10)]
    space: Name = ""
    name: Name = ""


class AskedImport(BaseModel):
    """An import that a worker will do."""

    import_id: UUID


class ImportFile(BaseModel):
    """A file that was sent; `size` in bytes."""

    part: str
    name: str
    size: int


class UnusableLine(BaseModel):
    """A line that could not be taken over, and why."""

    part: str
    line: int
    reason: str


class ImportShape(BaseModel):
    """An import. Of the `read` lines some were there already (`skipped`), some are not usable.

    `reasons` counts why; `lines` are the first hundred of them.
    """

    id: UUID
    kind: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    failure: str | None
    space: str
    files: list[ImportFile]
    part: str
    read: int
    imported: int
    skipped: int
    unusable: int
    reasons: dict[str, int]
    lines: list[UnusableLine]
    created_at: When
    ended_at: When | None

    @classmethod
    def of(cls, row: projection.ImportRow) -> "ImportShape":
        """An import in the words of the API."""
        return cls(
            id=row.id,
            kind=row.kind,
            state=row.state,
            failure=row.failure,
            space=row.space,
            files=[ImportFile(**each) for each in row.files],
            part=row.part,
            read=row.imported + row.skipped + row.unusable,
            imported=row.imported,
            skipped=row.skipped,
            unusable=row.unusable,
            reasons=row.reasons,
            lines=[UnusableLine(**each) for each in row.shown],
            created_at=row.created_at,
            ended_at=row.ended_at,
        )


@router.post("", status_code=202, responses=problems("not_found", "conflict", "too_large", "stale"))
async def ask_import(body: NewImport, call: AdministratorCall) -> AskedImport:
    """Have files taken over; look at the import to see how far it is.

    What is there already is skipped. The bytes that were sent are removed afterwards.
    """
    import_id = call.new_id("import")
    check_parts(body.kind, list(body.files), body.space)
    if len(set(body.files.values())) < len(body.files):
        raise Invalid("files: each part needs an upload of its own.")
    sent = await claimed(call, body, import_id)
    await call.execute(AskImport(import_id, body.kind, body.space, body.name, sent))
    return AskedImport(import_id=import_id)


@router.get("", responses=problems("projection_lagging"))
async def list_imports(call: AdministratorCall, paging: Paging) -> Page[ImportShape]:
    """Imports, newest first."""
    before = place_of(paging.cursor)
    async with call.read(projection.imports, own=True) as db:
        rows = await projection.page(db, limit=paging.more, before=before)
    more = pack(str(rows[paging.limit - 1].position)) if len(rows) > paging.limit else None
    items = [ImportShape.of(row) for row in rows[: paging.limit]]
    return Page[ImportShape](items=items, next_cursor=more)


@router.get("/{import_id}", responses=problems("not_found", "projection_lagging"))
async def read_import(import_id: UUID, call: AdministratorCall) -> ImportShape:
    """How far an import is, and which lines could not be taken over."""
    async with call.read(projection.imports, own=True) as db:
        return ImportShape.of(await projection.one(db, import_id))


@router.delete("/{import_id}", responses=problems("not_found", "conflict", "projection_lagging"))
async def cancel_import(import_id: UUID, call: AdministratorCall) -> ImportShape:
    """Stop an import. What it has taken over stays: that is the answer."""
    await call.execute(CancelImport(import_id))
    return await read_import(import_id, call)


async def claimed(call: AdministratorCall, body: NewImport, import_id: UUID) -> list[SentFile]:
    """The files, kept for this import."""
    uploads = call.services.files.uploads
    found = {
        part: await uploads.get(upload_id, call.actor.id) for part, upload_id in body.files.items()
    }
    for part, upload in found.items():
        check_size(part, upload.size)
    await uploads.claim(found.values(), import_id)
    return [SentFile(part, each.name, each.size, each.id) for part, each in found.items()]


def place_of(cursor: str | None) -> int | None:
    """Where a page begins."""
    if cursor is None:
        return None
    try:
        found = int(unpack(cursor))
    except ValueError:
        raise Invalid(NO_CURSOR) from None
    return found if 0 <= found <= POSITION_MAX else 0
