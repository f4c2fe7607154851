"""Whether a generation of the index has exactly the passages it should have."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal, LiteralString
from uuid import UUID

from application.documents.ports import Listed, VectorStore
from infrastructure.documents.indexes import Index
from infrastructure.lines import Lines

PAGE = 1_000
DIFFERENCES_MAX = 100
SUSPECTS_MAX = 10_000
EXPECTED: LiteralString = """
    select p.id, p.file_id from documents.passages p
    join documents.indexed i on i.index_id = %(index)s
        and i.file_id = p.file_id and i.cutting = p.cutting
    where p.id > %(after)s or %(after)s::uuid is null
    order by p.id limit %(limit)s
"""
# What is just being put in, taken out or cut anew is no difference yet.
MOVING: LiteralString = """
    select f.id from unnest(%(files)s::uuid[]) f (id)
    where exists (select from work.jobs j where j.key = f.id and j.job in ('ingest', 'forget'))
        or exists (select from documents.indexed i
                   where i.index_id = %(index)s and i.file_id = f.id and not i.done)
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A passage that the index lacks, or has of another file, or a vector without a passage."""

    kind: Literal["missing", "extra", "other_file"]
    passage_id: UUID
    file_id: UUID


@dataclass(slots=True)
class Verified:
    """What was counted, and the first differences."""

    passages: int = 0
    vectors: int = 0
    differences: list[Difference] = field(default_factory=list)
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Verifying:
    """Walks along both in the order of their ids, a page at a time."""

    lines: Lines
    store: VectorStore
    index: Index

    async def run(self, found: Verified) -> Verified:
        """Compare everything; `found` fills meanwhile, for who wants to see how far it is."""
        suspects: list[Difference] = []
        async with aclosing(self._passages()) as passages, aclosing(self._vectors()) as vectors:
            async for passage, vector in aligned(passages, vectors):
                found.passages += passage is not None
                found.vectors += vector is not None
                if len(suspects) < SUSPECTS_MAX:
                    suspects += difference(passage, vector)
        moving = await self._moving({each.file_id for each in suspects})
        sure = [each for each in suspects if each.file_id not in moving]
        found.differences = sure[:DIFFERENCES_MAX]
        found.is_whole = True
        return found

    async def _moving(self, files: set[UUID]) -> set[UUID]:
        what = {"files": list(files), "index": self.index.id}
        return {row[0] for row in await self.lines.rows(MOVING, what)}

    async def _passages(self) -> AsyncGenerator[Listed, None]:
        after: UUID | None = None
        while True:
            what = {"index": self.index.id, "after": after, "limit": PAGE}
            rows = await self.lines.rows(EXPECTED, what)
            for row in rows:
                yield Listed(*row)
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    async def _vectors(self) -> AsyncGenerator[Listed, None]:
        after: UUID | None = None
        while page := await self.store.listing(self.index.name, after=after, limit=PAGE):
            for each in page:
                yield each
            after = page[-1].id


async def aligned(
    passages: AsyncGenerator[Listed, None], vectors: AsyncGenerator[Listed, None]
) -> AsyncGenerator[tuple[Listed | None, Listed | None], None]:
    """Both in the order of their ids, those with the same id together."""
    passage, vector = await anext(passages, None), await anext(vectors, None)
    while passage or vector:
        if vector is None or (passage and passage.id < vector.id):
            yield passage, None
            passage = await anext(passages, None)
        elif passage is None or vector.id < passage.id:
            yield None, vector
            vector = await anext(vectors, None)
        else:
            yield passage, vector
            passage, vector = await anext(passages, None), await anext(vectors, None)


def difference(passage: Listed | None, vector: Listed | None) -> Iterator[Difference]:
    """What is wrong with a passage and its vector, if anything is."""
    if passage and vector is None:
        yield Difference("missing", passage.id, passage.file_id)
    elif vector and passage is None:
        yield Difference("extra", vector.id, vector.file_id)
    elif passage and vector and passage.file_id != vector.file_id:
        yield Difference("other_file", passage.id, passage.file_id)
