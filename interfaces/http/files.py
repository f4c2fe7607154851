"""Files: the list, and what one can do to each. Their bytes come by way of uploads."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from application.documents.media_types import media_type_of
from application.files import DeleteFile, RenameFile, RestoreFile, RetryFile, TrashFile
from domain.errors import Forbidden, Invalid
from domain.files import NAME_CHARACTERS_MAX, State, checked_name
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, without_nul
from interfaces.http.file_keeping import current, keep_text_file
from interfaces.http.file_shapes import FileName, FileShape, FileText, shown
from interfaces.http.paging import NO_CURSOR, Page, pack, unpack
from projections import files as projection

router = Door("/files", tags=["files"])

CURSOR_CHARACTERS_MAX = 2_500
SIZE_MAX = 2**63
NAME = Annotated[str, AfterValidator(without_nul), Field(max_length=4 * NAME_CHARACTERS_MAX)]
# A place in the list by its sort, so that no list goes on with the place of another.
PLACE: TypeAdapter[tuple[str, datetime | str | int, UUID]] = TypeAdapter(
    tuple[Literal["newest", "oldest"], AwareDatetime, UUID]
    | tuple[Literal["name"], NAME, UUID]
    | tuple[Literal["size"], Annotated[int, Field(ge=0, lt=SIZE_MAX)], UUID]
)


class FileCounts(BaseModel):
    """How many files there are in each state and in the trash, and their bytes in all."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "queued": 1,
                "reading": 1,
                "indexing": 0,
                "ready": 12,
                "failed": 1,
                "trash": 2,
                "size": 7340032,
            }
        }
    )

    queued: int
    reading: int
    indexing: int
    ready: int
    failed: int
    trash: int
    size: int


class NewText(Body):
    """A file that is written here."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "Tea.md", "text": "# Tea\n\nGreen tea at 70 °C."}}
    )

    id: UUID | None = None
    name: FileName
    text: FileText


class FileChange(Body):
    """What changes; what is left out stays."""

    name: FileName | None = None


class _Choice(BaseModel):
    """Which files are wanted."""

    query: Annotated[
        str,
        AfterValidator(without_nul),
        Query(max_length=300, description="A part of the name."),
    ] = ""
    state: State | None = None
    knowledge_id: Annotated[UUID | None, Query(description="Those in a knowledge base.")] = None
    trash: Annotated[bool, Query(description="Those in the trash instead.")] = False
    all: Annotated[bool, Query(description="Those of everybody; only for administrators.")] = False
    sort: Annotated[
        projection.Sort, Query(description="Newest or oldest first, by name, or largest first.")
    ] = "newest"
    limit: Annotated[int, Query(ge=1, le=100)] = 50
    cursor: Annotated[
        str | None, Query(max_length=CURSOR_CHARACTERS_MAX, description="`next_cursor` of a page.")
    ] = None

    def place(self) -> projection.Place | None:
        """Where the page begins; a cursor of another order is none of this list."""
        if not self.cursor:
            return None
        try:
            sort, key, last = PLACE.validate_json(unpack(self.cursor))
        except ValueError:
            raise Invalid(NO_CURSOR) from None
        if sort != self.sort:
            raise Invalid(NO_CURSOR)
        return key, last


@router.get("", responses=problems("projection_lagging"))
async def list_files(call: Call, choice: Annotated[_Choice, Query()]) -> Page[FileShape]:
    """My files, the newest first; or all that I may read in a knowledge base."""
    if choice.all and not call.actor.is_administrator:
        raise Forbidden("Only administrators may see everybody's files.")
    wanted = projection.Choice(
        choice.query, choice.state, choice.knowledge_id, choice.trash, choice.all, choice.sort
    )
    limit, after = choice.limit, choice.place()
    async with call.read(projection.files) as db:
        rows = await projection.page(db, call.actor.id, wanted, limit=limit + 1, after=after)
        items = await shown(db, rows[:limit], call.actor.id)
    cursor = None
    if len(rows) > limit:
        cursor = pack(PLACE.dump_json((wanted.sort, *wanted.place(rows[limit - 1]))).decode())
    return Page(items=items, next_cursor=cursor)


@router.get("/counts", responses=problems("projection_lagging"))
async def count_files(call: Call) -> FileCounts:
    """How many files I have, by state, and how much room they take."""
    async with call.read(projection.files) as db:
        return FileCounts(**await projection.counts(db, call.actor.id))


@router.post("/text", status_code=201, responses=problems("not_found", "conflict", "stale"))
async def write_file(body: NewText, call: Call) -> FileShape:
    """Keep a text as a file."""
    name = checked_name(body.name)
    named = (name, media_type_of(name, otherwise="text/markdown"))
    return await keep_text_file(call, body.id or call.new_id("file"), named, body.text)


@router.get("/{file_id}", responses=problems("not_found", "projection_lagging"))
async def read_file(file_id: UUID, call: Call) -> FileShape:
    """One of my files, or one that is shared with me."""
    async with call.read(projection.files) as db:
        row = await projection.file(db, file_id, call.actor.id)
        (found,) = await shown(db, [row], call.actor.id)
    return found


@router.patch("/{file_id}", responses=problems("not_found", "stale", "projection_lagging"))
async def change_file(file_id: UUID, body: FileChange, call: Call) -> FileShape:
    """Call a file something else."""
    if body.name is not None:
        await call.execute(RenameFile(file_id, body.name))
    return await current(call, file_id)


@router.delete("/{file_id}", status_code=204, responses=problems("not_found", "conflict"))
async def delete_file(
    file_id: UUID,
    call: Call,
    forever: Annotated[bool, Query(description="For good; only from the trash.")] = False,  # noqa: FBT002
) -> None:
    """Put a file into the trash, or remove one that is there for good, with all that was made."""
    await call.execute(DeleteFile(file_id) if forever else TrashFile(file_id))


@router.post("/{file_id}/restore", responses=problems("not_found", "projection_lagging"))
async def restore_file(file_id: UUID, call: Call) -> FileShape:
    """Take a file out of the trash."""
    await call.execute(RestoreFile(file_id))
    return await current(call, file_id)


@router.post("/{file_id}/retry", responses=problems("not_found", "conflict", "projection_lagging"))
async def retry_file(file_id: UUID, call: Call) -> FileShape:
    """Try again to read or index a file that failed."""
    await call.execute(RetryFile(file_id))
    return await current(call, file_id)
