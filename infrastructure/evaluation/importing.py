"""Takes over what was sent for an import, from where an earlier worker came to; then drops it."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path
from uuid import UUID

from application.answering.record import record
from application.importing.asked import AdvanceImport, FailImport, FinishImport, StartImport
from application.importing.fields import Malformed
from application.imports import Batch, Import, Numbered, Seen
from domain.aggregate import Aggregate
from domain.errors import Conflict, Invalid, NotFound
from domain.imports import Import as Asked
from domain.imports import SentFile, Step, Unusable
from infrastructure.blobs.uploads import Uploads
from infrastructure.evaluation.readings import Brought, Found, Lines
from infrastructure.event_log import EventLog

GONE = "What was sent is no longer here. Send it again; nothing is taken over twice."
DIED = "It could not be taken over; see what the worker says."


class Lost(Exception):
    """What was sent cannot be had."""


@dataclass(frozen=True, slots=True)
class ImportJob:
    """The chore `import`: goes on with an import. Done twice, it changes nothing."""

    log: EventLog
    seen: Seen
    uploads: Uploads

    async def run(self, import_id: UUID) -> None:
        """Take over what is left, and remove what was sent once it has ended."""
        try:
            asked = await self.log.get(Asked, import_id)
        except NotFound:
            return
        if asked.is_open:
            await record(self.log, StartImport(import_id))
            await record(self.log, await self._end(asked))
        for each in asked.files:
            await self.uploads.drop(each.upload_id)

    async def give_up(self, import_id: UUID) -> None:
        """Whoever did it died, again and again."""
        with suppress(NotFound):
            await record(self.log, FailImport(import_id, DIED))
            await self.run(import_id)

    async def _end(self, asked: Asked) -> FinishImport | FailImport:
        try:
            async with AsyncExitStack() as stack:
                files = {
                    each.part: Found(each.name, await self._file(stack, each, asked.owner))
                    for each in asked.files
                }
                await self._take(asked, Brought(asked.kind, files, asked.space, asked.name))
        except Malformed as error:
            return FailImport(asked.id, f"A file cannot be read: {error}.")
        except Lost as error:
            return FailImport(asked.id, str(error))
        return FinishImport(asked.id)

    async def _file(self, stack: AsyncExitStack, sent: SentFile, owner: UUID) -> Path:
        try:
            upload = await self.uploads.get(sent.upload_id, owner)
            return (await stack.enter_async_context(self.uploads.whole(upload))).path
        except (NotFound, Conflict):
            raise Lost(GONE) from None
        except Invalid as refusal:
            raise Lost(f"{sent.part}: {refusal}") from None

    async def _take(self, asked: Asked, brought: Brought) -> None:
        place = Place(self.log, asked)
        steps = brought.steps()
        taking = Import(self.log, self.seen, keep=place.keep)
        while step := await asyncio.to_thread(next, steps, None):
            if place.begin(step.part):
                await taking.run(place.rest(step), step.reading)


class Place:
    """How far an import is; moves on together with what was read."""

    def __init__(self, log: EventLog, asked: Asked) -> None:
        self._log = log
        self._key = asked.id
        self._at = asked.at
        self._part = ""
        self._passing = bool(asked.at[0])

    def begin(self, part: str) -> bool:
        """A part begins; whether anything of it is left."""
        self._part = part
        if part == self._at[0]:
            self._passing = False
        return not self._passing

    def rest(self, step: Lines) -> Iterator[Numbered]:
        """The lines that were not read before."""
        part, line = self._at
        after = line if part == step.part else 0
        return dropwhile(lambda each: each[0] <= after, step.lines)

    async def keep(self, fresh: Sequence[Aggregate], batch: Batch) -> None:
        """Take a batch over, and note it, in one moment."""
        report = batch.report
        step = Step(
            since=self._at,
            part=self._part,
            line=batch.line,
            imported=report.imported,
            skipped=report.skipped,
            unusable=report.broken,
            reasons=dict(report.reasons),
            shown=[Unusable(*each) for each in report.shown],
        )
        await record(self._log, AdvanceImport(self._key, step, fresh))
        self._at = (self._part, batch.line)
