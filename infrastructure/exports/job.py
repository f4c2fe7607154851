"""Writes an export that was ordered, keeps its files, and removes them again."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any, LiteralString
from uuid import UUID

from application.answering.record import record
from application.exporting.orders import Order
from application.exporting.pseudonyms import Pseudonyms
from application.exports import FailExport, FinishExport
from application.files import Content
from domain.errors import Invalid, NotFound
from domain.exports import Export as Ordered
from domain.exports import Exported, ExportedFile
from infrastructure.blobs.stores import FileStores
from infrastructure.event_log import EventLog
from infrastructure.exports.earlier import brought
from infrastructure.exports.exporting import MANIFEST, Export, NothingMatches, Source
from infrastructure.exports.tombstones import Earlier
from infrastructure.lines import Lines

FOLDER = "exporting"
TELL_SECONDS = 0.5
NOTHING = "Nothing matches."
DIED = "It could not be written; see what the worker says."

TELL: LiteralString = """
    insert into work.progress (key, done, count) values (%(key)s, %(done)s, %(count)s)
    on conflict (key) do update set done = excluded.done, count = excluded.count, at = now()
"""
DROP: LiteralString = "delete from work.progress where key = %(key)s"


@dataclass(frozen=True, slots=True)
class ExportJob:
    """The chore `export`: whatever is next for an export. Done twice, it changes nothing."""

    log: EventLog
    lines: Lines
    files: FileStores
    source: Source
    pseudonyms: Pseudonyms
    data_folder: Path

    async def run(self, export_id: UUID) -> None:
        """Write it, or remove its files."""
        try:
            ordered = await self.log.get(Ordered, export_id)
        except NotFound:
            return
        if ordered.state == "deleted":
            await self.files.holdings.release(export_id)
        elif ordered.state == "running":
            await self._write(export_id, ordered.order)
        await self.lines.run(DROP, {"key": export_id})

    async def give_up(self, export_id: UUID) -> None:
        """Whoever wrote it died, again and again."""
        with suppress(NotFound):
            await record(self.log, FailExport(export_id, DIED))

    async def _write(self, export_id: UUID, order: dict[str, Any]) -> None:
        wanted = Order(**order)
        name = export_id.hex
        async with self._folder(name) as folder, self._folder(f"{name}-since") as beside:
            progress = Progress(self.lines, export_id)
            telling = asyncio.create_task(progress.tell())
            try:
                earlier = await self._earlier(wanted, beside)
                export = Export(
                    self.source, wanted, self.pseudonyms, folder, earlier, progress=progress.note
                )
                manifest = await export.run()
            except NothingMatches:
                await record(self.log, FailExport(export_id, NOTHING))
                return
            except Invalid as refusal:
                await record(self.log, FailExport(export_id, str(refusal)))
                return
            finally:
                telling.cancel()
            exported = await asyncio.to_thread(exported_in, folder, manifest)
            for each in exported.files:
                content = Content(each.path, "application/octet-stream", each.size, each.sha256)
                await self.files.keep(folder / each.path, content, export_id)
            await record(self.log, FinishExport(export_id, exported))

    async def _earlier(self, order: Order, folder: Path) -> Earlier | None:
        """The export with which this one is compared."""
        if order.since is None:
            return None
        return await brought(self.log, self.files.blobs, order.since, folder)

    @asynccontextmanager
    async def _folder(self, name: str) -> AsyncIterator[Path]:
        """A folder for the files while they are written; what a dead worker left there goes."""
        folder = self.data_folder / FOLDER / name
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True)
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


class Progress:
    """Tells now and then how far an export has come."""

    def __init__(self, lines: Lines, key: UUID) -> None:
        self._lines = lines
        self._key = key
        self._now = (0, 0)

    def note(self, done: int, count: int) -> None:
        """So far."""
        self._now = (done, count)

    async def tell(self) -> None:
        """Keep telling until cancelled."""
        told, until = (-1, -1), monotonic()
        while True:
            if self._now != told and monotonic() >= until:
                told, until = self._now, monotonic() + TELL_SECONDS
                await self._lines.run(TELL, {"key": self._key, "done": told[0], "count": told[1]})
            await asyncio.sleep(TELL_SECONDS)


def exported_in(folder: Path, manifest: dict[str, Any]) -> Exported:
    """What an export came to; the manifest and the ids of rows are files of it too."""
    listed = {each["path"]: each for each in manifest["files"]}
    files = []
    for path in sorted(folder.iterdir()):
        known = listed.get(path.name, {})
        files.append(
            ExportedFile(
                path=path.name,
                format=known.get("format", ""),
                rows=known.get("rows", 0),
                sha256=known.get("sha256") or sha256(path.read_bytes()).hexdigest(),
                size=path.stat().st_size,
            )
        )
    source = manifest["source"]
    return Exported(
        manifest_sha256=next(each.sha256 for each in files if each.path == MANIFEST),
        from_position=source["from_position"],
        to_position=source["to_position"],
        rows=sum(each["rows"] for each in manifest["files"]),
        files=files,
    )


async def progress_of(lines: Lines, key: UUID) -> tuple[int, int] | None:
    """How far something has come: done, and of how many."""
    row = await lines.row("select done, count from work.progress where key = %(key)s", {"key": key})
    return (row[0], row[1]) if row else None
