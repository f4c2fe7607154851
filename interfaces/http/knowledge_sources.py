"""Knowledge that lies elsewhere: connected, tried and removed by those who look after the house."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from application.documents.settings import EmbeddingKind
from application.knowledge_sources import ChangeSource, ConnectSource, RemoveSource
from application.retrieval.sources import Metric, Source, SourceKind, source_of
from domain.knowledge import DESCRIPTION_CHARACTERS_MAX, NAME_CHARACTERS_MAX
from domain.knowledge_sources import KnowledgeSource, source_id_of
from infrastructure.external.asking import secret_name, secrets_of
from infrastructure.external.trials import Tried, tried
from interfaces.http.call import AdministratorCall
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, Line, When, without_nul
from interfaces.http.paging import Page, Paging
from projections import knowledge_sources as projection

router = Door("/knowledge-sources", tags=["knowledge"])

Name = Annotated[Line, Field(min_length=1, max_length=NAME_CHARACTERS_MAX)]
Description = Annotated[Line, Field(max_length=DESCRIPTION_CHARACTERS_MAX)]
Address = Annotated[str, Field(max_length=2_000), AfterValidator(without_nul)]
Key = Annotated[str, Field(max_length=4_000), AfterValidator(without_nul)]
Seconds = Annotated[int, Field(ge=1, le=8, strict=True)]

SOURCE: dict[str, JsonValue] = {
    "kind": "qdrant",
    "url": "http://127.0.0.1:6333",
    "collection": "handbook",
    "fields": {"text": "text", "title": "title", "link": "url", "page": "page"},
}


class FieldsBody(Body):
    """What the fields of a passage are called there; empty: there is none."""

    text: Line = "text"
    title: Line = ""
    link: Line = ""
    page: Line = ""
    id: Line = ""
    vector: Line = ""


class EmbeddingBody(Body):
    """Which model the vectors are from."""

    kind: EmbeddingKind = "local"
    connection_id: UUID | None = None
    model: Line = ""


class SourceBody(Body):
    """Where passages are: `database` and `collection` (a table) for pgvector, else `url`."""

    model_config = ConfigDict(json_schema_extra={"example": SOURCE})

    kind: SourceKind
    url: Address = ""
    database: Address = ""
    collection: Line = ""
    metric: Metric = "cosine"
    fields: FieldsBody = Field(default_factory=FieldsBody)
    embedding: EmbeddingBody = Field(default_factory=EmbeddingBody)
    seconds: Seconds = 5

    def values(self) -> dict[str, Any]:
        """The source in plain values."""
        return self.model_dump(mode="json")


class NewKnowledgeSource(Body):
    """Knowledge to connect. Its key is kept sealed, and never shown."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Handbook", "source": SOURCE}})

    id: UUID | None = None
    name: Name
    description: Description = ""
    source: SourceBody
    key: Key | None = None


class KnowledgeSourceChange(Body):
    """Another place or another way to ask. A key that is left out stays, if the place does."""

    model_config = ConfigDict(json_schema_extra={"example": {"source": SOURCE}})

    source: SourceBody
    key: Key | None = None


class SourceTrial(Body):
    """A source that need not be kept, and a question to try it with."""

    model_config = ConfigDict(json_schema_extra={"example": {"source": SOURCE, "query": "Tea"}})

    source: SourceBody
    key: Key | None = None
    id: UUID | None = Field(default=None, description="Whose key to use when none is sent.")
    query: Annotated[Line, Field(min_length=1)] = "What is this about?"


class KnowledgeSourceShape(BaseModel):
    """External knowledge; `trashed`: its owner put the knowledge base into the trash."""

    id: UUID
    name: str
    description: str
    source: Source
    has_key: bool
    trashed: bool
    connected_at: When


class SampleShape(BaseModel):
    """A passage as the source gave it."""

    text: str
    title: str
    url: str
    page: int | None
    id: str
    score: float


class SourceTrialShape(BaseModel):
    """How it went, in words, and some passages."""

    ok: bool
    detail: str
    passages: list[SampleShape]
    milliseconds: int


@router.get("", responses=problems("projection_lagging"))
async def list_knowledge_sources(
    call: AdministratorCall, paging: Paging
) -> Page[KnowledgeSourceShape]:
    """All external knowledge, oldest first."""
    place = paging.place()
    async with call.read(projection.knowledge_sources) as db:
        rows = await projection.every(db)
    known = [row for row in rows if place is None or (row.connected_at, row.knowledge_id) > place]
    return paging.page(known, shown, lambda row: (row.connected_at, row.knowledge_id))


@router.post("", status_code=201, responses=problems("conflict", "projection_lagging"))
async def connect_knowledge_source(
    body: NewKnowledgeSource, call: AdministratorCall
) -> KnowledgeSourceShape:
    """Make a knowledge base of what others keep; whoever it is shared with can attach it."""
    knowledge_id = body.id or call.new_id("knowledge")
    values = body.source.values()
    command = ConnectSource(
        knowledge_id, body.name, body.description, values, has_key=bool(body.key)
    )
    await call.execute(command)
    await keep(call, knowledge_id, source_of(values), body.key)
    return await current(call, knowledge_id)


@router.get("/{knowledge_id}", responses=problems("not_found", "projection_lagging"))
async def read_knowledge_source(
    knowledge_id: UUID, call: AdministratorCall
) -> KnowledgeSourceShape:
    """One source of external knowledge."""
    async with call.read(projection.knowledge_sources) as db:
        return shown(await projection.one(db, knowledge_id))


@router.put("/{knowledge_id}", responses=problems("not_found", "conflict", "projection_lagging"))
async def change_knowledge_source(
    knowledge_id: UUID, body: KnowledgeSourceChange, call: AdministratorCall
) -> KnowledgeSourceShape:
    """Ask it elsewhere, or in another way."""
    values = body.source.values()
    await stored(call, knowledge_id)
    key = await key_of(call, knowledge_id, source_of(values), body.key)
    await call.execute(ChangeSource(knowledge_id, values, has_key=bool(key)))
    await keep(call, knowledge_id, source_of(values), body.key)
    return await current(call, knowledge_id)


@router.delete("/{knowledge_id}", status_code=204, responses=problems("not_found"))
async def remove_knowledge_source(knowledge_id: UUID, call: AdministratorCall) -> None:
    """Ask it no more, and forget its key; what it holds stays as it is."""
    await call.execute(RemoveSource(knowledge_id))
    await call.services.credentials.forget_secrets(secrets_of(knowledge_id))


@router.post("/test", responses=problems())
async def test_new_knowledge_source(body: SourceTrial, call: AdministratorCall) -> SourceTrialShape:
    """Try a source before it is kept."""
    source = source_of(body.source.values())
    key = body.key or ""
    if body.id is not None:
        key = await key_of(call, body.id, source, body.key)
    return as_shape(await tried(call.services.documents, source, key, body.query))


@router.post("/{knowledge_id}/test", responses=problems("not_found"))
async def test_knowledge_source(knowledge_id: UUID, call: AdministratorCall) -> SourceTrialShape:
    """Try a source as it is stored."""
    source = source_of((await stored(call, knowledge_id)).source)
    key = await key_of(call, knowledge_id, source, None)
    query = SourceTrial.model_fields["query"].default
    return as_shape(await tried(call.services.documents, source, key, query))


async def stored(call: AdministratorCall, knowledge_id: UUID) -> KnowledgeSource:
    """A source that is connected, or NotFound."""
    known = await call.services.log.get(KnowledgeSource, source_id_of(knowledge_id))
    known.must_exist()
    return known


async def key_of(
    call: AdministratorCall, knowledge_id: UUID, source: Source, sent: str | None
) -> str:
    """The key that was sent, else the one that is kept for this place."""
    if sent is not None:
        return sent
    return await call.services.credentials.secret(secret_name(knowledge_id, source))


async def keep(
    call: AdministratorCall, knowledge_id: UUID, source: Source, sent: str | None
) -> None:
    """Keep a key that was sent; an empty one is forgotten."""
    if sent is not None:
        await call.services.credentials.keep_secret(secret_name(knowledge_id, source), sent)


async def current(call: AdministratorCall, knowledge_id: UUID) -> KnowledgeSourceShape:
    """A source after all this person wrote here."""
    async with call.read(projection.knowledge_sources, own=True) as db:
        return shown(await projection.one(db, knowledge_id))


def shown(row: projection.SourceRow) -> KnowledgeSourceShape:
    """A source as it was read."""
    return KnowledgeSourceShape(
        id=row.knowledge_id,
        name=row.name,
        description=row.description,
        source=source_of(row.source),
        has_key=row.has_key,
        trashed=row.trashed,
        connected_at=row.connected_at,
    )


def as_shape(found: Tried) -> SourceTrialShape:
    """A trial in the words of the API."""
    samples = [SampleShape(**asdict(each)) for each in found.passages]
    return SourceTrialShape(
        ok=found.ok, detail=found.detail, passages=samples, milliseconds=found.milliseconds
    )
