"""Taking over judgements from elsewhere: in batches, each line once, what is broken counted."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol
from uuid import UUID

from application.command import Command, Work, carry_out
from application.importing.fields import Malformed
from application.ports import SYSTEM, Log
from domain.aggregate import Aggregate

BATCH = 500
SHOWN_MAX = 1_000

Numbered = tuple[int, object]
Reading = Callable[[object, int], Sequence[Aggregate]]


class Seen(Protocol):
    """Knows what is in the log."""

    async def known(self, keys: Sequence[UUID]) -> set[UUID]:
        """Which of these streams are there already."""


@dataclass(frozen=True, slots=True)
class RecordLines(Command[None]):
    """Take over what some lines tell."""

    told: Sequence[Aggregate]

    async def execute(self, work: Work) -> None:
        """All of it, or nothing."""
        for each in self.told:
            work.add(each)


@dataclass(slots=True)
class Report:
    """What became of the lines."""

    imported: int = 0
    skipped: int = 0
    broken: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    shown: list[tuple[int, str]] = field(default_factory=list)

    def refuse(self, number: int, reason: str) -> None:
        """Count a line that cannot be taken over."""
        self.broken += 1
        self.reasons[reason] += 1
        if len(self.shown) < SHOWN_MAX:
            self.shown.append((number, reason))

    def add(self, more: "Report") -> None:
        """Count those of a batch too."""
        self.imported += more.imported
        self.skipped += more.skipped
        self.broken += more.broken
        self.reasons += more.reasons
        self.shown += more.shown[: SHOWN_MAX - len(self.shown)]


@dataclass(slots=True)
class Batch:
    """Some lines, as they were read: what each tells, and up to which line."""

    line: int
    told: list[Sequence[Aggregate]]
    report: Report


Keep = Callable[[Sequence[Aggregate], Batch], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Import:
    """Takes lines over. A line whose facts are all in the log is skipped.

    `keep` puts what is new of a batch into the log, together with whatever else must be there in
    the same moment.
    """

    log: Log
    seen: Seen
    progress: Callable[[Report], None] = lambda _: None
    keep: Keep | None = None

    async def run(self, lines: Iterable[Numbered], reading: Reading) -> Report:
        """Read all lines; memory holds one batch of them."""
        report = Report()
        every = iter(lines)
        while batch := await asyncio.to_thread(batch_of, every, reading):
            fresh = await self._fresh(batch)
            await (self.keep or self._record)(fresh, batch)
            report.add(batch.report)
            self.progress(report)
        return report

    async def _fresh(self, batch: Batch) -> list[Aggregate]:
        done = await self.seen.known([each.id for told in batch.told for each in told])
        fresh: list[Aggregate] = []
        for told in batch.told:
            news = [each for each in told if each.id not in done]
            done |= {each.id for each in news}
            fresh += news
            batch.report.imported += bool(news)
            batch.report.skipped += not news
        return fresh

    async def _record(self, fresh: Sequence[Aggregate], _: Batch) -> None:
        if fresh:
            await carry_out(RecordLines(fresh), log=self.log, actor=SYSTEM)


def batch_of(lines: Iterator[Numbered], reading: Reading) -> Batch | None:
    """The next lines, read; None at the end."""
    found = list(islice(lines, BATCH))
    if not found:
        return None
    report = Report()
    return Batch(found[-1][0], list(read(found, reading, report)), report)


def read(
    batch: Sequence[Numbered], reading: Reading, report: Report
) -> Iterator[Sequence[Aggregate]]:
    """What the lines of a batch tell; broken ones are counted."""
    for number, record in batch:
        try:
            if isinstance(record, Malformed):
                raise record
            yield reading(record, number)
        except Malformed as error:
            report.refuse(number, str(error))
