"""The model servers that administrators stored, with their keys, as the registry wants them."""

from collections.abc import Sequence
from time import monotonic
from typing import cast

from infrastructure.credentials import ConnectionSecrets, Credentials
from infrastructure.models.connections import ConnectionKind, ConnectionSettings
from infrastructure.reader import Reader
from projections import connections as projection

REMEMBER_SECONDS = 2.0


class StoredConnections:
    """Joins the read model and the sealed keys; remembered for two seconds."""

    def __init__(self, reader: Reader, credentials: Credentials) -> None:
        self._reader = reader
        self._credentials = credentials
        self._known: Sequence[ConnectionSettings] = ()
        self._until = -1.0

    async def connections(self) -> Sequence[ConnectionSettings]:
        """All of them, with their keys, oldest first."""
        if monotonic() >= self._until:
            await self.look()
        return self._known

    def forget(self) -> None:
        """Look again the next time: they have just changed."""
        self._until = -1.0

    async def look(self, after: int = 0) -> None:
        """Look again, at a position at least."""
        async with self._reader.read(projection.connections, after=after) as db:
            rows = await projection.all_connections(db)
        kept = await self._credentials.connections(row.id for row in rows) if rows else {}
        self._known = [settings(row, kept.get(row.id, ConnectionSecrets())) for row in rows]
        self._until = monotonic() + REMEMBER_SECONDS


def settings(row: projection.ConnectionRow, kept: ConnectionSecrets) -> ConnectionSettings:
    """One connection in the registry's words."""
    return ConnectionSettings(
        row.id,
        cast("ConnectionKind", row.kind),
        row.base_url,
        kept.api_key,
        dict(kept.headers),
        row.prefix or None,
        None if row.models is None else tuple(row.models),
    )
