"""What lies in knowledge bases: directories and files, the difference to a folder, the export."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from application.knowledge import (
    FILES_EACH_MAX,
    AddFiles,
    ChangeDirectory,
    MakeDirectory,
    RemoveDirectory,
    RemoveFile,
)
from application.knowledge_sync import PATH_CHARACTERS_MAX, Kept, Local, checked, difference
from domain.errors import Invalid
from domain.knowledge import NAME_CHARACTERS_MAX, Directory
from infrastructure.archives import zipped
from infrastructure.documents.export import members
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, Line, without_nul
from interfaces.http.file_shapes import FileShape
from interfaces.http.file_shapes import shown as file_shapes
from interfaces.http.paging import NO_CURSOR, Page, pack, unpack
from projections import directories as projection
from projections.files import some as some_files
from projections.knowledge import knowledge, must_see

router = Door("/knowledge/{knowledge_id}", tags=["knowledge"])

CURSOR_CHARACTERS_MAX = 5_000
SYNC_ENTRIES_MAX = 40_000
KEY_MAX = 2**63
ZIP = "application/zip"

Name = Annotated[Line, Field(min_length=1, max_length=NAME_CHARACTERS_MAX)]
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
LOW = Annotated[str, AfterValidator(without_nul), Field(max_length=4 * NAME_CHARACTERS_MAX)]
PLACE: TypeAdapter[projection.Place] = TypeAdapter(
    tuple[Literal[0, 1], Annotated[int, Field(ge=-KEY_MAX, lt=KEY_MAX)], LOW, UUID]
)

FILE_ID = "0198c5a4-7d3e-7c11-b1a2-6c0d9a1f3e33"
DIFFERENCE: dict[str, JsonValue] = {
    "added": [{"path": "green/gyokuro.pdf", "file_id": None}],
    "changed": [{"path": "tea.md", "file_id": FILE_ID}],
    "removed": [],
    "unchanged": [],
    "directories_added": [{"path": "green", "directory_id": None}],
    "directories_removed": [],
}


class Entry(BaseModel):
    """A directory or a file; `directory_id` is where it lies, null at the top."""

    kind: Literal["directory", "file"]
    id: UUID
    name: str
    directory_id: UUID | None
    file: FileShape | None


class NewDirectory(Body):
    """A directory to make."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Green", "parent_id": None}})

    id: UUID | None = None
    name: Name
    parent_id: UUID | None = None


class DirectoryChange(Body):
    """What changes; what is left out stays. A `parent_id` of null is the top."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Black"}})

    name: Name | None = None
    parent_id: UUID | None = None


class PlacedFiles(Body):
    """Files to add or to move; without a directory to the top."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"file_ids": [FILE_ID], "directory_id": None}}
    )

    file_ids: Annotated[list[UUID], Field(max_length=FILES_EACH_MAX)]
    directory_id: UUID | None = None


class LocalFile(Body):
    """A file of the folder; its path is relative to the folder, with slashes."""

    path: Annotated[str, Field(max_length=PATH_CHARACTERS_MAX)]
    sha256: Hash
    size: int = Field(ge=0, strict=True)


class Folder(Body):
    """All files of a folder elsewhere."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"entries": [{"path": "green/tea.md", "sha256": "0" * 64, "size": 120}]}
        }
    )

    entries: Annotated[list[LocalFile], Field(max_length=SYNC_ENTRIES_MAX)]


class SyncedFile(BaseModel):
    """A file that differs, or does not; without a `file_id` where it is not here yet."""

    path: str
    file_id: UUID | None


class SyncedDirectory(BaseModel):
    """A directory that is only on one side."""

    path: str
    directory_id: UUID | None


class DifferenceShape(BaseModel):
    """What would make the knowledge base hold what the folder holds."""

    model_config = ConfigDict(json_schema_extra={"example": DIFFERENCE})

    added: list[SyncedFile]
    changed: list[SyncedFile]
    removed: list[SyncedFile]
    unchanged: list[SyncedFile]
    directories_added: list[SyncedDirectory]
    directories_removed: list[SyncedDirectory]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which entries are wanted, and which page of them."""

    directory_id: Annotated[UUID | None, Query(description="Without one: the top.")] = None
    query: Annotated[
        Line, Query(description="A part of the names, in all directories at once.")
    ] = ""
    sort: Annotated[
        projection.Sort, Query(description="By name, newest first, or largest first.")
    ] = "name"
    limit: Annotated[int, Query(ge=1, le=100)] = 50
    cursor: Annotated[
        str | None, Query(max_length=CURSOR_CHARACTERS_MAX, description="`next_cursor` of a page.")
    ] = None

    @property
    def entries(self) -> projection.Entries:
        """The same in the words of the read model: one more than wanted, to see if it goes on."""
        place = None
        if self.cursor:
            try:
                place = PLACE.validate_json(unpack(self.cursor))
            except ValueError:
                raise Invalid(NO_CURSOR) from None
        return projection.Entries(self.directory_id, self.query, self.sort, self.limit + 1, place)


@router.get("/entries", responses=problems("not_found", "projection_lagging"))
async def list_entries(
    knowledge_id: UUID, call: Call, wanted: Annotated[_Wanted, Depends()]
) -> Page[Entry]:
    """Directories, then files: those of one directory, or all whose names have some words."""
    entries = wanted.entries
    async with call.read(knowledge) as db:
        await must_see(db, knowledge_id, call.actor.id)
        rows = await projection.entries(db, knowledge_id, entries)
        some = rows[: wanted.limit]
        ids = [each.id for each in some if each.kind == "file"]
        found = await file_shapes(db, await some_files(db, ids), call.actor.id)
    cursor = None
    if len(rows) > wanted.limit:
        cursor = pack(PLACE.dump_json(some[-1].place).decode())
    files = {each.id: each for each in found}
    items = [shown(each, files.get(each.id)) for each in some]
    return Page[Entry](items=items, next_cursor=cursor)


@router.post(
    "/directories", status_code=201, responses=problems("not_found", "conflict", "limit_reached")
)
async def make_directory(knowledge_id: UUID, body: NewDirectory, call: Call) -> Entry:
    """Make a directory; no two in one place have the same name."""
    directory_id = body.id or call.new_id("directory")
    command = MakeDirectory(knowledge_id, directory_id, body.name, body.parent_id)
    return entry_of(directory_id, await call.execute(command))


@router.patch("/directories/{directory_id}", responses=problems("not_found", "conflict"))
async def change_directory(
    knowledge_id: UUID, directory_id: UUID, body: DirectoryChange, call: Call
) -> Entry:
    """Rename a directory, or move it with all that is in it."""
    to_top = "parent_id" in body.model_fields_set and body.parent_id is None
    command = ChangeDirectory(knowledge_id, directory_id, body.name, body.parent_id, to_top=to_top)
    return entry_of(directory_id, await call.execute(command))


@router.delete(
    "/directories/{directory_id}", status_code=204, responses=problems("not_found", "conflict")
)
async def remove_directory(knowledge_id: UUID, directory_id: UUID, call: Call) -> None:
    """Remove a directory and what is in it from here; the files themselves stay."""
    await call.execute(RemoveDirectory(knowledge_id, directory_id))


@router.post(
    "/files", status_code=204, responses=problems("not_found", "conflict", "limit_reached")
)
async def place_files(knowledge_id: UUID, body: PlacedFiles, call: Call) -> None:
    """Add my files, or move files that are here; all of them or none."""
    await call.execute(AddFiles(knowledge_id, tuple(body.file_ids), body.directory_id))


@router.delete("/files/{file_id}", status_code=204, responses=problems("not_found", "conflict"))
async def take_file_out(knowledge_id: UUID, file_id: UUID, call: Call) -> None:
    """Take a file out of the knowledge base; it stays with its owner."""
    await call.execute(RemoveFile(knowledge_id, file_id))


@router.post("/sync", responses=problems("not_found", "projection_lagging"))
async def compare_folder(knowledge_id: UUID, body: Folder, call: Call) -> DifferenceShape:
    """How a folder differs from what is here; nothing is changed."""
    async with call.read(knowledge, own=True) as db:
        await must_see(db, knowledge_id, call.actor.id)
        tree = await projection.tree(db, knowledge_id)
    return await asyncio.to_thread(compared, body, tree)


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses=problems("not_found", "projection_lagging")
    | {200: {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def export_knowledge(
    knowledge_id: UUID,
    call: Call,
    text: Annotated[bool, Query(description="With the extracted texts beside.")] = False,  # noqa: FBT002
) -> StreamingResponse:
    """All files in their directories as a ZIP archive, written while it is sent."""
    async with call.read(knowledge) as db:
        name = await must_see(db, knowledge_id, call.actor.id)
        tree = await projection.tree(db, knowledge_id)
    lines = call.services.lines if text else None
    found = zipped(members(tree, call.services.files.blobs, lines))
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}.zip"}
    return StreamingResponse(found, media_type=ZIP, headers=headers)


def compared(body: Folder, tree: projection.Tree) -> DifferenceShape:
    """The difference, in the words of the API."""
    local = checked(Local(each.path, each.sha256, each.size) for each in body.entries)
    kept = [Kept("/".join(each.path), each.id, each.sha256) for each in tree.files]
    directories = {"/".join(path): key for key, path in tree.directories.items()}
    found = difference(local, kept, directories)
    return DifferenceShape(
        added=[SyncedFile(path=each.path, file_id=None) for each in found.added],
        changed=[synced(each) for _, each in found.changed],
        removed=[synced(each) for each in found.removed],
        unchanged=[synced(each) for each in found.unchanged],
        directories_added=[
            SyncedDirectory(path=path, directory_id=None) for path in found.directories_added
        ],
        directories_removed=[
            SyncedDirectory(path=path, directory_id=key) for path, key in found.directories_removed
        ],
    )


def synced(kept: Kept) -> SyncedFile:
    """A file that is here."""
    return SyncedFile(path=kept.path, file_id=kept.file_id)


def shown(row: projection.EntryRow, file: FileShape | None) -> Entry:
    """An entry as it was read."""
    return Entry(kind=row.kind, id=row.id, name=row.name, directory_id=row.directory_id, file=file)


def entry_of(directory_id: UUID, directory: Directory) -> Entry:
    """A directory that has just changed."""
    return Entry(
        kind="directory",
        id=directory_id,
        name=directory.name,
        directory_id=directory.parent_id,
        file=None,
    )
