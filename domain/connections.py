"""Connections: the servers whose models can be asked."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from domain.aggregate import Aggregate, Created
from domain.errors import Invalid, NotFound

Kind = Literal["openai", "ollama"]

URL_CHARACTERS_MAX = 2_000
PREFIX_CHARACTERS_MAX = 50
MODELS_MAX = 1_000


def checked_url(url: str) -> str:
    """A base address as it is kept: http or https, no name or password in it."""
    url = url.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise Invalid(f"base_url is not an address: {error}.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid("base_url must begin with http:// or https:// and name a host.")
    if parts.username or parts.password:
        raise Invalid("base_url must not carry a name or password; use api_key or headers.")
    if len(url) > URL_CHARACTERS_MAX:
        raise Invalid(f"base_url has at most {URL_CHARACTERS_MAX} characters.")
    return url


class Connection(Aggregate):
    """A server that answers. Its key and headers are kept elsewhere, encrypted."""

    TOPIC = "connection"

    class Event(Aggregate.Event):
        """Anything that happens to a connection."""

    class Added(Event, Created):
        TOPIC = "connection.added"
        kind: Kind
        base_url: str
        prefix: str
        models: list[str] | None

    class Changed(Event):
        TOPIC = "connection.changed"
        base_url: str
        prefix: str
        models: list[str] | None

        def apply(self, connection: Connection) -> None:
            connection.base_url = self.base_url
            connection.prefix = self.prefix
            connection.models = self.models

    class SecretsChanged(Event):
        TOPIC = "connection.secrets_changed"
        has_key: bool
        header_names: list[str]

    class Removed(Event):
        TOPIC = "connection.removed"

        def apply(self, connection: Connection) -> None:
            connection.removed = True

    def __init__(self, kind: Kind, base_url: str, prefix: str, models: list[str] | None) -> None:
        self.kind = kind
        self.base_url = base_url
        self.prefix = prefix
        self.models = models
        self.removed = False

    @property
    def is_closed(self) -> bool:
        return self.removed

    @classmethod
    def add(
        cls,
        connection_id: UUID,
        *,
        kind: Kind,
        base_url: str,
        prefix: str = "",
        models: list[str] | None = None,
    ) -> Self:
        """Make a server known; models limits which of its models are offered."""
        check_names(prefix, models)
        return cls._create(
            cls.Added,
            id=connection_id,
            kind=kind,
            base_url=checked_url(base_url),
            prefix=prefix.strip(),
            models=models,
        )

    def change(self, *, base_url: str, prefix: str, models: list[str] | None) -> None:
        """Change where it is and what it offers."""
        self.must_exist()
        check_names(prefix, models)
        changed = (checked_url(base_url), prefix.strip(), models)
        if changed != (self.base_url, self.prefix, self.models):
            self.trigger_event(
                self.Changed, base_url=changed[0], prefix=changed[1], models=changed[2]
            )

    def change_secrets(self, *, has_key: bool, header_names: list[str]) -> None:
        """Record that the key or the headers are others now, never what they are."""
        self.must_exist()
        self.trigger_event(self.SecretsChanged, has_key=has_key, header_names=sorted(header_names))

    def remove(self) -> None:
        """Forget the server; chats with its models stay."""
        if not self.removed:
            self.trigger_event(self.Removed)

    def must_exist(self) -> None:
        """Refuse what would touch a removed connection."""
        if self.removed:
            raise NotFound("connection", self.id)


def check_names(prefix: str, models: list[str] | None) -> None:
    """Refuse prefixes and lists that no server has."""
    if len(prefix) > PREFIX_CHARACTERS_MAX:
        raise Invalid(f"prefix has at most {PREFIX_CHARACTERS_MAX} characters.")
    if models is not None and len(models) > MODELS_MAX:
        raise Invalid(f"models has at most {MODELS_MAX} entries.")
