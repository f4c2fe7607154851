"""Files on their way here, piece by piece; what was cut goes on where it was."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Header
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import ClientDisconnect, Request

from application.documents.media_types import media_type_of
from application.files import AddFile, Content, KeepFile, ReplaceFile, check_limits
from application.importing.kinds import FILE_BYTES_MAX
from application.knowledge import AddFiles
from domain.errors import Conflict, Forbidden, TooLarge
from domain.files import checked_name
from infrastructure.blobs.scratch import Draft
from infrastructure.blobs.uploads import CHUNK_BYTES, Cut, Upload
from interfaces.http.call import Call, StreamingCall
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, Line
from interfaces.http.file_keeping import current, limits
from interfaces.http.file_shapes import FILE, FileName, FileShape
from projections import files as projection

router = Door("/uploads", tags=["files"])

SILENCE_SECONDS_MAX = 30.0
OFFSET_MAX = 2**63 - 1

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Offset = Annotated[
    int,
    Header(alias="Upload-Offset", ge=0, le=OFFSET_MAX, description="At which byte it goes on."),
]
PIECE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class NewUpload(Body):
    """A file that is to come."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Tea.pdf", "size": 48213}})

    id: UUID | None = None
    name: FileName
    size: Annotated[int, Field(ge=0, le=OFFSET_MAX, strict=True)]
    media_type: Line = ""
    sha256: Sha256 | None = None
    purpose: Literal["file", "import"] = Field(
        default="file",
        description="Files become documents. What is for an import (administrators) never does.",
    )


class UploadShape(BaseModel):
    """How much of a file is here; `file_id` is what an ended upload became."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": FILE["id"],
                "name": "Tea.pdf",
                "size": 48213,
                "received": 16384,
                "chunk_bytes": CHUNK_BYTES,
                "file_id": None,
            }
        }
    )

    id: UUID
    name: str
    size: int
    received: int
    chunk_bytes: int = CHUNK_BYTES
    file_id: UUID | None

    @classmethod
    def of(cls, upload: Upload) -> "UploadShape":
        """An upload in the words of the API."""
        names = ("id", "name", "size", "received", "file_id")
        return cls(**{name: getattr(upload, name) for name in names})


class UploadEnd(Body):
    """What becomes of an upload: a new file unless it replaces one, in a knowledge base or not.

    Bytes that this person has already are not kept twice, unless `on_duplicate` says so: then
    the file that is there is the answer.
    """

    file_id: UUID | None = None
    replaces: UUID | None = None
    knowledge_id: UUID | None = None
    directory_id: UUID | None = None
    on_duplicate: Literal["keep", "reuse"] = "reuse"


class UploadedFile(FileShape):
    """A file, and which other one of the same person has the same bytes."""

    model_config = ConfigDict(json_schema_extra={"example": {**FILE, "duplicate_of": None}})

    duplicate_of: UUID | None


@router.post("", status_code=201, responses=problems("conflict", "limit_reached"))
async def start_upload(body: NewUpload, call: Call) -> UploadShape:
    """Announce a file. Its bytes follow in pieces of at most `chunk_bytes`, in their order."""
    name = checked_name(body.name)
    if body.purpose == "file":
        check_limits(await limits(call.services), name, body.size)
    else:
        require_may_import(call, body.size)
    wanted = Upload(
        body.id or call.new_id("upload"),
        call.actor.id,
        name,
        body.size,
        media_type_of(name, body.media_type),
        bytes.fromhex(body.sha256) if body.sha256 else None,
        purpose=body.purpose,
    )
    return UploadShape.of(await call.services.files.uploads.open(wanted))


@router.get("/{upload_id}", responses=problems("not_found"))
async def read_upload(upload_id: UUID, call: Call) -> UploadShape:
    """How much has come, and so where to go on."""
    return UploadShape.of(await call.services.files.uploads.get(upload_id, call.actor.id))


@router.patch(
    "/{upload_id}",
    responses=problems("not_found", "conflict", "limit_reached"),
    openapi_extra=PIECE,
)
async def send_piece(upload_id: UUID, call: StreamingCall, start: Offset) -> UploadShape:
    """Send a piece as it is. When the line breaks, what has come is kept.

    A piece that does not begin at `received` answers 409 with the right `received`.
    """
    uploads = call.services.files.uploads
    upload = await uploads.get(upload_id, call.actor.id)
    return UploadShape.of(await uploads.receive(upload, start, pieces_of(call.request)))


@router.post(
    "/{upload_id}/finish",
    status_code=201,
    responses=problems("not_found", "conflict", "limit_reached", "stale", "projection_lagging"),
)
async def finish_upload(upload_id: UUID, call: Call, body: UploadEnd | None = None) -> UploadedFile:
    """Make a file of what has come. It is read and indexed from now on, by itself."""
    uploads = call.services.files.uploads
    upload = await uploads.get(upload_id, call.actor.id)
    if upload.purpose != "file":
        raise Conflict("This upload is for an import, and becomes no file.")
    if upload.file_id is None:
        async with uploads.whole(upload) as draft:
            file_id, duplicate_of = await kept(call, upload, draft, body or UploadEnd())
        await uploads.end(upload, file_id, duplicate_of)
        upload = await uploads.get(upload_id, call.actor.id)
    assert upload.file_id is not None
    found = await current(call, upload.file_id)
    return UploadedFile(**dict(found), duplicate_of=upload.duplicate_of)


@router.delete("/{upload_id}", status_code=204, responses=problems("not_found"))
async def cancel_upload(upload_id: UUID, call: Call) -> None:
    """Give an upload up; what has come is removed. A file that it became stays."""
    uploads = call.services.files.uploads
    await uploads.get(upload_id, call.actor.id)
    await uploads.drop(upload_id)


def require_may_import(call: Call, size: int) -> None:
    """Refuse what nobody could import."""
    if not call.actor.is_administrator:
        raise Forbidden("Only administrators import.")
    if size > FILE_BYTES_MAX:
        raise TooLarge(f"A file for an import has at most {FILE_BYTES_MAX} bytes.")


async def kept(
    call: Call, upload: Upload, draft: Draft, wish: UploadEnd
) -> tuple[UUID, UUID | None]:
    """Keep the bytes, and say which file has them now, and which one had them before."""
    async with call.read(projection.files, own=True) as db:
        same = await projection.same(db, call.actor.id, draft.sha256)
        if wish.replaces:
            await projection.own(db, wish.replaces, call.actor.id)
    if same and not wish.replaces and wish.on_duplicate == "reuse":
        if wish.knowledge_id:
            await call.execute(AddFiles(wish.knowledge_id, (same.id,), wish.directory_id))
        return same.id, same.id
    file_id = wish.replaces or wish.file_id or upload.id
    content = Content(upload.name, upload.media_type, draft.size, draft.sha256)
    await call.services.files.keep(draft.path, content, file_id)
    keep = ReplaceFile(file_id, content) if wish.replaces else AddFile(file_id, content)
    if wish.knowledge_id:
        await call.execute(KeepFile(keep, wish.knowledge_id, wish.directory_id))
    else:
        await call.execute(keep)
    return file_id, same.id if same and same.id != file_id else None


async def pieces_of(request: Request) -> AsyncGenerator[bytes, None]:
    """What is sent, as it comes; Cut when whoever sends is gone or silent."""
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(SILENCE_SECONDS_MAX):
                piece = await anext(stream, None)
        except (ClientDisconnect, TimeoutError):
            raise Cut from None
        if piece is None:
            return
        yield piece
