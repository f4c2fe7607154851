"""The choices for documents as programs read them: typed, complete and within their limits."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal
from uuid import UUID

from application.documents.choices import parsed, within
from application.documents.cutting import Cutting
from domain.document_settings import Values
from domain.errors import Invalid

StoreKind = Literal[
    "pgvector", "weaviate", "qdrant", "chroma", "milvus", "elasticsearch", "opensearch"
]
EmbeddingKind = Literal["local", "openai", "ollama"]
Mode = Literal["hybrid", "words", "meaning"]
RerankerKind = Literal["none", "built_in", "http", "local"]
ReadingEngine = Literal["built_in", "tika", "docling", "http"]
HearingEngine = Literal["off", "openai"]
WebEngine = Literal[
    "off",
    "searxng",
    "brave",
    "bing",
    "google_pse",
    "duckduckgo",
    "tavily",
    "serper",
    "jina",
    "http",
]
LANGUAGES = re.compile(r"[A-Za-z_]{3,20}(\+[A-Za-z_]{3,20}){0,19}")
SPOKEN = re.compile(r"([a-z]{2,3})?")
CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,300}")
TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,99}")
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Store:
    """Where vectors lie."""

    kind: StoreKind = "pgvector"
    url: str = ""
    has_key: bool = False


@dataclass(frozen=True, slots=True)
class Embedding:
    """What turns texts into vectors."""

    kind: EmbeddingKind = "local"
    connection_id: UUID | None = None
    model: str = ""


@dataclass(frozen=True, slots=True)
class Reranker:
    """What orders passages once more."""

    kind: RerankerKind = "none"
    url: str = ""
    model: str = ""
    has_key: bool = False


@dataclass(frozen=True, slots=True)
class Retrieval:
    """How passages are found for a question."""

    mode: Mode = "hybrid"
    rewrite: bool = True
    passages: int = within(1, 50, 8)
    threshold: float = within(-1, 1, 0.0)
    neighbours: int = within(0, 10, 1)
    budget_tokens: int = within(100, 1_000_000, 4_000)
    whole: bool = False
    reranker: Reranker = field(default_factory=Reranker)


@dataclass(frozen=True, slots=True)
class Reading:
    """What reads files; `languages` are those of text in pictures, such as eng+deu."""

    engine: ReadingEngine = "built_in"
    url: str = ""
    has_key: bool = False
    ocr: bool = True
    languages: str = "eng"


@dataclass(frozen=True, slots=True)
class Hearing:
    """What writes recordings down; without a language the server finds it out."""

    engine: HearingEngine = "off"
    url: str = ""
    has_key: bool = False
    model: str = "whisper-1"
    language: str = ""
    bytes_max: int = within(1, 200 * MIB, 25 * MIB)


@dataclass(frozen=True, slots=True)
class Web:
    """How the web is searched."""

    engine: WebEngine = "off"
    url: str = ""
    has_key: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)
    results: int = within(1, 20, 5)
    pages: int = within(0, 10, 3)
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be uploaded; no extensions means all."""

    file_bytes_max: int = within(1, 100 * 1024 * MIB, 500 * MIB)
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DriveApp:
    """How this installation is known to a drive; `has_key`: there is a client secret."""

    enabled: bool = False
    client_id: str = ""
    has_key: bool = False


@dataclass(frozen=True, slots=True)
class TenantDriveApp(DriveApp):
    """The same where accounts are of tenants: common, organizations, consumers, or one tenant."""

    tenant: str = "common"


@dataclass(frozen=True, slots=True)
class Drives:
    """The drives that people may link."""

    google: DriveApp = field(default_factory=DriveApp)
    microsoft: TenantDriveApp = field(default_factory=TenantDriveApp)


@dataclass(frozen=True, slots=True)
class DocumentSettings:
    """All choices for documents."""

    store: Store = field(default_factory=Store)
    embedding: Embedding = field(default_factory=Embedding)
    cutting: Cutting = field(default_factory=Cutting)
    retrieval: Retrieval = field(default_factory=Retrieval)
    reading: Reading = field(default_factory=Reading)
    hearing: Hearing = field(default_factory=Hearing)
    web: Web = field(default_factory=Web)
    limits: Limits = field(default_factory=Limits)
    drives: Drives = field(default_factory=Drives)


def settings_of(values: Mapping[str, Any]) -> DocumentSettings:
    """The choices in plain values; Invalid names what is wrong, and what is allowed."""
    found = parsed(DocumentSettings, values)
    if found.embedding.kind != "local" and not found.embedding.model:
        raise Invalid(f"embedding.model is needed for {found.embedding.kind}.")
    if found.embedding.kind != "local" and found.embedding.connection_id is None:
        raise Invalid(f"embedding.connection_id is needed for {found.embedding.kind}.")
    if not LANGUAGES.fullmatch(found.reading.languages):
        raise Invalid("reading.languages must be codes joined by +, such as eng+deu.")
    check_hearing(found.hearing)
    check_addresses(found)
    check_drives(found.drives)
    return found


def check_hearing(hearing: Hearing) -> None:
    """Refuse a transcription server without a model, or a language that is none."""
    if hearing.engine != "off" and not hearing.model:
        raise Invalid("hearing.model is needed for this choice.")
    if not SPOKEN.fullmatch(hearing.language):
        raise Invalid("hearing.language must be a code of two or three letters, such as en.")


def check_addresses(found: DocumentSettings) -> None:
    """Refuse engines that are elsewhere without their address."""
    needed = {
        "store": found.store.kind not in ("pgvector", "chroma") and not found.store.url,
        "retrieval.reranker": found.retrieval.reranker.kind == "http"
        and not found.retrieval.reranker.url,
        "reading": found.reading.engine != "built_in" and not found.reading.url,
        "hearing": found.hearing.engine != "off" and not found.hearing.url,
        "web": found.web.engine in ("searxng", "http") and not found.web.url,
    }
    for section, is_missing in needed.items():
        if is_missing:
            raise Invalid(f"{section}.url is needed for this choice.")


def check_drives(drives: Drives) -> None:
    """Refuse names that no drive gives, and drives without a name."""
    for kind, app in (("google", drives.google), ("microsoft", drives.microsoft)):
        if app.enabled and not app.client_id:
            raise Invalid(f"drives.{kind}.client_id is needed.")
        if app.client_id and not CLIENT_ID.fullmatch(app.client_id):
            raise Invalid(f"drives.{kind}.client_id is not one: letters, digits, . _ - only.")
    if not TENANT.fullmatch(drives.microsoft.tenant):
        raise Invalid("drives.microsoft.tenant must be common, organizations, consumers or an id.")


def values_of(settings: DocumentSettings) -> Values:
    """The choices in plain values, as events and JSON have them."""
    values: Values = plain(asdict(settings))
    return values


def plain(value: Any) -> Any:
    """A value without anything that JSON does not know."""
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, UUID) else value
