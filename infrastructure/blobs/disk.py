"""Bytes in a folder of this machine."""

import asyncio
import errno
import os
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from application.documents.blobs import Gone
from application.ports import Unavailable
from infrastructure.blobs.store import PIECE_BYTES

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


class DiskStore:
    """Keeps bytes as files that only their owner may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, key: str, source: Path) -> None:
        """Move a file to its place, once it is safely on the disk."""
        await asyncio.to_thread(self._put, self._folder / key, source)

    async def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Yield a part of a file in pieces."""
        descriptor = await asyncio.to_thread(opened, self._folder / key)
        try:
            while start < end:
                piece = await asyncio.to_thread(
                    os.pread, descriptor, min(end - start, PIECE_BYTES), start
                )
                if not piece:
                    return
                start += len(piece)
                yield piece
        finally:
            os.close(descriptor)

    @asynccontextmanager
    async def local_path(self, key: str) -> AsyncIterator[Path]:
        """The file itself."""
        path = self._folder / key
        if not await asyncio.to_thread(path.is_file):
            raise Gone(key)
        yield path

    async def size(self, key: str) -> int | None:
        """How large the file is."""
        with suppress(FileNotFoundError):
            return (await asyncio.to_thread((self._folder / key).stat)).st_size
        return None

    async def delete(self, key: str) -> None:
        """Remove the file."""
        with told():
            await asyncio.to_thread((self._folder / key).unlink, missing_ok=True)

    async def clear(self, prefix: str) -> None:
        """Remove a folder."""
        await asyncio.to_thread(shutil.rmtree, self._folder / prefix, ignore_errors=True)

    def _put(self, target: Path, source: Path) -> None:
        with told():
            made = [each for each in target.parents if not each.exists()]
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = target.with_name(f".{uuid4().hex}")
            try:
                moved(source, draft)
                draft.replace(target)
            finally:
                draft.unlink(missing_ok=True)
            for folder in (target.parent, *(each.parent for each in made)):
                settle(folder)


def moved(source: Path, draft: Path) -> None:
    """Move a file, also from another disk, and have the disk keep it."""
    try:
        source.replace(draft)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copyfile(source, draft)
        source.unlink()
    draft.chmod(0o600)
    settle(draft)


def settle(path: Path) -> None:
    """Wait until the disk has what was written to a file or a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def opened(path: Path) -> int:
    """A descriptor of a file, or Gone."""
    try:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise Gone(path.name) from None


@contextmanager
def told() -> Iterator[None]:
    """Say plainly that the disk is full or broken."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise Unavailable("There is no room for files at the moment.") from error
        raise
