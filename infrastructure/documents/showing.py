"""The passages of a file as people look at them."""

from dataclasses import dataclass
from uuid import UUID

from infrastructure.lines import Lines


@dataclass(frozen=True, slots=True)
class ShownPassage:
    """A passage, and where it stands in the text of its file."""

    id: UUID
    ordinal: int
    text: str
    headings: str
    page: int | None
    start: int
    end: int
    tokens: int


async def passages_of(lines: Lines, file_id: UUID, *, after: int, limit: int) -> list[ShownPassage]:
    """Passages that questions are answered from, in their order, after an ordinal."""
    rows = await lines.rows(
        """
        select id, ordinal, text, headings, page, start_at, end_at, tokens
        from documents.live_passages where file_id = %(file)s and ordinal > %(after)s
        order by ordinal limit %(limit)s
        """,
        {"file": file_id, "after": after, "limit": limit},
    )
    return [ShownPassage(*row) for row in rows]
