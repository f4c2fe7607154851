"""Files for a moment: what is being received, put together or looked at."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from infrastructure.blobs.disk import told

FOLDER = "scratch"


@dataclass(slots=True)
class Draft:
    """A file that is being written."""

    path: Path
    size: int = 0
    sha256: str = ""

    async def write_all(self, pieces: AsyncIterable[bytes]) -> None:
        """Write pieces as they come, and know their hash at the end.

        When they end with an error, size and hash are those of what had come until then.
        """
        digest = hashlib.sha256()
        with told():
            file = await asyncio.to_thread(self.path.open, "wb")
        try:
            async for piece in pieces:
                await asyncio.to_thread(written, file, digest, piece)
                self.size += len(piece)
        finally:
            await asyncio.to_thread(file.close)
            self.sha256 = digest.hexdigest()


def written(file: BinaryIO, digest: "hashlib._Hash", piece: bytes) -> None:
    """Write a piece and take it into the hash."""
    with told():
        file.write(piece)
    digest.update(piece)


class Scratch:
    """A folder for them. What a killed process left there is removed by a daily chore."""

    def __init__(self, data_folder: Path) -> None:
        self.folder = data_folder / FOLDER

    @asynccontextmanager
    async def file(self) -> AsyncIterator[Draft]:
        """A draft with a name of its own, gone afterwards unless it was moved away."""
        with told():
            await asyncio.to_thread(self.folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        path = self.folder / uuid4().hex
        await asyncio.to_thread(path.touch, 0o600)
        try:
            yield Draft(path)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def sweep(self, seconds: float) -> int:
        """Remove what was last touched longer ago; return how many that were."""
        return await asyncio.to_thread(self._sweep, time.time() - seconds)

    def _sweep(self, before: float) -> int:
        count = 0
        for path in self.folder.glob("*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()
                    count += 1
        return count
