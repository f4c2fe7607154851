"""Reads a file once more, and has it indexed anew; it can be found meanwhile."""

from dataclasses import dataclass
from uuid import UUID

from application.command import carry_out
from application.documents.blobs import Blobs, Gone
from application.files import RecordRead, RetryAsWell
from application.ports import SYSTEM, Log, Unavailable
from domain.errors import Conflict, NotFound
from domain.files import File, State
from infrastructure.documents import progress, texts
from infrastructure.documents.engines import DocumentEngines
from infrastructure.documents.indexes import Indexes
from infrastructure.jobs import ask_all
from infrastructure.lines import Lines
from infrastructure.loaders.base import Extracted, Unreadable
from projections.read_model import clean


@dataclass(frozen=True, slots=True)
class Rereading:
    """What a worker needs for it."""

    log: Log
    lines: Lines
    blobs: Blobs
    engines: DocumentEngines
    indexes: Indexes

    async def reread(self, file_id: UUID) -> None:
        """Read a file anew, and have it cut and embedded, whether it says the same or not."""
        try:
            file = await self.log.get(File, file_id)
            if file.is_closed:
                return
            if file.state == State.FAILED:
                await carry_out(RetryAsWell(file_id), log=self.log, actor=SYSTEM)
            elif file.state == State.READY and not file.edited:
                await self._read(file)
        except Unavailable as error:
            await progress.wait_for(self.lines, file_id, str(error))
            raise
        except (Conflict, NotFound):
            return  # it is another file by now, which goes its own way
        await self.indexes.renew(file_id)
        await ask_all(self.lines, "ingest", [file_id])

    async def _read(self, file: File) -> None:
        """Take over another text; what cannot be read any more keeps the one it has."""
        loaders = await self.engines.loaders(hear=False)  # heard once, paid once
        try:
            async with self.blobs.local_path(file.sha256) as path:
                found = await loaders.read(path, file.name, file.media_type)
        except (Unreadable, Gone):
            return
        if texts.hash_of(clean(found.text)) != file.text_sha256:
            await self._record(file, found)

    async def _record(self, file: File, found: Extracted) -> None:
        sha256 = await texts.keep_text(self.lines, file.id, found.text, found.pages)
        command = RecordRead(
            file.id,
            file.sha256,
            sha256,
            characters=len(found.text),
            pages=found.pages,
            loader=found.loader,
            title=found.title,
            again=True,
        )
        await carry_out(command, log=self.log, actor=SYSTEM)
