"""Where vectors lie, and how texts are cut, read and found: for those who look after the house."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from application.document_settings import ChangeDocumentSettings
from application.documents.settings import (
    DocumentSettings,
    EmbeddingKind,
    HearingEngine,
    Mode,
    ReadingEngine,
    RerankerKind,
    StoreKind,
    WebEngine,
)
from domain.document_settings import Values
from infrastructure.documents.keys import with_keys
from infrastructure.documents.trials import Trial
from interfaces.http.call import AdministratorCall
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, without_nul

router = Door("/documents/settings", tags=["documents"])

Key = Annotated[str, Field(max_length=4_000), AfterValidator(without_nul)]
Url = Annotated[str, Field(max_length=2_000), AfterValidator(without_nul)]
Name = Annotated[str, Field(max_length=300), AfterValidator(without_nul)]
Truth = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
Domains = Annotated[list[Name], Field(max_length=500)]


class StoreChange(Body):
    """Another place for vectors; a key that is null or empty is forgotten."""

    kind: StoreKind | None = None
    url: Url | None = None
    key: Key | None = None


class EmbeddingChange(Body):
    """Another embedding model."""

    kind: EmbeddingKind | None = None
    connection_id: UUID | None = None
    model: Name | None = None


class CuttingChange(Body):
    """Another way of cutting."""

    tokens: Whole | None = None
    overlap: Whole | None = None
    contextual: Truth | None = None


class RerankerChange(Body):
    """Another reranker."""

    kind: RerankerKind | None = None
    url: Url | None = None
    model: Name | None = None
    key: Key | None = None


class RetrievalChange(Body):
    """Another way of finding passages."""

    mode: Mode | None = None
    rewrite: Truth | None = None
    passages: Whole | None = None
    threshold: float | None = None
    neighbours: Whole | None = None
    budget_tokens: Whole | None = None
    whole: Truth | None = None
    reranker: RerankerChange | None = None


class ReadingChange(Body):
    """Another engine that reads files."""

    engine: ReadingEngine | None = None
    url: Url | None = None
    key: Key | None = None
    ocr: Truth | None = None
    languages: Name | None = None


class HearingChange(Body):
    """Another server that writes recordings down."""

    engine: HearingEngine | None = None
    url: Url | None = None
    key: Key | None = None
    model: Name | None = None
    language: Name | None = None
    bytes_max: Whole | None = None


class WebChange(Body):
    """Another way of searching the web."""

    engine: WebEngine | None = None
    url: Url | None = None
    key: Key | None = None
    extra: Annotated[dict[Name, Name], Field(max_length=50)] | None = None
    results: Whole | None = None
    pages: Whole | None = None
    allow: Domains | None = None
    deny: Domains | None = None


class LimitsChange(Body):
    """Other limits of what may be uploaded."""

    file_bytes_max: Whole | None = None
    extensions: Domains | None = None


class DriveAppChange(Body):
    """How this installation is known to a drive; `key` is the client secret."""

    enabled: Truth | None = None
    client_id: Name | None = None
    key: Key | None = None


class TenantDriveAppChange(DriveAppChange):
    """The same where accounts are of tenants."""

    tenant: Name | None = None


class DrivesChange(Body):
    """Other drives that people may link."""

    google: DriveAppChange | None = None
    microsoft: TenantDriveAppChange | None = None


class DocumentSettingsChange(Body):
    """What changes; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"cutting": {"tokens": 512}}})

    store: StoreChange | None = None
    embedding: EmbeddingChange | None = None
    cutting: CuttingChange | None = None
    retrieval: RetrievalChange | None = None
    reading: ReadingChange | None = None
    hearing: HearingChange | None = None
    web: WebChange | None = None
    limits: LimitsChange | None = None
    drives: DrivesChange | None = None


class TrialBody(BaseModel):
    """A section to be tried, with values that need not be kept; what is left out is as kept."""

    model_config = ConfigDict(
        extra="allow", json_schema_extra={"example": {"section": "store", "kind": "pgvector"}}
    )

    section: Literal["store", "embedding", "reading", "hearing", "retrieval", "web"]


class TrialShape(BaseModel):
    """How it went."""

    ok: bool
    detail: str
    milliseconds: int


@router.get("", responses=problems())
async def read_document_settings(call: AdministratorCall) -> DocumentSettings:
    """All choices as they hold; keys are never shown."""
    return await call.services.documents.settings(fresh=True)


@router.patch("", responses=problems("stale"))
async def change_document_settings(
    body: DocumentSettingsChange, call: AdministratorCall
) -> DocumentSettings:
    """Choose something else. Another store, model or cutting has the index made anew."""
    documents = call.services.documents
    values, keys = apart(body.model_dump(exclude_unset=True, mode="json"))
    before = await documents.settings(fresh=True)
    values = await with_keys(call.services.credentials, before, values, keys)
    chosen = await call.execute(ChangeDocumentSettings(values))
    documents.forget()
    return chosen


@router.post("/test", responses=problems())
async def test_document_settings(body: TrialBody, call: AdministratorCall) -> TrialShape:
    """Try a section before it is kept."""
    values, keys = apart({body.section: body.model_extra or {}})
    trial = Trial(call.services.documents, body.section, values, keys)
    found = await trial.run()
    return TrialShape(ok=found.ok, detail=found.detail, milliseconds=found.milliseconds)


def apart(given: dict[str, Any], place: str = "") -> tuple[Values, dict[str, str | None]]:
    """Values without keys, and the keys by section; null means as before, except for ids."""
    values: Values = {}
    keys: dict[str, str | None] = {}
    for name, value in given.items():
        if name == "key":
            keys[place] = value
        elif isinstance(value, dict) and name != "extra":
            values[name], inner = apart(value, f"{place}.{name}" if place else name)
            keys |= inner
        elif value is not None or name == "connection_id":
            values[name] = value
    return values, keys
