"""Uploads that can be cut at any byte and go on there later.

What has come lies piece by piece in the store of the files, so any web process can go on with
it. At the end the pieces are put together and looked at.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID, uuid4

from application.documents.blobs import Gone
from domain.errors import Conflict, Invalid, LimitReached, NotFound, TooLarge
from infrastructure.blobs.locks import one_at_a_time
from infrastructure.blobs.scratch import Draft, Scratch
from infrastructure.blobs.store import Store
from infrastructure.lines import Lines
from infrastructure.postgres import Pool

CHUNK_BYTES = 4 * 1024 * 1024
OPEN_MAX = 50
PIECES_MAX = 10_000
TAKEN = "What was sent belongs to another import."

FIELDS: LiteralString = (
    "id, owner_id, name, size, media_type, sha256, received, file_id, duplicate_of, purpose"
)
FIND: LiteralString = f"select {FIELDS} from files.uploads where id = %(id)s"  # noqa: S608
COUNT: LiteralString = """
    select count(*) from files.uploads where owner_id = %(owner_id)s and file_id is null
"""
OPEN: LiteralString = """
    insert into files.uploads (id, owner_id, name, size, media_type, sha256, purpose)
    values (%(id)s, %(owner_id)s, %(name)s, %(size)s, %(media_type)s, %(sha256)s, %(purpose)s)
    on conflict (id) do nothing
"""
ADVANCE: LiteralString = """
    with moved as (
        update files.uploads u set received = received + %(size)s, touched_at = now()
        where id = %(id)s and received = %(start)s and file_id is null
        and (select count(*) from files.parts p where p.upload_id = u.id) < %(pieces)s
        returning id
    )
    insert into files.parts (upload_id, start, size, key)
    select id, %(start)s, %(size)s, %(key)s from moved
"""
PARTS: LiteralString = """
    select key, size from files.parts where upload_id = %(id)s order by start
"""
END: LiteralString = """
    with parts as (delete from files.parts where upload_id = %(id)s)
    update files.uploads set file_id = %(file_id)s, duplicate_of = %(duplicate_of)s
    where id = %(id)s and file_id is null
"""
DROP: LiteralString = "delete from files.uploads where id = %(id)s"
CLAIM: LiteralString = """
    update files.uploads set file_id = %(for)s, touched_at = now()
    where id = %(id)s and purpose = 'import' and received = size
    and (file_id is null or file_id = %(for)s)
"""
OLD: LiteralString = """
    select id from files.uploads where touched_at < %(before)s - case
        when purpose = 'import' and file_id is not null then interval '7 days' else interval '0'
    end
"""


class WrongOffset(Conflict):
    """A piece does not begin where the last one ended."""

    def __init__(self, received: int) -> None:
        super().__init__(f"Go on at byte {received}.")
        self.more = {"received": received}


class Cut(Exception):
    """Whoever sends is gone."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way, or what became of it."""

    id: UUID
    owner_id: UUID
    name: str
    size: int
    media_type: str
    sha256: bytes | None = None
    received: int = 0
    file_id: UUID | None = None
    duplicate_of: UUID | None = None
    purpose: str = "file"


class Uploads:
    """Takes files in, piece by piece."""

    def __init__(self, pool: Pool, store: Store, scratch: Scratch) -> None:
        self._pool = pool
        self._lines = Lines(pool)
        self._store = store
        self._scratch = scratch

    async def open(self, wanted: Upload) -> Upload:
        """Begin an upload; wishing twice begins one."""
        async with one_at_a_time(self._pool, f"uploads of {wanted.owner_id}") as line:
            found = await (await line.execute(FIND, {"id": wanted.id})).fetchone()
            if found is None:
                row = await (await line.execute(COUNT, {"owner_id": wanted.owner_id})).fetchone()
                if row and row[0] >= OPEN_MAX:
                    raise LimitReached(f"You have {OPEN_MAX} open uploads. End some of them first.")
                await line.execute(OPEN, values(wanted))
        upload = await self.get(wanted.id, wanted.owner_id)
        names = ("name", "size", "purpose")
        if any(getattr(upload, each) != getattr(wanted, each) for each in names):
            raise Conflict("Another upload has this id.")
        return upload

    async def get(self, upload_id: UUID, owner_id: UUID) -> Upload:
        """An upload to whom it belongs; to others NotFound."""
        row = await self._lines.row(FIND, {"id": upload_id})
        if row is None or row[1] != owner_id:
            raise NotFound("upload", upload_id)
        return Upload(*row)

    async def receive(
        self, upload: Upload, start: int, pieces: AsyncGenerator[bytes, None]
    ) -> Upload:
        """Take in what comes from a byte on; when it is cut, what came is kept."""
        if upload.file_id is not None:
            raise Conflict("This upload has ended.")
        if start != upload.received:
            raise WrongOffset(upload.received)
        async with self._scratch.file() as draft:
            with suppress(Cut):  # what has come counts
                async with aclosing(limited(pieces, upload.size - start)) as some:
                    await draft.write_all(some)
            if draft.size:
                await self._advance(upload, start, draft)
        return await self.get(upload.id, upload.owner_id)

    async def _advance(self, upload: Upload, start: int, draft: Draft) -> None:
        key = uuid4()
        what = {"id": upload.id, "start": start, "size": draft.size, "key": key}
        await self._store.put(place_of(upload.id, key), draft.path)
        if await self._lines.run(ADVANCE, {**what, "pieces": PIECES_MAX}):
            return
        await self._store.delete(place_of(upload.id, key))
        now = await self.get(upload.id, upload.owner_id)
        if now.file_id is None and now.received == start:
            raise LimitReached("This upload came in too many pieces. Begin it anew.")
        raise WrongOffset(now.received)

    @asynccontextmanager
    async def whole(self, upload: Upload) -> AsyncIterator[Draft]:
        """The file put together, for as long as the block lasts."""
        if upload.received < upload.size:
            raise WrongOffset(upload.received)
        async with self._scratch.file() as draft:
            try:
                async with aclosing(self._pieces(upload.id)) as pieces:
                    await draft.write_all(pieces)
            except Gone:
                raise Conflict("This upload is just being ended.") from None
            if draft.size != upload.size:
                raise Conflict("This upload is just being ended.")
            if upload.sha256 and upload.sha256.hex() != draft.sha256:
                raise Invalid("sha256: what has arrived is not what was announced. Begin anew.")
            yield draft

    async def end(self, upload: Upload, file_id: UUID, duplicate_of: UUID | None = None) -> None:
        """Note what became of an upload, and drop its pieces."""
        what = {"id": upload.id, "file_id": file_id, "duplicate_of": duplicate_of}
        await self._lines.run(END, what)
        await self._store.clear(f"uploads/{upload.id}/")

    async def claim(self, uploads: Collection[Upload], import_id: UUID) -> None:
        """Keep the pieces of uploads for an import, which drops them; claiming twice is once."""
        for each in uploads:
            if each.purpose != "import":
                raise Invalid(f"{each.name} was not sent with the purpose import.")
            if each.received < each.size:
                raise Conflict(f"{each.name} has not come to its end.")
            if each.file_id not in (None, import_id):
                raise Conflict(TAKEN)
        for each in uploads:
            if not await self._lines.run(CLAIM, {"id": each.id, "for": import_id}):
                raise Conflict(TAKEN)

    async def drop(self, upload_id: UUID) -> None:
        """Give an upload up."""
        await self._store.clear(f"uploads/{upload_id}/")
        await self._lines.run(DROP, {"id": upload_id})

    async def expire(self, before: datetime) -> int:
        """Drop what nobody went on with since; return how many that were."""
        rows = await self._lines.rows(OLD, {"before": before})
        for (upload_id,) in rows:
            await self.drop(upload_id)
        return len(rows)

    async def _pieces(self, upload_id: UUID) -> AsyncGenerator[bytes, None]:
        for key, size in await self._lines.rows(PARTS, {"id": upload_id}):
            async with aclosing(self._store.read(place_of(upload_id, key), 0, size)) as pieces:
                async for piece in pieces:
                    yield piece


async def limited(pieces: AsyncGenerator[bytes, None], missing: int) -> AsyncGenerator[bytes, None]:
    """The pieces, as long as they are no more than is taken at once or missing at all."""
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > CHUNK_BYTES:
            raise TooLarge(f"A piece of an upload has at most {CHUNK_BYTES} bytes.")
        if size > missing:
            raise TooLarge("This is more than was announced.")
        yield piece


def values(upload: Upload) -> dict[str, Any]:
    """What a new row holds."""
    names = ("id", "owner_id", "name", "size", "media_type", "sha256", "purpose")
    return {name: getattr(upload, name) for name in names}


def place_of(upload_id: UUID, key: UUID) -> str:
    """Where a piece lies in the store."""
    return f"uploads/{upload_id}/{key}"
