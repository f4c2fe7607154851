"""The passages of files: pieces of text that can be found, and shown at their place."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString, Protocol
from uuid import UUID, uuid5

from infrastructure.lines import Lines

ROWS_EACH = 500

# Rows that are there already stay as they are, so that repeating costs little.
KEEP: LiteralString = """
    insert into documents.passages as p (id, file_id, cutting, ordinal, text, headings, page,
        start_at, end_at, tokens, hash, words)
    select n.id, %(file)s, %(cutting)s, n.ordinal, n.text, n.headings, n.page,
        n.start_at, n.end_at, n.tokens, n.hash, documents.words_of(n.headings, n.text)
    from unnest(%(ids)s::uuid[], %(ordinals)s::int[], %(texts)s::text[], %(headings)s::text[],
        %(pages)s::int[], %(starts)s::int[], %(ends)s::int[], %(tokens)s::int[],
        %(hashes)s::bytea[])
        as n (id, ordinal, text, headings, page, start_at, end_at, tokens, hash)
    where not exists (
        select from documents.passages q where q.id = n.id and q.hash = n.hash
            and (q.text, q.headings, q.start_at, q.end_at, q.tokens)
              = (n.text, n.headings, n.start_at, n.end_at, n.tokens)
            and q.page is not distinct from n.page)
    order by n.id
    on conflict (id) do update
    set text = excluded.text, headings = excluded.headings, page = excluded.page,
        start_at = excluded.start_at, end_at = excluded.end_at, tokens = excluded.tokens,
        hash = excluded.hash, words = excluded.words
"""
SURPLUS: LiteralString = """
    delete from documents.passages
    where file_id = %(file)s and cutting = %(cutting)s and ordinal >= %(count)s
"""
PAGE: LiteralString = """
    select id, ordinal, text, headings from documents.passages
    where file_id = %(file)s and cutting = %(cutting)s and ordinal >= %(first)s
    order by ordinal limit %(limit)s
"""
# Cuttings of a file that no generation has any more.
FORSAKEN: LiteralString = """
    delete from documents.passages p where p.file_id = any (%(files)s) and not exists (
        select from documents.indexed i where i.file_id = p.file_id and i.cutting = p.cutting)
"""


class Cut(Protocol):
    """A passage as it was cut from a text."""

    @property
    def text(self) -> str:
        """What it says."""

    @property
    def headings(self) -> str:
        """The headings above it."""

    @property
    def page(self) -> int | None:
        """The page it begins on, from 1."""

    @property
    def start(self) -> int:
        """Where it begins in the text."""

    @property
    def end(self) -> int:
        """Where it ends in the text."""

    @property
    def tokens(self) -> int:
        """How long it is for a model."""

    @property
    def hash(self) -> bytes:
        """The SHA-256 of what is embedded."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage as it is kept."""

    id: UUID
    ordinal: int
    text: str
    headings: str

    @property
    def titled(self) -> str:
        """The passage below its headings, so that it says by itself what it is about."""
        return f"{self.headings}\n{self.text}" if self.headings else self.text


def passage_id(file_id: UUID, cutting: str, ordinal: int) -> UUID:
    """The same passage has the same id whoever cuts it, however often."""
    return uuid5(file_id, f"{cutting}/{ordinal}")


async def keep_passages(lines: Lines, file_id: UUID, cutting: str, cut: Sequence[Cut]) -> None:
    """Keep the passages of a file, and none of an earlier text in the same cutting."""
    for first in range(0, len(cut), ROWS_EACH):
        some = cut[first : first + ROWS_EACH]
        what: dict[str, Any] = {"file": file_id, "cutting": cutting}
        await lines.run(KEEP, what | columns(file_id, cutting, first, some))
    await lines.run(SURPLUS, {"file": file_id, "cutting": cutting, "count": len(cut)})


def columns(file_id: UUID, cutting: str, first: int, some: Sequence[Cut]) -> dict[str, Any]:
    """Passages as arrays, one for each column."""
    ordinals = range(first, first + len(some))
    return {
        "ids": [passage_id(file_id, cutting, ordinal) for ordinal in ordinals],
        "ordinals": list(ordinals),
        "texts": [each.text for each in some],
        "headings": [each.headings for each in some],
        "pages": [each.page for each in some],
        "starts": [each.start for each in some],
        "ends": [each.end for each in some],
        "tokens": [each.tokens for each in some],
        "hashes": [each.hash for each in some],
    }


async def page_of_passages(
    lines: Lines, file_id: UUID, cutting: str, *, first: int, limit: int
) -> list[Passage]:
    """Some passages of a file, from an ordinal on."""
    what = {"file": file_id, "cutting": cutting, "first": first, "limit": limit}
    return [Passage(*row) for row in await lines.rows(PAGE, what)]


async def drop_passages(lines: Lines, file_id: UUID) -> None:
    """Forget all passages of a file."""
    await lines.run("delete from documents.passages where file_id = %(file)s", {"file": file_id})


async def drop_forsaken(lines: Lines, file_ids: Collection[UUID]) -> None:
    """Forget what was cut in a way that no generation of the index uses for these files."""
    await lines.run(FORSAKEN, {"files": list(file_ids)})
