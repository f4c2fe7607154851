"""Where external knowledge is, and how its passages are read: as administrators describe it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from application.documents.choices import parsed, within
from application.documents.settings import Embedding, plain
from domain.errors import Invalid

SourceKind = Literal["http", "qdrant", "milvus", "pgvector"]
Metric = Literal["cosine", "product", "euclidean"]
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


@dataclass(frozen=True, slots=True)
class Fields:
    """What the fields of a passage are called there; an empty name means that there is none.

    `link` is where a person can read it, `vector` what a vector is called where there are several.
    """

    text: str = "text"
    title: str = ""
    link: str = ""
    page: str = ""
    id: str = ""
    vector: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A source. `collection` is that of Qdrant or Milvus, or a table, perhaps with its schema.

    `database` is the address of a PostgreSQL database, `url` that of everything else.
    """

    kind: SourceKind = "http"
    url: str = ""
    database: str = ""
    collection: str = ""
    metric: Metric = "cosine"
    fields: Fields = field(default_factory=Fields)
    embedding: Embedding = field(default_factory=Embedding)
    seconds: int = within(1, 8, 5)

    @property
    def place(self) -> str:
        """Where it is; what opens it goes nowhere else."""
        return self.database if self.kind == "pgvector" else self.url


def source_of(values: Mapping[str, Any]) -> Source:
    """A source in plain values; Invalid names what is wrong, and what is allowed."""
    found = parsed(Source, values)
    if found.kind == "pgvector":
        checked_database(found.database)
    elif not found.url:
        raise Invalid(f"url is needed for {found.kind}.")
    if found.kind != "http" and not found.collection:
        raise Invalid(f"collection is needed for {found.kind}.")
    if not found.fields.text:
        raise Invalid("fields.text is needed: what the text of a passage is called.")
    check_embedding(found)
    return found


def check_embedding(found: Source) -> None:
    """Refuse vectors of an unknown origin; what is asked over HTTP embeds for itself."""
    embedding = found.embedding
    if found.kind == "http" or embedding.kind == "local":
        return
    if not embedding.model or embedding.connection_id is None:
        raise Invalid(f"embedding.model and embedding.connection_id: {embedding.kind} needs both.")


def checked_database(address: str) -> None:
    """Refuse what is not the address of a PostgreSQL database, and passwords in it."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise Invalid(f"database is not an address: {error}.") from None
    if parts.scheme not in ("postgresql", "postgres") or not parts.hostname or port == 0:
        raise Invalid("database must be like postgresql://user@host:5432/name.")
    if parts.password is not None:
        raise Invalid("database must not carry a password; use key.")
    if not parts.username or not parts.path.strip("/"):
        raise Invalid("database must name a user and a database.")
    options = parse_qsl(parts.query, keep_blank_values=True)
    if parts.fragment or any(name != "sslmode" or mode not in SSL_MODES for name, mode in options):
        raise Invalid(f"database: of options there is sslmode only, one of {', '.join(SSL_MODES)}.")


def values_of(source: Source) -> dict[str, Any]:
    """A source in plain values, as events and JSON have them."""
    values: dict[str, Any] = plain(asdict(source))
    return values
