"""A knowledge base as an archive: its directories, its files, and if wanted their texts."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from application.documents.blobs import Blobs
from infrastructure.archives import Member, Paths
from infrastructure.documents.texts import read_text
from infrastructure.lines import Lines
from projections.directories import Tree

TEXT_SUFFIX = ".txt"


async def members(
    tree: Tree, blobs: Blobs, texts: Lines | None = None
) -> AsyncGenerator[Member, None]:
    """What goes into the archive; files whose bytes are gone by now are left out."""
    paths = Paths()
    now = datetime.now(UTC)
    for path in sorted(tree.directories.values()):
        yield Member(paths.directory(path), now)
    for each in tree.files:
        if not await blobs.exists(each.sha256):
            continue
        found = paths.file(each.path)
        yield Member(found, each.updated_at, each.size, blobs.open(each.sha256))
        text = texts and await read_text(texts, each.id, each.text_sha256)
        if text:
            body = text.body.encode()
            beside = paths.file((*each.path[:-1], each.path[-1] + TEXT_SUFFIX))
            yield Member(beside, each.updated_at, len(body), whole(body))


async def whole(body: bytes) -> AsyncGenerator[bytes, None]:
    """Bytes as one piece."""
    yield body
