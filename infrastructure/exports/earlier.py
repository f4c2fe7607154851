"""An earlier export whose files are kept here, brought back to a folder to be compared with."""

import asyncio
from contextlib import aclosing
from pathlib import Path
from uuid import UUID

from application.documents.blobs import Blobs, Gone
from domain.errors import Invalid, NotFound
from domain.exports import Export
from infrastructure.event_log import EventLog
from infrastructure.exports.exporting import MANIFEST
from infrastructure.exports.tombstones import Earlier

IDS = ".ids"


async def brought(log: EventLog, blobs: Blobs, since: str, folder: Path) -> Earlier:
    """Its manifest and the ids of its rows; Invalid when they are gone."""
    try:
        found = await log.get(Export, UUID(since))
        if found.state != "done" or found.exported is None:
            raise Invalid("since: the files of that export are gone.")
        for each in found.exported.files:
            if each.path == MANIFEST or each.path.endswith(IDS):
                await copied(blobs, each.sha256, folder / each.path)
    except (NotFound, Gone):
        raise Invalid("since: the files of that export are gone.") from None
    return await asyncio.to_thread(Earlier.read, folder / MANIFEST)


async def copied(blobs: Blobs, sha256: str, target: Path) -> None:
    """Write bytes that are kept to a file."""
    with target.open("wb") as file:
        async with aclosing(blobs.open(sha256)) as pieces:
            async for piece in pieces:
                await asyncio.to_thread(file.write, piece)
