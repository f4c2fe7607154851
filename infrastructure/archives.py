"""ZIP archives that are written while they are sent, with paths that are safe to unpack."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from domain.files import DEVICE

NAME_BYTES_MAX = 200
UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*]')
YEAR_MIN, YEAR_MAX = 1980, 2107
PLAIN_FILE = 0o100644 << 16
PLAIN_DIRECTORY = (0o40755 << 16) | 0x10
SOME_BYTES = 256 * 1024


class Paths:
    """Gives everything a path of its own, also where large and small letters are the same."""

    def __init__(self) -> None:
        self._directories: dict[tuple[str, ...], str] = {(): ""}
        self._taken: set[str] = set()
        self._last: dict[str, int] = {}

    def directory(self, path: tuple[str, ...]) -> str:
        """The path of a directory, ending with a slash; always the same for the same one."""
        if path not in self._directories:
            above = self.directory(path[:-1])
            self._directories[path] = f"{self._unique(above, path[-1])}/"
        return self._directories[path]

    def file(self, path: tuple[str, ...]) -> str:
        """A path for a file; another one each time."""
        return self._unique(self.directory(path[:-1]), path[-1])

    def _unique(self, above: str, name: str) -> str:
        name = safe_name(name)
        stem, dot, suffix = name.rpartition(".")
        stem, end = (stem, dot + suffix) if stem else (name, "")
        first = found = above + name
        number = self._last.get(first.casefold(), 1)
        while found.casefold() in self._taken:
            number += 1
            found = f"{above}{stem} ({number}){end}"
        self._last[first.casefold()] = number
        self._taken.add(found.casefold())
        return found


def safe_name(name: str) -> str:
    """A name that can be a file's on every system, and none that means something there."""
    name = UNSAFE.sub("_", name.encode(errors="replace").decode()).strip().rstrip(". ")
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix.encode()) > NAME_BYTES_MAX // 4:
        stem, dot, suffix = name, "", ""
    room = NAME_BYTES_MAX - len(f"{dot}{suffix}".encode())
    stem = stem.encode()[:room].decode(errors="ignore")
    if not stem or DEVICE.fullmatch(stem.partition(".")[0].rstrip()):
        stem = f"_{stem}"
    return f"{stem}{dot}{suffix}".rstrip(". ")


@dataclass(frozen=True, slots=True)
class Member:
    """Something to put into an archive; a path that ends with a slash is a directory."""

    path: str
    at: datetime
    size: int = 0
    pieces: AsyncGenerator[bytes, None] | None = None

    @property
    def info(self) -> ZipInfo:
        """What the archive says of it."""
        at = self.at.astimezone(UTC)
        year = min(max(at.year, YEAR_MIN), YEAR_MAX)
        moment = (year, at.month, at.day, at.hour, at.minute, at.second)
        info = ZipInfo(self.path, moment)
        info.file_size = self.size
        info.external_attr = PLAIN_DIRECTORY if self.path.endswith("/") else PLAIN_FILE
        info.compress_type = ZIP_DEFLATED
        return info


class _Outlet:
    """What an archive is written to: it cannot go back, and holds what was not taken yet."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes, /) -> int:
        """Take what comes."""
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits anywhere else."""

    def close(self) -> None:
        """What is held stays to be taken."""

    def take(self, least: int = 0) -> bytes:
        """All that has come since, if it is that much."""
        if len(self._held) < least:
            return b""
        held, self._held = bytes(self._held), bytearray()
        return held


async def zipped(members: AsyncIterator[Member]) -> AsyncGenerator[bytes, None]:
    """An archive of members in pieces; only one piece at a time is in memory."""
    outlet = _Outlet()
    with ZipFile(outlet, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        async for member in members:
            if member.pieces is None:
                archive.writestr(member.info, b"")
                continue
            with archive.open(member.info, "w") as entry:
                async with aclosing(member.pieces) as pieces:
                    async for piece in pieces:
                        await asyncio.to_thread(entry.write, piece)
                        if held := outlet.take(SOME_BYTES):
                            yield held
    yield outlet.take()
