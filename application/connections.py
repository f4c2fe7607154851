"""Which servers can be asked. Their keys are kept elsewhere."""

from dataclasses import dataclass
from uuid import UUID

from application.command import Command, Work
from application.users import require_administrator
from domain.connections import Connection, Kind
from domain.errors import Conflict


@dataclass(frozen=True, slots=True)
class AddConnection(Command[Connection]):
    """Make a model server known."""

    connection_id: UUID
    kind: Kind
    base_url: str
    prefix: str = ""
    models: tuple[str, ...] | None = None
    has_key: bool = False
    header_names: tuple[str, ...] = ()

    async def execute(self, work: Work) -> Connection:
        require_administrator(work)
        if known := await work.known(Connection, self.connection_id):
            if known.removed or (known.kind, known.base_url) != (self.kind, self.base_url):
                raise Conflict("Another connection has this id.")
            return known
        connection = Connection.add(
            self.connection_id,
            kind=self.kind,
            base_url=self.base_url,
            prefix=self.prefix,
            models=None if self.models is None else list(self.models),
        )
        if self.has_key or self.header_names:
            connection.change_secrets(has_key=self.has_key, header_names=list(self.header_names))
        work.add(connection)
        return connection


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is told of the secrets of a connection: that they are there."""

    has_key: bool
    header_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangeConnection(Command[Connection]):
    """Change where a model server is and what it offers; what is None stays."""

    connection_id: UUID
    base_url: str | None = None
    prefix: str | None = None
    models: tuple[str, ...] | None = None
    all_models: bool = False
    secrets: Secrets | None = None

    async def execute(self, work: Work) -> Connection:
        require_administrator(work)
        connection = await work.get(Connection, self.connection_id)
        models = connection.models if self.models is None else list(self.models)
        connection.change(
            base_url=connection.base_url if self.base_url is None else self.base_url,
            prefix=connection.prefix if self.prefix is None else self.prefix,
            models=None if self.all_models else models,
        )
        if self.secrets:
            connection.change_secrets(
                has_key=self.secrets.has_key, header_names=list(self.secrets.header_names)
            )
        return connection


@dataclass(frozen=True, slots=True)
class RemoveConnection(Command[None]):
    """Forget a model server; chats with its models stay."""

    connection_id: UUID

    async def execute(self, work: Work) -> None:
        require_administrator(work)
        connection = await work.get(Connection, self.connection_id)
        connection.must_exist()
        connection.remove()
