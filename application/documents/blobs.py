"""Where the bytes of files lie."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol


class Gone(Exception):
    """These bytes are not there."""


class Damaged(Exception):
    """These are other bytes than was said."""


class Blobs(Protocol):
    """Keeps bytes under their SHA-256 (64 lower-case hexadecimal digits).

    All calls raise Unavailable while the store is away, and may be repeated without harm.
    """

    async def put(self, source: Path | bytes, sha256: str, size: int) -> None:
        """Keep bytes; raises Damaged unless they are those. A file is moved or removed."""

    def open(
        self, sha256: str, start: int = 0, end: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Yield the bytes from start up to, not including, end; raises Gone."""

    def local_path(self, sha256: str) -> AbstractAsyncContextManager[Path]:
        """A file with the bytes, only to be read, and only inside the block; raises Gone."""

    async def exists(self, sha256: str) -> bool:
        """Whether the bytes are there."""

    async def delete(self, sha256: str) -> None:
        """Remove the bytes, if they are there."""
