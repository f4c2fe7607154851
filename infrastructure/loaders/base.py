"""What loaders take and give. Children import this first, so it needs little."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path, PurePosixPath
from time import monotonic
from typing import BinaryIO, Literal

Kind = Literal[
    "encrypted", "empty", "damaged", "unsupported", "too_large", "too_slow", "memory", "no_text"
]

OCR_HINT = "To read scans and pictures, install tesseract on the server and allow OCR."

HEARING_HINT = "To have recordings written down, choose a transcription server in the settings."


class Unreadable(Exception):
    """A file cannot be read; the message tells a person why."""

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


def encrypted() -> Unreadable:
    """Nobody gave us the password, and nobody should."""
    return Unreadable(
        "encrypted", "The file is protected by a password. Remove the protection and try again."
    )


def unheard() -> Unreadable:
    """Nobody listens to recordings here."""
    return Unreadable("no_text", f"This is a sound recording or a film. {HEARING_HINT}")


@dataclass(frozen=True, slots=True)
class Extracted:
    """The text of a document; `pages` is 0 where there are none."""

    text: str
    title: str
    pages: int
    loader: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost."""

    memory_bytes_max: int = 2**30
    seconds_max: float = 120.0
    text_bytes_max: int = 50_000_000
    pages_max: int = 5_000
    scans_max: int = 100
    members_max: int = 2_000
    unpacked_bytes_max: int = 500_000_000
    ratio_max: int = 500
    depth_max: int = 3


@dataclass(frozen=True, slots=True)
class Draft:
    """What a loader found: pages, or parts of a text without pages."""

    parts: Iterable[str]
    title: str = ""
    is_paged: bool = False


@dataclass(slots=True)
class Reading:
    """One read: what it may use, and what it has used."""

    limits: Limits = field(default_factory=Limits)
    tesseract: str = ""
    languages: str = "eng"
    unpacked: int = 0
    scans: int = 0
    unread: int = 0
    began: float = field(default_factory=monotonic)

    @property
    def seconds_left(self) -> float:
        """How long slow work may go on, so that there is time left to tell what was found."""
        return self.limits.seconds_max * 0.8 - (monotonic() - self.began)

    def unpack(self, size: int) -> None:
        """Count what is unpacked from archives, or refuse."""
        self.unpacked += size
        if self.unpacked > self.limits.unpacked_bytes_max:
            raise Unreadable("too_large", "The archive unpacks to more than can be read.")


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read: on disk, or a member of an archive in memory."""

    name: str
    content: Path | bytes
    reading: Reading = field(default_factory=Reading)
    depth: int = 0
    media_type: str = ""

    @property
    def suffix(self) -> str:
        """What the name says it is, without the dot."""
        return PurePosixPath(self.name).suffix[1:].lower()

    @property
    def size(self) -> int:
        """The number of bytes."""
        content = self.content
        return len(content) if isinstance(content, bytes) else content.stat().st_size

    def open(self) -> BinaryIO:
        """The bytes as a file; the caller closes it."""
        content = self.content
        return BytesIO(content) if isinstance(content, bytes) else content.open("rb")

    def head(self, size: int) -> bytes:
        """The first bytes."""
        with self.open() as file:
            return file.read(size)

    def data(self) -> bytes:
        """All bytes."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()
