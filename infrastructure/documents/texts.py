"""The texts of files, as they were read or edited, each under its hash."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from infrastructure.lines import Lines
from projections.read_model import clean


@dataclass(frozen=True, slots=True)
class Text:
    """What a file says; pages are separated by form feeds."""

    sha256: str
    body: str
    pages: int


def hash_of(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


async def keep_text(lines: Lines, file_id: UUID, text: str, pages: int) -> str:
    """Keep a text before an event names it; returns its SHA-256. No other text is replaced."""
    text = clean(text)
    sha256 = hash_of(text)
    await lines.run(
        """
        insert into documents.texts (file_id, sha256, body, pages)
        values (%(file)s, decode(%(sha256)s, 'hex'), %(body)s, %(pages)s)
        on conflict (file_id, sha256) do update set kept_at = now(), pages = excluded.pages
        """,
        {"file": file_id, "sha256": sha256, "body": text, "pages": pages},
    )
    return sha256


async def read_text(lines: Lines, file_id: UUID, sha256: str) -> Text | None:
    """The text that an event named; None when there is none."""
    row = await lines.row(
        """
        select encode(sha256, 'hex'), body, pages from documents.texts
        where file_id = %(file)s and sha256 = decode(%(sha256)s, 'hex')
        """,
        {"file": file_id, "sha256": sha256},
    )
    return None if row is None else Text(*row)


async def drop_texts(lines: Lines, file_id: UUID, *, keep: str = "", seconds: float = 0) -> None:
    """Forget the texts of a file but one; those that were kept just now may still be named."""
    await lines.run(
        """
        delete from documents.texts where file_id = %(file)s
            and encode(sha256, 'hex') <> %(keep)s
            and kept_at <= now() - make_interval(secs => %(seconds)s)
        """,
        {"file": file_id, "keep": keep, "seconds": seconds},
    )
