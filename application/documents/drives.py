"""What is needed from a drive where people keep their files."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

Place = Literal["mine", "recent", "shared"]
Trouble = Literal["expired", "gone", "not_downloadable", "quota", "too_large", "setup", "refused"]


class DriveRefused(Exception):
    """A drive says no, and asking again at once would not help; the message is for people."""

    def __init__(self, kind: Trouble, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class TokenRejected(Exception):
    """A drive does not take an access token any more; another one may do."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What opens a drive, and for how many seconds; an empty `refresh` leaves the old one."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    seconds: int


@dataclass(frozen=True, slots=True)
class DriveItem:
    """A file or a folder there. `fetchable` says whether it can be had as a file at all."""

    id: str
    name: str
    is_folder: bool
    media_type: str = ""
    size: int | None = None
    changed_at: datetime | None = None
    fetchable: bool = True


@dataclass(frozen=True, slots=True)
class Items:
    """Some items; `next` gets the ones after them and is empty at the end."""

    items: tuple[DriveItem, ...]
    next: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which items: those of a place or a folder, or all that fit a query."""

    place: Place = "mine"
    folder: str = ""
    query: str = ""
    cursor: str = ""


class DriveServer(Protocol):
    """A kind of drive. Calls raise DriveRefused, TokenRejected, or Unavailable for a while."""

    @property
    def places(self) -> tuple[Place, ...]:
        """Where one can look, the first one first."""

    def address(self, state: str, challenge: str) -> str:
        """Where a person says yes; `challenge` is the S256 one of RFC 7636."""

    async def exchange(self, code: str, verifier: str) -> Tokens:
        """The tokens for a yes."""

    async def refresh(self, token: str) -> Tokens:
        """Newer tokens; DriveRefused("expired") when the person must say yes again."""

    async def revoke(self, token: str) -> None:
        """Have a refresh token open nothing more, where that is possible."""

    async def account(self, token: str) -> str:
        """Whose drive it is, in words for its owner."""

    async def items(self, token: str, wanted: Wanted) -> Items:
        """A page of items."""

    async def item(self, token: str, item_id: str) -> DriveItem:
        """One item as it is now, called as the file that is fetched will be."""

    def content(self, token: str, item_id: str) -> AsyncGenerator[bytes, None]:
        """Its bytes as they come; documents that are none are put into an office format."""
