"""Bytes under their own hash: what is the same is kept once, and cannot change unseen."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing
from pathlib import Path

from application.documents.blobs import Damaged, Gone
from infrastructure.blobs.scratch import Scratch
from infrastructure.blobs.store import PIECE_BYTES, Store


class ContentBlobs:
    """The port `Blobs` on any store."""

    def __init__(self, store: Store, scratch: Scratch) -> None:
        self._store = store
        self._scratch = scratch

    async def put(self, source: Path | bytes, sha256: str, size: int) -> None:
        """Keep bytes unless they are there; looks whether they are those."""
        if isinstance(source, bytes):
            async with self._scratch.file() as draft:
                await draft.write_all(one(source))
                await self.put(draft.path, sha256, size)
            return
        found = await asyncio.to_thread(hash_of, source)
        if found != (sha256, size):
            raise Damaged(f"{found[1]} bytes of {found[0]} are not {size} of {sha256}")
        if await self._store.size(key_of(sha256)) == size:
            await asyncio.to_thread(source.unlink, missing_ok=True)
        else:
            await self._store.put(key_of(sha256), source)

    async def open(
        self, sha256: str, start: int = 0, end: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Yield a part of the bytes."""
        size = await self._store.size(key_of(sha256))
        if size is None:
            raise Gone(sha256)
        stop = size if end is None else min(end, size)
        async with aclosing(self._store.read(key_of(sha256), start, stop)) as pieces:
            async for piece in pieces:
                yield piece

    def local_path(self, sha256: str) -> AbstractAsyncContextManager[Path]:
        """A file with the bytes."""
        return self._store.local_path(key_of(sha256))

    async def exists(self, sha256: str) -> bool:
        """Whether the bytes are there."""
        return await self._store.size(key_of(sha256)) is not None

    async def delete(self, sha256: str) -> None:
        """Remove the bytes."""
        await self._store.delete(key_of(sha256))


def key_of(sha256: str) -> str:
    """Where bytes lie in a store."""
    return f"files/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def hash_of(path: Path) -> tuple[str, int]:
    """The hash and the size of a file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size


async def one(piece: bytes) -> AsyncGenerator[bytes, None]:
    """A single piece as pieces."""
    yield piece
