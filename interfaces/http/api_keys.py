"""One's own keys for programs."""

from datetime import UTC, datetime
from uuid import UUID

from pydantic import BaseModel

from application.sessions import CreateApiKey, RevokeApiKey
from infrastructure.credentials import PREFIX_SHOWN, new_api_key
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, When
from interfaces.http.paging import Page, Paging
from interfaces.http.shapes import Name
from projections import sessions as projection

router = Door("/api-keys", tags=["accounts"])


class ApiKeyShape(BaseModel):
    """A key, by its first characters."""

    id: UUID
    name: str
    prefix: str
    created_at: When
    last_used_at: When | None


class NewApiKey(Body):
    """What the key is for."""

    name: Name


class CreatedApiKey(BaseModel):
    """A new key. It is shown this once and kept nowhere."""

    id: UUID
    name: str
    prefix: str
    created_at: When
    key: str


@router.get("", responses=problems("projection_lagging"))
async def list_api_keys(call: Call, paging: Paging) -> Page[ApiKeyShape]:
    """My keys, newest first."""
    place = paging.place()
    async with call.read(projection.sessions) as db:
        rows = await projection.api_keys_of(db, call.actor.id, limit=paging.more, before=place)
    used = await call.services.credentials.last_used(row.id for row in rows)
    return paging.page(
        rows,
        lambda row: ApiKeyShape(
            id=row.id,
            name=row.name,
            prefix=row.prefix,
            created_at=row.created_at,
            last_used_at=used.get(row.id),
        ),
        lambda row: (row.created_at, row.id),
    )


@router.post("", status_code=201, responses=problems("conflict"))
async def create_api_key(body: NewApiKey, call: Call) -> CreatedApiKey:
    """Make a key. Under the same Idempotency-Key the same one comes again."""
    key_id = call.new_id("api key")
    credentials = call.services.credentials
    key = credentials.repeatable_api_key(call.command_id) if call.key else new_api_key()
    created = await credentials.add_api_key(key, key_id, call.actor.id)
    prefix = key[:PREFIX_SHOWN]
    await call.execute(CreateApiKey(key_id, body.name, prefix))
    return CreatedApiKey(
        id=key_id,
        name=body.name.strip(),
        prefix=prefix,
        created_at=created or datetime.now(UTC),
        key=key,
    )


@router.delete("/{key_id}", status_code=204, responses=problems("not_found"))
async def revoke_api_key(key_id: UUID, call: Call) -> None:
    """Let a key open nothing more, at once."""
    await call.services.credentials.drop_api_key(key_id, call.actor.id)
    call.services.access.forget(call.actor.id)
    await call.execute(RevokeApiKey(key_id))
