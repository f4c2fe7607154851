"""Files that are ZIP archives inside, opened without trust; nothing is unpacked to disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError  # noqa: N812 (it is a class)

from infrastructure.loaders.base import Source, Unreadable, encrypted

SMALL_BYTES = 20_000_000  # up to here nothing can do harm, however well it is packed
ENCRYPTED_FLAG = 1
BROKEN = (BadZipFile, ZlibError, EOFError, NotImplementedError, OSError, ValueError)


class Package:
    """A ZIP archive whose members are read within limits."""

    def __init__(self, source: Source, archive: ZipFile) -> None:
        limits = source.reading.limits
        self.source = source
        self.archive = archive
        self.members = archive.infolist()
        if len(self.members) > limits.members_max:
            raise Unreadable("too_large", f"The archive has more than {limits.members_max} files.")

    def __contains__(self, name: str) -> bool:
        return name in self.archive.NameToInfo

    def read(self, member: str | ZipInfo) -> bytes:
        """The bytes of a member; absent ones are a sign of damage."""
        info = self.archive.NameToInfo.get(member) if isinstance(member, str) else member
        if info is None:
            raise damaged()
        self.check(info)
        self.source.reading.unpack(info.file_size)
        try:
            return self.archive.read(info)
        except RuntimeError:
            raise encrypted() from None
        except BROKEN:
            raise damaged() from None

    def check(self, info: ZipInfo) -> None:
        """Refuse what is encrypted, or packed better than any document."""
        if info.flag_bits & ENCRYPTED_FLAG:
            raise encrypted()
        ratio = info.file_size / max(info.compress_size, 1)
        if info.file_size > SMALL_BYTES and ratio > self.source.reading.limits.ratio_max:
            raise Unreadable("too_large", "The archive unpacks to far more than it could hold.")


@contextmanager
def opened(source: Source) -> Iterator[Package]:
    """A package for as long as it is read."""
    with source.open() as file:
        try:
            archive = ZipFile(file)
        except BROKEN:
            raise damaged() from None
        with archive:
            yield Package(source, archive)


def damaged() -> Unreadable:
    """The usual fate of half a download."""
    return Unreadable("damaged", "The file is damaged or was cut off.")
