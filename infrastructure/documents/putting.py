"""Puts the passages of one file into one generation of the vector index."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from application.documents.cutting import Cutting, cut
from application.documents.ports import Embedder, Point, VectorStore
from application.ports import Log, Unavailable
from domain.document_settings import DOCUMENT_SETTINGS
from domain.errors import Conflict
from domain.files import File
from infrastructure.documents import progress, texts
from infrastructure.documents.cuttings import Cuttings
from infrastructure.documents.engines import DocumentEngines
from infrastructure.documents.indexes import Index, Indexed, Indexes
from infrastructure.documents.passages import (
    Passage,
    keep_passages,
    page_of_passages,
    passage_id,
)
from infrastructure.jobs import ask
from infrastructure.lines import Lines

BATCH = 256
DELETED_EACH = 1_000


class Moved(Exception):
    """The file has another text by now, or the generation is filled no more."""


@dataclass(frozen=True, slots=True)
class Way:
    """One text of one file on its way into one generation."""

    file: File
    index: Index
    cutting: Cutting
    store: VectorStore
    embedder: Embedder

    def done(self, passages: int) -> Indexed:
        """What is known of it at the end."""
        return Indexed(self.cutting.key, self.file.text_sha256, passages, done=True)


@dataclass(frozen=True, slots=True)
class Putting:
    """Cuts, embeds and stores."""

    log: Log
    lines: Lines
    engines: DocumentEngines
    indexes: Indexes
    cuttings: Cuttings

    async def put(self, file: File, index: Index) -> int:
        """Have the text of a file in a generation, and nothing else of it; return its passages.

        Raises Moved, Unavailable or Unfit. What is there already is not put in again.
        """
        cutting = await self.cuttings.of(file.id, index)
        known = await self.indexes.indexed(index.id, file.id)
        if known and known == Indexed(cutting.key, file.text_sha256, known.passages, done=True):
            return known.passages
        way = await self._way(file, index, cutting)
        await way.store.create(index.name, index.dimension)
        if known and known.cutting != cutting.key:
            await way.store.delete_files(index.name, [file.id])
        await self.indexes.start(index.id, file.id, cutting.key, file.text_sha256)
        count = await self._cut(way)
        there = await self.indexes.expect(index.id, file.id, count)
        await self._fill(way, count)
        await self._drop_surplus(way, count, there)
        await self.indexes.finish(index.id, file.id, way.done(count))
        if index.state == "live":
            await way.store.settle(index.name)
        return count

    async def _way(self, file: File, index: Index, cutting: Cutting) -> Way:
        embedder = await self.engines.embedder_of(index)
        if embedder.space != index.space:
            await ask(self.lines, "reindex", DOCUMENT_SETTINGS)
            raise Unavailable("The index waits to be made anew, for another embedding model.")
        return Way(file, index, cutting, await self.engines.store_of(index), embedder)

    async def _cut(self, way: Way) -> int:
        """Cut the text, unless another generation has the same passages of it."""
        file, cutting = way.file, way.cutting
        known = await self.indexes.known_passages(file.id, cutting.key, file.text_sha256)
        if known is not None:
            return known
        text = await texts.read_text(self.lines, file.id, file.text_sha256)
        if text is None:
            raise Conflict("The text of this file is gone.")
        passages = await asyncio.to_thread(cut, text.body, cutting)
        await keep_passages(self.lines, file.id, cutting.key, passages)
        return len(passages)

    async def _fill(self, way: Way, count: int) -> None:
        for first in range(0, count, BATCH):
            await self._must_be_current(way)
            passages = await page_of_passages(
                self.lines, way.file.id, way.cutting.key, first=first, limit=BATCH
            )
            await self._store(way, passages)
            await progress.advance(self.lines, way.file.id, first + len(passages), count)

    async def _store(self, way: Way, passages: Sequence[Passage]) -> None:
        """Embed some passages and put them in."""
        said = [each.titled if way.cutting.contextual else each.text for each in passages]
        vectors = await way.embedder.embed(said)
        points = [Point(each.id, way.file.id, each.titled) for each in passages]
        await way.store.upsert(way.index.name, points, vectors)

    async def _drop_surplus(self, way: Way, count: int, there: int) -> None:
        """Remove what an earlier, longer text had."""
        for first in range(count, there, DELETED_EACH):
            ordinals = range(first, min(first + DELETED_EACH, there))
            ids = [passage_id(way.file.id, way.cutting.key, each) for each in ordinals]
            await way.store.delete(way.index.name, ids)

    async def _must_be_current(self, way: Way) -> None:
        now = await self.log.get(File, way.file.id)
        if now.deleted or now.text_sha256 != way.file.text_sha256:
            raise Moved
        if not await self.indexes.is_target(way.index.id):
            raise Moved
