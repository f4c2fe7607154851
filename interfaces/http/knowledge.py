"""Knowledge bases: the lists, and what one can do to each as a whole."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from application.command import Command
from application.knowledge import (
    ChooseCutting,
    CreateKnowledge,
    DeleteKnowledge,
    DescribeKnowledge,
    ReindexKnowledge,
    RestoreKnowledge,
    ShareKnowledge,
    TrashKnowledge,
)
from domain.cuttings import TOKENS_MAX, TOKENS_MIN
from domain.knowledge import (
    DESCRIPTION_CHARACTERS_MAX,
    GRANTS_MAX,
    NAME_CHARACTERS_MAX,
    Grant,
    Role,
)
from infrastructure.external.asking import secrets_of
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, Line, When
from interfaces.http.paging import Page, Paging
from projections import knowledge_lists as projection
from projections.knowledge import knowledge

router = Door("/knowledge", tags=["knowledge"])

Name = Annotated[Line, Field(min_length=1, max_length=NAME_CHARACTERS_MAX)]
Description = Annotated[Line, Field(max_length=DESCRIPTION_CHARACTERS_MAX)]
Filter = Literal["mine", "shared"]
Words = Annotated[Line, Query(description="A part of the name or the description.")]

KNOWLEDGE: dict[str, JsonValue] = {
    "id": "0198c5a4-7d3e-7c11-b1a2-6c0d9a1f3e21",
    "kind": "files",
    "owner_id": "0198c5a4-7d3e-7c11-b1a2-6c0d9a1f3e20",
    "owner_name": "Ana",
    "name": "Tea",
    "description": "All we know of it.",
    "access": [{"user_id": "0198c5a4-7d3e-7c11-b1a2-6c0d9a1f3e22", "name": "Ben", "role": "write"}],
    "my_role": "owner",
    "files": 12,
    "ready": 11,
    "failed": 1,
    "size": 4_194_304,
    "cutting": None,
    "created_at": "2026-01-31T12:00:00.000Z",
    "updated_at": "2026-01-31T12:00:00.000Z",
    "deleted_at": None,
}


class Access(BaseModel):
    """Who else may use a knowledge base; without a `user_id` that is everybody."""

    user_id: UUID | None
    name: str | None
    role: Literal["read", "write"]


class Cutting(Body):
    """How files are cut into passages: their length and how much they share, in tokens."""

    tokens: int = Field(default=256, ge=TOKENS_MIN, le=TOKENS_MAX, strict=True)
    overlap: int = Field(default=32, ge=0, le=TOKENS_MAX // 2, strict=True)
    contextual: bool = Field(default=True, description="Whether passages carry their headings.")


class KnowledgeShape(BaseModel):
    """A knowledge base. Its owner sees all of `access`, others what concerns themselves.

    One of kind `external` lies elsewhere; it may have files of its own beside.
    """

    model_config = ConfigDict(json_schema_extra={"example": KNOWLEDGE})

    id: UUID
    kind: Literal["files", "external"]
    owner_id: UUID
    owner_name: str
    name: str
    description: str
    access: list[Access]
    my_role: Role
    files: int
    ready: int
    failed: int
    size: int
    cutting: Cutting | None
    created_at: When
    updated_at: When
    deleted_at: When | None


class NewKnowledge(Body):
    """A knowledge base to make."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "Tea", "description": "All we know of it."}}
    )

    id: UUID | None = None
    name: Name
    description: Description = ""


class KnowledgeChange(Body):
    """What changes; what is left out stays."""

    name: Name | None = None
    description: Description | None = None


class GivenAccess(Body):
    """Somebody, or with null everybody, and what he may do."""

    user_id: UUID | None
    role: Literal["read", "write"]


class GivenAccessList(Body):
    """Everybody who may use a knowledge base from now on, besides its owner."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"access": [{"user_id": None, "role": "read"}]}}
    )

    access: Annotated[list[GivenAccess], Field(max_length=GRANTS_MAX)]


class ChosenCutting(Body):
    """How the files of a knowledge base are cut; null: as everywhere."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"cutting": {"tokens": 512, "overlap": 64}}}
    )

    cutting: Cutting | None


@router.get("", responses=problems("projection_lagging"))
async def list_knowledge(
    call: Call,
    paging: Paging,
    query: Words = "",
    filter: Annotated[Filter | None, Query(description="Only one's own, or others'.")] = None,  # noqa: A002
    trash: Annotated[bool, Query(description="Those in the trash instead.")] = False,  # noqa: FBT002
) -> Page[KnowledgeShape]:
    """My knowledge bases and those shared with me, the one that was touched last first."""
    choice = projection.Choice(query, filter, trash)
    place = paging.place()
    async with call.read(knowledge) as db:
        rows = await projection.page(db, call.actor.id, choice, limit=paging.more, before=place)
    return paging.page(rows, shown, lambda row: (row.updated_at, row.id))


@router.post("", status_code=201, responses=problems("not_found", "conflict", "projection_lagging"))
async def create_knowledge(body: NewKnowledge, call: Call) -> KnowledgeShape:
    """Make an empty knowledge base; it is shared with nobody."""
    knowledge_id = body.id or call.new_id("knowledge")
    await call.execute(CreateKnowledge(knowledge_id, body.name, body.description))
    return await current(call, knowledge_id)


@router.get("/{knowledge_id}", responses=problems("not_found", "projection_lagging"))
async def read_knowledge(knowledge_id: UUID, call: Call) -> KnowledgeShape:
    """A knowledge base that I may use."""
    async with call.read(knowledge) as db:
        return shown(await projection.one(db, knowledge_id, call.actor.id))


@router.patch("/{knowledge_id}", responses=problems("not_found", "conflict", "projection_lagging"))
async def describe_knowledge(
    knowledge_id: UUID, body: KnowledgeChange, call: Call
) -> KnowledgeShape:
    """Change the name or the description; for those who may write."""
    await call.execute(DescribeKnowledge(knowledge_id, body.name, body.description))
    return await current(call, knowledge_id)


@router.delete("/{knowledge_id}", status_code=204, responses=problems("not_found", "conflict"))
async def delete_knowledge(
    knowledge_id: UUID,
    call: Call,
    forever: Annotated[bool, Query(description="For good; only from the trash.")] = False,  # noqa: FBT002
) -> None:
    """Put one's knowledge base into the trash, or remove it from there for good; files stay."""
    command: Command[None] = (
        DeleteKnowledge(knowledge_id) if forever else TrashKnowledge(knowledge_id)
    )
    await call.execute(command)
    if forever:
        await call.services.credentials.forget_secrets(secrets_of(knowledge_id))


@router.post(
    "/{knowledge_id}/restore", responses=problems("not_found", "conflict", "projection_lagging")
)
async def restore_knowledge(knowledge_id: UUID, call: Call) -> KnowledgeShape:
    """Take one's knowledge base out of the trash."""
    await call.execute(RestoreKnowledge(knowledge_id))
    return await current(call, knowledge_id)


@router.put(
    "/{knowledge_id}/access", responses=problems("not_found", "conflict", "projection_lagging")
)
async def share_knowledge(knowledge_id: UUID, body: GivenAccessList, call: Call) -> KnowledgeShape:
    """Say who else may use one's knowledge base; whoever is not named may not from now on."""
    access = tuple(Grant(each.user_id, Role(each.role)) for each in body.access)
    await call.execute(ShareKnowledge(knowledge_id, access))
    return await current(call, knowledge_id)


@router.put(
    "/{knowledge_id}/cutting", responses=problems("not_found", "conflict", "projection_lagging")
)
async def choose_cutting(knowledge_id: UUID, body: ChosenCutting, call: Call) -> KnowledgeShape:
    """Have the files of one's knowledge base cut in a way of their own."""
    cutting = None if body.cutting is None else body.cutting.model_dump()
    await call.execute(ChooseCutting(knowledge_id, cutting))
    return await current(call, knowledge_id)


@router.post(
    "/{knowledge_id}/reindex", status_code=202, responses=problems("not_found", "conflict")
)
async def reindex_knowledge(knowledge_id: UUID, call: Call) -> None:
    """Have all its files read, cut and embedded anew; they can be found meanwhile."""
    await call.execute(ReindexKnowledge(knowledge_id))


async def current(call: Call, knowledge_id: UUID) -> KnowledgeShape:
    """A knowledge base after all this person wrote here."""
    async with call.read(knowledge, own=True) as db:
        return shown(await projection.one(db, knowledge_id, call.actor.id))


def shown(row: projection.KnowledgeRow) -> KnowledgeShape:
    """A knowledge base as it was read."""
    values = {name: getattr(row, name) for name in KnowledgeShape.model_fields}
    return KnowledgeShape.model_validate(values)
