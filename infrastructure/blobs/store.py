"""What every store of bytes can do, whatever the bytes are called in it."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

PIECE_BYTES = 1024 * 1024


class Store(Protocol):
    """Keeps bytes under keys such as `files/ab/cd/...`. Raises Unavailable while it is away."""

    async def put(self, key: str, source: Path) -> None:
        """Keep a file under a key, all of it or nothing. The file is used up."""

    def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Yield the bytes from start up to, not including, end; raises Gone."""

    def local_path(self, key: str) -> AbstractAsyncContextManager[Path]:
        """A file with the bytes, for as long as the block lasts; raises Gone."""

    async def size(self, key: str) -> int | None:
        """How many bytes there are, None when there is no such key."""

    async def delete(self, key: str) -> None:
        """Remove what is there under a key, if anything is."""

    async def clear(self, prefix: str) -> None:
        """Remove all keys below a prefix, which ends with a slash."""
