"""How files are shown, on every route the same."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.files import State
from interfaces.http.fields import When, without_nul
from projections.files import Doing, FileRow, doing
from projections.knowledge import knowledge_of
from projections.read_model import Db

TEXT_CHARACTERS_MAX = 10_000_000

FileName = Annotated[str, AfterValidator(without_nul), Field(min_length=1, max_length=1_000)]
FileText = Annotated[
    str, AfterValidator(without_nul), Field(min_length=1, max_length=TEXT_CHARACTERS_MAX)
]

FILE: dict[str, Any] = {
    "id": "0198c5a4-7d3e-7c11-b1a2-6c0d9a1f3e21",
    "owner_id": "0198c5a4-7d3e-7c11-b1a2-6c0d9a1f3e22",
    "name": "Tea.pdf",
    "media_type": "application/pdf",
    "size": 48213,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "state": "indexing",
    "error": None,
    "waiting": None,
    "progress": {"done": 12, "total": 23},
    "title": "All about tea",
    "pages": 7,
    "characters": 12034,
    "passages": None,
    "source": "",
    "knowledge_ids": [],
    "created_at": "2026-01-31T12:00:00.000Z",
    "updated_at": "2026-01-31T12:00:02.000Z",
    "deleted_at": None,
}


class Failure(BaseModel):
    """Why a file cannot be found."""

    stage: Literal["reading", "indexing"]
    kind: str
    message: str


class Progress(BaseModel):
    """How many of its passages can be found already."""

    done: int
    total: int


class FileShape(BaseModel):
    """A file, and how far it is on its way to being found."""

    model_config = ConfigDict(json_schema_extra={"example": FILE})

    id: UUID
    owner_id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    state: State
    error: Failure | None
    waiting: str | None
    progress: Progress | None
    title: str
    pages: int | None
    characters: int | None
    passages: int | None
    source: str
    knowledge_ids: list[UUID]
    created_at: When
    updated_at: When
    deleted_at: When | None


async def shown(db: Db, rows: Sequence[FileRow], user_id: UUID) -> list[FileShape]:
    """Files as somebody sees them, with what workers say and the knowledge he sees them in."""
    ids = [row.id for row in rows]
    doings = await doing(db, ids)
    knowledge = await knowledge_of(db, ids, seen_by=user_id)
    return [shape(row, doings.get(row.id, Doing()), knowledge.get(row.id, [])) for row in rows]


def shape(row: FileRow, now: Doing, knowledge_ids: list[UUID]) -> FileShape:
    """One file."""
    fields = FileShape.model_fields
    values = {name: getattr(row, name) for name in fields if hasattr(row, name)}
    progress = None
    if now.total is not None and row.state == State.INDEXING:
        progress = Progress(done=now.done or 0, total=now.total)
    return FileShape.model_validate(
        {
            **values,
            "progress": progress,
            "waiting": now.waiting,
            "knowledge_ids": knowledge_ids,
        }
    )
