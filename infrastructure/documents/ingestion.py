"""The way of a file from its bytes to passages that can be found.

Every step may be cut off anywhere and done again: ids are made from what they stand for, and
what a worker records names the bytes or the text it worked on, so that the newest state wins.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from application.command import Command, carry_out
from application.documents.blobs import Blobs, Gone
from application.documents.ports import Unfit
from application.files import RecordFailure, RecordIndexed, RecordRead, StartReading
from application.ports import SYSTEM, Log, Stale, Unavailable
from domain.errors import Conflict, NotFound
from domain.files import File, Stage, State
from infrastructure.documents import progress, texts
from infrastructure.documents.engines import DocumentEngines
from infrastructure.documents.indexes import Index, Indexes
from infrastructure.documents.passages import drop_forsaken, drop_passages
from infrastructure.documents.putting import Moved, Putting
from infrastructure.documents.rebuilding import Rebuilding
from infrastructure.lines import Lines
from infrastructure.loaders.base import Unreadable

ROUNDS_MAX = 20
TEXT_KEEP_SECONDS = 60
LEASED = """
    select 1 from work.jobs
    where job in ('ingest', 'reread') and key = %(file)s and leased_until > now()
"""

Release = Callable[[UUID], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ingestion:
    """Reads files, and has them in every generation of the index."""

    log: Log
    lines: Lines
    blobs: Blobs
    release: Release
    engines: DocumentEngines
    indexes: Indexes
    rebuilding: Rebuilding
    putting: Putting

    async def ingest(self, file_id: UUID) -> None:
        """Do whatever is next for a file, until nothing is."""
        try:
            for _ in range(ROUNDS_MAX):
                if await self._round(file_id):
                    await progress.finish(self.lines, file_id)
                    return
        except Unavailable as error:
            await progress.wait_for(self.lines, file_id, str(error))
            raise
        raise Stale

    async def give_up(self, file_id: UUID) -> None:
        """Record that whoever works on a file dies of it."""
        file = await self._file(file_id)
        if file is None:
            return
        message = "The work on this file broke off again and again, and was given up."
        if file.state in (State.QUEUED, State.READING):
            await self._fail(file, "reading", "crashed", message)
        else:
            await self._fail(file, "indexing", "crashed", message)
        await progress.finish(self.lines, file_id)

    async def forget(self, file_id: UUID) -> None:
        """Remove all there is of a deleted file: text, passages, vectors and bytes."""
        file = await self._file(file_id)
        if file is not None and not file.deleted:
            return
        if await self.lines.row(LEASED, {"file": file_id}):
            raise Unavailable("The file is still being worked on.")
        await texts.drop_texts(self.lines, file_id)
        await drop_passages(self.lines, file_id)
        await progress.finish(self.lines, file_id)
        await self.release(file_id)
        for index in await self.indexes.targets():
            store = await self.engines.store_of(index)
            await store.delete_files(index.name, [file_id])
        await self.indexes.forget_file(file_id)

    async def _round(self, file_id: UUID) -> bool:
        """Take a file one step further; True when there is nothing left to do."""
        file = await self._file(file_id)
        if file is None or file.deleted or file.state == State.FAILED:
            return True
        if file.trashed and file.state != State.READY:
            return True  # it goes on when it is taken out of the trash
        try:
            if file.state not in (State.QUEUED, State.READING):
                return await self._index(file)
            await self._read(file)
        except (Conflict, NotFound, Moved):
            pass  # it is another file by now: look again
        return False

    async def _read(self, file: File) -> None:
        """Get the text out of the bytes."""
        await self._record(StartReading(file.id, file.sha256))
        loaders = await self.engines.loaders()
        try:
            async with self.blobs.local_path(file.sha256) as path:
                found = await loaders.read(path, file.name, file.media_type)
        except Unreadable as error:
            await self._fail(file, "reading", error.kind, error.message)
            return
        except Gone:
            await self._fail(file, "reading", "lost", "The bytes of this file are gone.")
            return
        sha256 = await texts.keep_text(self.lines, file.id, found.text, found.pages)
        await self._record(
            RecordRead(
                file.id,
                file.sha256,
                sha256,
                characters=len(found.text),
                pages=found.pages,
                loader=found.loader,
                title=found.title,
            )
        )

    async def _index(self, file: File) -> bool:
        """Have a text in every generation, and record it when it is found in the live one."""
        await texts.drop_texts(
            self.lines, file.id, keep=file.text_sha256, seconds=TEXT_KEEP_SECONDS
        )
        late: Unavailable | None = None
        count = 0
        for index in await self._targets():
            try:
                count = await self.putting.put(file, index)
            except Unavailable as error:
                late = late or error
            except Unfit as error:
                if await self._refused(file, index, str(error)):
                    return True
        if late is not None:
            raise late
        await drop_forsaken(self.lines, [file.id])
        if not file.trashed:
            await self._record(RecordIndexed(file.id, file.text_sha256, count))
        return await self._is_everywhere(file)

    async def _targets(self) -> list[Index]:
        """The filling generation and then the live one; the very first begins here."""
        found = await self.indexes.targets()
        if not found:
            await self.rebuilding.first()
            found = await self.indexes.targets()
        if not found:
            raise Unavailable("There is no vector index yet; its settings do not work.")
        return found

    async def _refused(self, file: File, index: Index, reason: str) -> bool:
        """An engine cannot work with this: a new generation fails, or the file; True then."""
        if index.state == "filling" and await self.indexes.live():
            await self.rebuilding.fail(index, reason)
            return False
        if file.state == State.READY:
            raise Unavailable(reason)
        await self._fail(file, "indexing", "unfit", reason)
        return True

    async def _is_everywhere(self, file: File) -> bool:
        """Whether no generation began, and no other text came, while this one was put in."""
        now = await self._file(file.id)
        if now is None or now.text_sha256 != file.text_sha256:
            return False
        for index in await self.indexes.targets():
            known = await self.indexes.indexed(index.id, file.id)
            if known is None or not known.done:
                return False
        return True

    async def _file(self, file_id: UUID) -> File | None:
        try:
            return await self.log.get(File, file_id)
        except NotFound:
            return None

    async def _fail(self, file: File, stage: Stage, kind: str, message: str) -> None:
        of = file.sha256 if stage == "reading" else file.text_sha256
        await self._record(RecordFailure(file.id, stage, of, kind, message))

    async def _record(self, command: Command[Any]) -> None:
        await carry_out(command, log=self.log, actor=SYSTEM)
