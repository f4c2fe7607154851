"""Carries an export out: page by page, in constant memory, the same bytes for the same range."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

from pydantic_core import to_json

from application.exporting.formats import Format, LeftOut, Row
from application.exporting.orders import FORMAT_VERSION, Order
from application.exporting.pseudonyms import Pseudonyms
from application.exporting.redaction import Redaction
from application.exporting.samples import Annotated, Judged, Rated, Sample
from infrastructure.exports.tombstones import Earlier, write_tombstones
from infrastructure.exports.writers import Writer, Written

MANIFEST = "manifest.json"
PROMPT_ONLY = "trl-prompt-only"
DIGEST_BYTES = 8
KEYS = {Judged: "v", Rated: "r", Annotated: "a"}


class NotEmpty(Exception):
    """There is something in the folder already."""


class NothingMatches(Exception):
    """No judgement fits what was asked for."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What a source holds between two positions: how many judgements, and the end it was read to.

    `checkpoint` tells one log from another: the sum of the event at the end.
    """

    until: int
    count: int
    policy_version: int
    checkpoint: str


class Source(Protocol):
    """Where judgements come from, each kind in the order of its place."""

    async def extent(self, order: Order) -> Extent:
        """How much there is."""

    def judged(self, order: Order, until: int) -> AsyncIterator[Sequence[Judged]]:
        """Counted votes in pages."""

    def rated(self, order: Order, until: int) -> AsyncIterator[Sequence[Rated]]:
        """Thumbs in pages."""

    def annotated(self, order: Order, until: int) -> AsyncIterator[Sequence[Annotated]]:
        """Annotations in pages."""


Progress = Callable[[int, int], None]


def quietly(done: int, count: int) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Export:
    """One export into one folder. `run` gives its manifest."""

    source: Source
    order: Order
    pseudonyms: Pseudonyms
    folder: Path
    earlier: Earlier | None = None
    progress: Progress = quietly
    _left_out: Counter[str] = field(default_factory=Counter)
    _seen: set[bytes] = field(default_factory=set)
    _done: int = 0

    async def run(self) -> dict[str, Any]:
        """Write all files and the manifest; raises NothingMatches when there is no row at all."""
        extent = await self.source.extent(self.order)
        await asyncio.to_thread(self.folder.mkdir, parents=True, exist_ok=True)
        writers = self._writers()
        self.progress(0, extent.count)
        for pages in self._pages(extent.until):
            async for page in pages:
                await asyncio.to_thread(self._write, writers, page)
                self._done += len(page)
                self.progress(self._done, max(extent.count, self._done))
        if not any(each.rows for _, each in writers):
            raise NothingMatches
        return await asyncio.to_thread(self._end, writers, extent)

    def _writers(self) -> list[tuple[Format, Writer]]:
        order = self.order
        return [
            (each, Writer(self.folder, each, shard_rows=order.shard_rows, parquet=order.parquet))
            for each in order.forms
        ]

    def _pages(self, until: int) -> list[AsyncIterator[Sequence[Sample]]]:
        """The sources that the formats need."""
        source = self.source
        reads: dict[type[Sample], Callable[[Order, int], AsyncIterator[Sequence[Sample]]]] = {
            Judged: source.judged,
            Rated: source.rated,
            Annotated: source.annotated,
        }
        wanted = {kind for each in self.order.forms for kind in each.of}
        return [read(self.order, until) for kind, read in reads.items() if kind in wanted]

    def _write(self, writers: Sequence[tuple[Format, Writer]], page: Sequence[Sample]) -> None:
        redaction = Redaction(self.order.redact)
        for each in page:
            named = replace(each, voter=self.pseudonyms.of(each.voter))
            sample = redaction.sample(named)
            kind = KEYS[type(sample)]
            for form, writer in writers:
                for number, row in enumerate(self._rows(form, sample)):
                    writer.write(f"{kind}{sample.place}.{number}", row)

    def _rows(self, form: Format, sample: Sample) -> Sequence[Row]:
        try:
            rows = form.rows_of(sample)
        except LeftOut as left:
            self._left_out[f"{form.name}: {left.reason}"] += 1
            return ()
        if form.name == PROMPT_ONLY and self.order.distinct:
            return [each for each in rows if self._is_new(each)]
        return rows

    def _is_new(self, row: Row) -> bool:
        digest = blake2b(to_json(row), digest_size=DIGEST_BYTES).digest()
        if digest in self._seen:
            self._left_out[f"{PROMPT_ONLY}: repeated"] += 1
            return False
        self._seen.add(digest)
        return True

    def _end(self, writers: Sequence[tuple[Format, Writer]], extent: Extent) -> dict[str, Any]:
        written = [each for _, writer in writers for each in writer.close()]
        if self.earlier is not None:
            written.append(write_tombstones(self.folder, self.earlier, written))
        manifest = self._manifest(written, extent)
        path = self.folder / MANIFEST
        path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")
        return manifest

    def _manifest(self, written: Sequence[Written], extent: Extent) -> dict[str, Any]:
        return {
            "format_version": FORMAT_VERSION,
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "source": {
                "from_position": self.order.after,
                "to_position": extent.until,
                "checkpoint": extent.checkpoint,
            },
            "filters": self.order.filters(),
            "policy_version": extent.policy_version,
            "voters": "pseudonymous",
            "pseudonym_key": self.pseudonyms.mark,
            "files": [asdict(each) for each in written],
            "left_out": dict(sorted(self._left_out.items())),
        }


def prepared(folder: Path, *, force: bool) -> Path:
    """An empty folder to write to; with force, what is there is written over."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())) and not force:
        raise NotEmpty(f"{folder} is not empty.")
    if force and folder.is_dir():
        for each in folder.iterdir():
            if each.is_file() and each.suffix in (".jsonl", ".json", ".csv", ".parquet", ".ids"):
                each.unlink()
    return folder
