"""Which files and exports have which bytes; bytes go with the last one that has them.

A holding is written before its bytes are put and before its file is told of in the log, so that
nobody removes them in between. What came to nothing, and what a file had before it was replaced,
is swept away a day later, when the log says so.
"""

from datetime import UTC, datetime
from typing import LiteralString
from uuid import UUID

from application.documents.blobs import Blobs
from infrastructure.blobs.locks import one_at_a_time
from infrastructure.lines import Lines
from infrastructure.postgres import Pool

KEEP: LiteralString = """
    insert into files.holdings (sha256, file_id) values (%(sha256)s, %(file_id)s)
    on conflict (sha256, file_id) do update set made_at = now()
"""
OF_FILE: LiteralString = "select sha256 from files.holdings where file_id = %(file_id)s"
DROP: LiteralString = """
    delete from files.holdings
    where sha256 = %(sha256)s and file_id = %(file_id)s and made_at < %(before)s
"""
REST: LiteralString = "select 1 from files.holdings where sha256 = %(sha256)s limit 1"
NEVER = datetime(9000, 1, 1, tzinfo=UTC)
IDLE: LiteralString = """
    select h.sha256, h.file_id from files.holdings h
    where h.made_at < %(before)s and encode(h.sha256, 'hex') is distinct from (
        select case when e.type = 'file.deleted' then '' else e.data ->> 'sha256' end
        from log.events e where e.stream_id = h.file_id
        and e.type in ('file.added', 'file.replaced', 'file.deleted')
        order by e.version desc limit 1)
    and not exists (
        select from log.events e where e.stream_id = h.file_id and e.type = 'export.finished')
"""


class Holdings:
    """Counts who needs which bytes."""

    def __init__(self, pool: Pool, blobs: Blobs) -> None:
        self._pool = pool
        self._lines = Lines(pool)
        self._blobs = blobs

    async def keep(self, sha256: str, file_id: UUID) -> None:
        """From now on, these bytes are not removed while that file may have them."""
        what = {"sha256": bytes.fromhex(sha256), "file_id": file_id}
        async with one_at_a_time(self._pool, sha256) as line:
            await line.execute(KEEP, what)

    async def release(self, file_id: UUID) -> None:
        """A file needs no bytes any more; those that nobody else has are removed."""
        for (digest,) in await self._lines.rows(OF_FILE, {"file_id": file_id}):
            await self._drop(digest, file_id, NEVER)

    async def sweep(self, before: datetime) -> int:
        """Drop what is older and not what its file has by the log; return how many that were."""
        rows = await self._lines.rows(IDLE, {"before": before})
        for digest, file_id in rows:
            await self._drop(digest, file_id, before)
        return len(rows)

    async def _drop(self, digest: bytes, file_id: UUID, before: datetime) -> None:
        sha256 = digest.hex()
        what = {"sha256": digest, "file_id": file_id, "before": before}
        async with one_at_a_time(self._pool, sha256) as line:
            await line.execute(DROP, what)
            rest = await line.execute(REST, what)
            if await rest.fetchone() is None:
                await self._blobs.delete(sha256)
