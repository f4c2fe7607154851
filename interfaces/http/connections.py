"""The servers whose models can be asked, for those who look after the house."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from application.connections import AddConnection, ChangeConnection, RemoveConnection, Secrets
from domain.connections import Connection
from domain.errors import Conflict, NotFound
from infrastructure.credentials import ConnectionSecrets
from infrastructure.models.connections import ConnectionSettings
from infrastructure.models.registry import Check
from interfaces.http.call import AdministratorCall
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, Line, ModelId, When, without_nul
from interfaces.http.paging import Page, Paging
from interfaces.services import Services
from projections import connections as projection

router = Door("/connections", tags=["connections"])

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
HEADERS_MAX = 50

Kind = Literal["openai", "ollama"]


def _header_value(text: str) -> str:
    if not all(each.isprintable() or each == "\t" for each in text) or not text.isascii():
        raise ValueError("must be printable ASCII")
    return text


def _header_name(text: str) -> str:
    if not HEADER_NAME.fullmatch(text):
        raise ValueError("must be the name of a header")
    return text


BaseUrl = Annotated[
    str,
    Field(max_length=2_000, json_schema_extra={"pattern": "^https?://.+"}),
    AfterValidator(without_nul),
]
Secret = Annotated[str, Field(max_length=4_000), AfterValidator(_header_value)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
Headers = Annotated[dict[HeaderName, Secret | None], Field(max_length=HEADERS_MAX)]
Offered = Annotated[list[ModelId], Field(max_length=1_000)]


class ConnectionShape(BaseModel):
    """A model server. Its key and the values of its headers are never shown."""

    id: UUID
    kind: Kind
    base_url: str
    prefix: str
    models: list[str] | None
    header_names: list[str]
    has_key: bool
    source: Literal["stored", "environment", "discovered"]
    created_at: When | None


class CheckShape(BaseModel):
    """How the server did when it was tried just now."""

    ok: bool
    models: list[str]
    error: str | None
    milliseconds: int

    @classmethod
    def of(cls, check: Check) -> "CheckShape":
        """The check in the words of the API."""
        return cls(
            ok=check.ok,
            models=list(check.models),
            error=check.error,
            milliseconds=check.milliseconds,
        )


class CheckedConnection(ConnectionShape):
    """A connection, and how it does."""

    check: CheckShape


class NewConnection(Body):
    """A model server to be asked."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"kind": "openai", "base_url": "http://127.0.0.1:8000/v1"}}
    )

    id: UUID | None = None
    kind: Kind
    base_url: BaseUrl
    api_key: Secret | None = None
    headers: Headers = Field(default_factory=dict)
    prefix: Line = ""
    models: Offered | None = None


class ConnectionChange(Body):
    """What changes; what is left out stays. A header with null keeps its value."""

    kind: Kind | None = None
    base_url: BaseUrl | None = None
    api_key: Secret | None = None
    headers: Headers = Field(default_factory=dict)
    prefix: Line | None = None
    models: Offered | None = None


@router.get("", responses=problems("projection_lagging"))
async def list_connections(call: AdministratorCall, paging: Paging) -> Page[ConnectionShape]:
    """Every server: stored, from the environment, and found on this machine."""
    place = paging.place()
    async with call.read(projection.connections) as db:
        rows = await projection.all_connections(db)
    known = [row for row in rows if place is None or (row.created_at, row.id) > place]
    page = paging.page(known, shown, lambda row: (row.created_at, row.id))
    if page.next_cursor is None:
        found = await call.services.connections.connections()
        page.items += [read_only(each) for each in found if each.source != "stored"]
    return page


@router.post("", status_code=201, responses=problems("conflict"))
async def add_connection(body: NewConnection, call: AdministratorCall) -> CheckedConnection:
    """Add a server and try it. It is kept also when it cannot be reached now."""
    connection_id = body.id or call.new_id("connection")
    secrets = merged(ConnectionSecrets(), body)
    command = AddConnection(
        connection_id,
        body.kind,
        body.base_url,
        body.prefix,
        None if body.models is None else tuple(body.models),
        has_key=bool(secrets.api_key),
        header_names=tuple(secrets.headers),
    )
    added = await call.execute(command)
    await call.services.credentials.add_connection(connection_id, secrets)
    return await checked(call, added, secrets)


@router.patch("/{connection_id}", responses=problems("not_found", "conflict"))
async def change_connection(
    connection_id: UUID, body: ConnectionChange, call: AdministratorCall
) -> CheckedConnection:
    """Change a server and try it."""
    known = await stored(call.services, connection_id)
    if body.kind not in (None, known.kind):
        raise Conflict("The kind of a connection stays. Add another one.")
    before = await call.services.credentials.connection(connection_id)
    secrets = merged(before, body)
    told = None
    if secrets != before:
        await call.services.credentials.keep_connection(connection_id, secrets)
        told = Secrets(bool(secrets.api_key), tuple(secrets.headers))
    command = ChangeConnection(
        connection_id,
        body.base_url,
        body.prefix,
        None if body.models is None else tuple(body.models),
        all_models="models" in body.model_fields_set and body.models is None,
        secrets=told,
    )
    return await checked(call, await call.execute(command), secrets)


@router.delete("/{connection_id}", status_code=204, responses=problems("not_found", "conflict"))
async def remove_connection(connection_id: UUID, call: AdministratorCall) -> None:
    """Forget a server and its key; chats with its models stay."""
    await stored(call.services, connection_id)
    await call.execute(RemoveConnection(connection_id))
    await call.services.credentials.drop_connection(connection_id)
    forget(call.services)


@router.post("/{connection_id}/test", responses=problems("not_found"))
async def test_connection(connection_id: UUID, call: AdministratorCall) -> CheckShape:
    """Try a server as it is stored."""
    services = call.services
    for each in await services.connections.connections():
        if each.id == connection_id and each.source != "stored":
            return CheckShape.of(await services.models.check(each))
    known = await stored(services, connection_id)
    secrets = await services.credentials.connection(connection_id)
    return CheckShape.of(await services.models.check(as_settings(known, secrets)))


async def stored(services: Services, connection_id: UUID) -> Connection:
    """A connection that administrators may change."""
    try:
        known = await services.log.get(Connection, connection_id)
    except NotFound:
        for each in await services.connections.connections():
            if each.id == connection_id:
                raise Conflict(
                    "This connection is not stored here and cannot be changed."
                ) from None
        raise
    known.must_exist()
    return known


def merged(before: ConnectionSecrets, body: NewConnection | ConnectionChange) -> ConnectionSecrets:
    """The secrets after a change: what is left out stays, a header without a value too."""
    api_key, headers = before.api_key, before.headers
    if "api_key" in body.model_fields_set:
        api_key = body.api_key or None
    if "headers" in body.model_fields_set:
        found = {
            name: before.headers.get(name) if value is None else value
            for name, value in body.headers.items()
        }
        headers = {name: value for name, value in found.items() if value is not None}
    return ConnectionSecrets(api_key, headers)


async def checked(
    call: AdministratorCall, connection: Connection, secrets: ConnectionSecrets
) -> CheckedConnection:
    """A connection that has just changed, and how it does."""
    forget(call.services)
    check = await call.services.models.check(as_settings(connection, secrets))
    return CheckedConnection(
        id=connection.id,
        kind=connection.kind,
        base_url=connection.base_url,
        prefix=connection.prefix,
        models=connection.models,
        header_names=sorted(secrets.headers),
        has_key=bool(secrets.api_key),
        source="stored",
        created_at=connection.created_on,
        check=CheckShape.of(check),
    )


def forget(services: Services) -> None:
    """Have everybody look at the connections anew."""
    services.stored.forget()
    services.models.refresh()


def as_settings(connection: Connection, secrets: ConnectionSecrets) -> ConnectionSettings:
    """A connection in the words of those who ask models."""
    headers: Mapping[str, str] = dict(secrets.headers)
    return ConnectionSettings(
        connection.id,
        connection.kind,
        connection.base_url,
        secrets.api_key,
        headers,
        connection.prefix or None,
        None if connection.models is None else tuple(connection.models),
    )


def shown(row: projection.ConnectionRow) -> ConnectionShape:
    """A stored connection as it was read."""
    values = {name: getattr(row, name) for name in ConnectionShape.model_fields if name != "source"}
    return ConnectionShape.model_validate({**values, "source": "stored"})


def read_only(found: ConnectionSettings) -> ConnectionShape:
    """A connection of the environment, or one that was found."""
    return ConnectionShape(
        id=found.id,
        kind=found.kind,
        base_url=found.base_url,
        prefix=found.prefix or "",
        models=None if found.models is None else list(found.models),
        header_names=sorted(found.headers),
        has_key=bool(found.api_key),
        source=found.source,
        created_at=None,
    )
