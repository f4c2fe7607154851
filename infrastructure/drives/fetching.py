"""The job that fetches a chosen file of a drive, and makes it a file like any other.

It may be cut off anywhere and done again: then the file comes anew, from its first byte.
"""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import LiteralString
from uuid import UUID, uuid5

from application.command import Command, carry_out
from application.documents.drives import DriveItem, DriveRefused, DriveServer
from application.documents.media_types import media_type_of
from application.drives import RecordArrived, RecordFetchFailure
from application.files import AddFile, Content, KeepFile, check_limits
from application.knowledge import AddFiles
from application.ports import Actor, Log, Unavailable
from domain.drive_files import DriveFile
from domain.errors import Invalid, NotFound, Refusal
from domain.files import NAME_CHARACTERS_MAX, checked_name
from infrastructure.blobs.scratch import Draft
from infrastructure.blobs.stores import FileStores
from infrastructure.documents.engines import DocumentEngines
from infrastructure.drives.links import DriveLinks
from infrastructure.lines import Lines
from infrastructure.reader import Reader
from projections import files as projection

PATIENCE = timedelta(hours=1)
TOLD_SECONDS = 0.5
REASON_CHARACTERS_MAX = 300

TELL: LiteralString = """
    insert into files.fetches (id, received, total) values (%(id)s, %(received)s, %(total)s)
    on conflict (id) do update
    set received = excluded.received, total = excluded.total, waiting = null
"""
WAIT: LiteralString = """
    insert into files.fetches (id, received, waiting) values (%(id)s, 0, %(waiting)s)
    on conflict (id) do update set waiting = excluded.waiting
"""
OVER: LiteralString = "delete from files.fetches where id = %(id)s"

logger = logging.getLogger(__name__)


class Stopped(Exception):
    """Nobody wants the file any more."""


@dataclass(slots=True)
class Progress:
    """Tells now and then how much has come."""

    lines: Lines
    key: UUID
    total: int | None
    received: int = 0
    told: float = field(default=-1.0)

    async def add(self, count: int) -> bool:
        """So much more is here; whether that was told."""
        self.received += count
        if monotonic() - self.told < TOLD_SECONDS:
            return False
        self.told = monotonic()
        what = {"id": self.key, "received": self.received, "total": self.total}
        await self.lines.run(TELL, what)
        return True


@dataclass(frozen=True, slots=True)
class Fetching:
    """Fetches chosen files for whoever chose them, within all limits."""

    log: Log
    lines: Lines
    reader: Reader
    files: FileStores
    engines: DocumentEngines
    links: DriveLinks

    async def fetch(self, key: UUID) -> None:
        """Have the file, or record why not."""
        chosen = await self._chosen(key)
        if chosen is None or chosen.ended:
            await self.lines.run(OVER, {"id": key})
            return
        try:
            done: Command[None] = RecordArrived(key, await self._file(chosen))
        except Stopped:
            await self.lines.run(OVER, {"id": key})
            return
        except DriveRefused as error:
            done = RecordFetchFailure(key, error.kind, str(error))
        except Refusal as error:
            done = RecordFetchFailure(key, error.kind, str(error))
        except Unavailable as error:
            if datetime.now(UTC) - chosen.created_on < PATIENCE:
                what = {"id": key, "waiting": str(error)[:REASON_CHARACTERS_MAX]}
                await self.lines.run(WAIT, what)
                raise
            done = RecordFetchFailure(key, "away", str(error))
        await self._record(chosen, done)

    async def give_up(self, key: UUID) -> None:
        """Record that whoever fetches this dies of it."""
        chosen = await self._chosen(key)
        if chosen is not None:
            message = "The work on this file broke off again and again, and was given up."
            await self._record(chosen, RecordFetchFailure(key, "crashed", message))

    async def _chosen(self, key: UUID) -> DriveFile | None:
        try:
            return await self.log.get(DriveFile, key)
        except NotFound:
            return None

    async def _record(self, chosen: DriveFile, done: Command[None]) -> None:
        await carry_out(done, log=self.log, actor=Actor(chosen.owner))
        await self.lines.run(OVER, {"id": chosen.id})

    async def _file(self, chosen: DriveFile) -> UUID:
        """The id of the file that it is here."""
        async with self.files.scratch.file() as draft:

            async def download(server: DriveServer, token: str) -> DriveItem:
                item = await server.item(token, chosen.item)
                await self._download(chosen, item, draft, server.content(token, chosen.item))
                return item

            item = await self.links.use(chosen.kind, chosen.owner, download)
            name = name_of(item)
            media_type = media_type_of(name, item.media_type)
            content = Content(name, media_type, draft.size, draft.sha256)
            return await self._keep(chosen, content, draft)

    async def _download(
        self, chosen: DriveFile, item: DriveItem, draft: Draft, pieces: AsyncGenerator[bytes, None]
    ) -> None:
        """Write the bytes down as they come, never more than may be."""
        limits = (await self.engines.settings(fresh=True)).limits
        check_limits(limits, name_of(item), item.size or 0)
        progress = Progress(self.lines, chosen.id, item.size)

        async def counted() -> AsyncGenerator[bytes, None]:
            async for piece in pieces:
                if await progress.add(len(piece)):
                    await self._check_wanted(chosen)
                check_limits(limits, name_of(item), progress.received)
                yield piece

        async with aclosing(pieces), aclosing(counted()) as some:
            await draft.write_all(some)
        await self._check_wanted(chosen)

    async def _check_wanted(self, chosen: DriveFile) -> None:
        now = await self._chosen(chosen.id)
        if now is None or now.ended:
            raise Stopped

    async def _keep(self, chosen: DriveFile, content: Content, draft: Draft) -> UUID:
        """Keep the bytes; of those that this person has already, the file that is there."""
        actor = Actor(chosen.owner)
        command: Command[None]
        async with self.reader.read(projection.files) as db:
            same = await projection.same(db, chosen.owner, content.sha256)
        if same is not None:
            if chosen.knowledge_id is not None:
                command = AddFiles(chosen.knowledge_id, (same.id,), chosen.directory_id)
                await carry_out(command, log=self.log, actor=actor)
            return same.id
        file_id = uuid5(chosen.id, "file")
        await self.files.keep(draft.path, content, file_id)
        command = add = AddFile(file_id, content)
        if chosen.knowledge_id is not None:
            command = KeepFile(add, chosen.knowledge_id, chosen.directory_id)
        await carry_out(command, log=self.log, actor=actor, command_id=uuid5(chosen.id, "keep"))
        return file_id


def name_of(item: DriveItem) -> str:
    """What the file is called here: as there, as far as that may be a name."""
    name = item.name.replace("/", " ").replace("\\", " ").strip()
    stem, dot, ending = name.rpartition(".")
    if len(name) > NAME_CHARACTERS_MAX and dot:
        name = f"{stem[: NAME_CHARACTERS_MAX - len(ending) - 1]}.{ending}"
    try:
        return checked_name(name)
    except Invalid:
        return "File from a drive"
