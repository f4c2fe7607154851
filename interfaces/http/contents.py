"""What is in a file: its bytes, the text that was read from it, and the passages of that."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict

from application.files import EditText
from domain.errors import Conflict, Invalid
from infrastructure.documents.showing import ShownPassage, passages_of
from infrastructure.documents.texts import Text, keep_text, read_text
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body
from interfaces.http.file_shapes import FileText
from interfaces.http.paging import NO_CURSOR, Page, Paging, pack, unpack
from interfaces.http.serving import Served, serve
from projections import files as projection

router = Door("/files/{file_id}", tags=["files"])

ORDINAL_MAX = 2**31 - 1
ANY: dict[str, Any] = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
BYTES: dict[int | str, dict[str, Any]] = {
    200: {"description": "All bytes.", "content": ANY},
    206: {"description": "The part that was asked for.", "content": ANY},
    304: {"description": "What the caller has is what there is."},
}


class TextShape(BaseModel):
    """What a file says; pages are separated by form feeds."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"text": "# Tea\n\nHot.", "pages": 1, "edited": False}}
    )

    text: str
    pages: int
    edited: bool


class TextChange(Body):
    """What a file says, better than the reading did."""

    model_config = ConfigDict(json_schema_extra={"example": {"text": "# Tea\n\nHot."}})

    text: FileText


class PassageShape(BaseModel):
    """A passage, and where it stands in the text: from character `start` up to `end`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0198c5a4-7d3e-7c11-b1a2-6c0d9a1f3e21",
                "ordinal": 0,
                "text": "Green tea at 70 °C.",
                "headings": "Tea",
                "page": 1,
                "start": 7,
                "end": 26,
                "tokens": 8,
            }
        }
    )

    id: UUID
    ordinal: int
    text: str
    headings: str
    page: int | None
    start: int
    end: int
    tokens: int


async def readable(call: Call, file_id: UUID) -> projection.FileRow:
    """A file that this person may read."""
    async with call.read(projection.files) as db:
        return await projection.file(db, file_id, call.actor.id)


@router.get(
    "/content",
    response_class=Response,
    responses={**problems("not_found", "unsatisfiable", "projection_lagging"), **BYTES},
)
async def read_content(
    file_id: UUID,
    call: Call,
    inline: Annotated[  # noqa: FBT002
        bool, Query(description="To be shown, if it is of a kind that is safe to show.")
    ] = False,
) -> Response:
    """The bytes of a file, or the part of them that the header `Range` asks for."""
    row = await readable(call, file_id)
    what = Served(row.sha256, row.size, row.name, row.media_type)
    asked = call.request.headers
    return await serve(call.services.files.blobs, what, asked, inline=inline)


@router.get("/text", responses=problems("not_found", "conflict", "projection_lagging"))
async def read_file_text(file_id: UUID, call: Call) -> TextShape:
    """The text that was read from a file, or put in its place by a person."""
    row = await readable(call, file_id)
    found = await text_of(call, row)
    if found is None:
        raise Conflict("The text of this file has not been read.")
    return TextShape(text=found.body, pages=found.pages, edited=row.edited)


async def text_of(call: Call, row: projection.FileRow) -> Text | None:
    """The text of a file, if it has one."""
    if not row.text_sha256:
        return None
    return await read_text(call.services.lines, row.id, row.text_sha256)


@router.put("/text", responses=problems("not_found", "conflict", "stale", "projection_lagging"))
async def edit_file_text(file_id: UUID, body: TextChange, call: Call) -> TextShape:
    """Put another text in place of the one that was read; it is indexed anew."""
    async with call.read(projection.files, own=True) as db:
        row = await projection.own(db, file_id, call.actor.id)
    if row.deleted_at is not None or row.state in ("queued", "reading"):
        raise Conflict("The text of a file can be edited once it was read.")
    pages = body.text.count("\f") + 1
    sha256 = await keep_text(call.services.lines, file_id, body.text, pages)
    await call.execute(EditText(file_id, sha256, len(body.text)))
    return TextShape(text=body.text, pages=pages, edited=True)


@router.get("/passages", responses=problems("not_found", "projection_lagging"))
async def list_passages(file_id: UUID, call: Call, paging: Paging) -> Page[PassageShape]:
    """The passages a file was cut into, in their order."""
    after = ordinal(paging.cursor)
    await readable(call, file_id)
    rows = await passages_of(call.services.lines, file_id, after=after, limit=paging.more)
    some = rows[: paging.limit]
    more = pack(str(some[-1].ordinal)) if len(rows) > len(some) else None
    return Page(items=[passage(each) for each in some], next_cursor=more)


def ordinal(cursor: str | None) -> int:
    """Which passage was the last one seen; -1 for none."""
    if not cursor:
        return -1
    try:
        found = int(unpack(cursor))
    except ValueError:
        raise Invalid(NO_CURSOR) from None
    if not 0 <= found <= ORDINAL_MAX:
        raise Invalid(NO_CURSOR)
    return found


def passage(found: ShownPassage) -> PassageShape:
    """A passage in the words of the API."""
    return PassageShape(**{name: getattr(found, name) for name in PassageShape.model_fields})
