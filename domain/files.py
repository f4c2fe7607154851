"""Files: what people upload, write or fetch, and how far it has been read.

The bytes lie elsewhere under their SHA-256, and so does the text that was read from them. What
a worker records names the bytes or the text it worked on, so that one who comes too late changes
nothing.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Any, Literal, Self
from uuid import UUID

from domain.aggregate import Aggregate, Created
from domain.errors import Conflict, Invalid, NotFound

NAME_CHARACTERS_MAX = 255
SOURCE_CHARACTERS_MAX = 2_000
KIND_CHARACTERS_MAX = 50
MESSAGE_CHARACTERS_MAX = 500
TITLE_CHARACTERS_MAX = 300
OCTETS = "application/octet-stream"

HASH = re.compile(r"[0-9a-f]{64}")
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)
UNSEEN = frozenset(
    "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)

Stage = Literal["reading", "indexing"]


class State(StrEnum):
    """How far a file is on its way to being found."""

    QUEUED = "queued"
    READING = "reading"
    INDEXING = "indexing"
    READY = "ready"
    FAILED = "failed"


class File(Aggregate):
    """A document of one person."""

    TOPIC = "file"

    class Event(Aggregate.Event):
        """Anything that happens to a file."""

    class Added(Event, Created):
        TOPIC = "file.added"
        PERSONAL = ("name", "source")
        owner: UUID
        name: str
        media_type: str
        size: int
        sha256: str
        source: str

    class Renamed(Event):
        TOPIC = "file.renamed"
        PERSONAL = ("name",)
        name: str

        def apply(self, file: File) -> None:
            file.name = self.name

    class ReadingStarted(Event):
        TOPIC = "file.reading_started"

        def apply(self, file: File) -> None:
            file.state = State.READING

    class Read(Event):
        TOPIC = "file.read"
        PERSONAL = ("title",)
        text_sha256: str
        characters: int
        pages: int
        loader: str
        title: str

        def apply(self, file: File) -> None:
            file.text_sha256 = self.text_sha256
            file.edited = False
            file.state = State.INDEXING

    class TextEdited(Event):
        TOPIC = "file.text_edited"
        text_sha256: str
        characters: int

        def apply(self, file: File) -> None:
            file.text_sha256 = self.text_sha256
            file.edited = True
            file.state = State.INDEXING

    class Indexed(Event):
        TOPIC = "file.indexed"
        text_sha256: str
        passages: int

        def apply(self, file: File) -> None:
            file.passages = self.passages
            file.state = State.READY

    class Failed(Event):
        TOPIC = "file.failed"
        PERSONAL = ("message",)
        stage: Stage
        kind: str
        message: str

        def apply(self, file: File) -> None:
            file.state = State.FAILED

    class Retried(Event):
        TOPIC = "file.retried"

        def apply(self, file: File) -> None:
            file.state = State.INDEXING if file.text_sha256 else State.QUEUED

    class Replaced(Event):
        TOPIC = "file.replaced"
        PERSONAL = ("name",)
        name: str
        media_type: str
        size: int
        sha256: str

        def apply(self, file: File) -> None:
            file.name = self.name
            file.media_type = self.media_type
            file.size = self.size
            file.sha256 = self.sha256
            file.text_sha256 = ""
            file.edited = False
            file.state = State.QUEUED

    class Trashed(Event):
        TOPIC = "file.trashed"

        def apply(self, file: File) -> None:
            file.trashed = True

    class Restored(Event):
        TOPIC = "file.restored"

        def apply(self, file: File) -> None:
            file.trashed = False

    class Deleted(Event):
        TOPIC = "file.deleted"

        def apply(self, file: File) -> None:
            file.deleted = True

    def __init__(self, owner: UUID, name: str, media_type: str, size: int, sha256: str) -> None:
        self.owner = owner
        self.name = name
        self.media_type = media_type
        self.size = size
        self.sha256 = sha256
        self.state = State.QUEUED
        self.text_sha256 = ""
        self.edited = False
        self.passages = 0
        self.trashed = False
        self.deleted = False

    @property
    def owner_id(self) -> UUID:
        return self.owner

    @property
    def is_closed(self) -> bool:
        return self.trashed or self.deleted

    @classmethod
    def add(cls, file_id: UUID, *, owner: UUID, source: str = "", **content: Any) -> Self:
        """Keep a file; content is name, media_type, size and sha256."""
        return cls._create(
            cls.Added,
            id=file_id,
            owner=owner,
            source=source[:SOURCE_CHARACTERS_MAX],
            **checked_content(**content),
        )

    def rename(self, name: str) -> None:
        """Call it something else."""
        self.must_exist()
        name = checked_name(name)
        if name != self.name:
            self.trigger_event(self.Renamed, name=name)

    def replace(self, **content: Any) -> None:
        """Put other bytes in its place; it is read anew. Content as in add."""
        self.must_be_open()
        content = checked_content(**content)
        if (content["sha256"], content["media_type"]) != (self.sha256, self.media_type):
            self.trigger_event(self.Replaced, **content)
        else:
            self.rename(content["name"])

    def edit_text(self, text_sha256: str, *, characters: int) -> None:
        """Say better what is in it than the reading did."""
        self.must_be_open()
        if self.state in (State.QUEUED, State.READING):
            raise Conflict("This file is still being read. Edit its text afterwards.")
        if text_sha256 != self.text_sha256:
            self.trigger_event(
                self.TextEdited, text_sha256=checked_hash(text_sha256), characters=characters
            )

    def retry(self) -> None:
        """Try again what failed; what is on its way goes on."""
        self.must_be_open()
        if self.state == State.READY:
            raise Conflict("Only a file that failed can be tried again.")
        if self.state == State.FAILED:
            self.trigger_event(self.Retried)

    def start_reading(self, sha256: str) -> None:
        """Begin to read these bytes; a worker that takes over begins without news."""
        self.must_be_of(sha256)
        if self.state not in (State.QUEUED, State.READING):
            raise Conflict("This file has been read.")
        if self.state == State.QUEUED:
            self.trigger_event(self.ReadingStarted)

    def record_read(self, sha256: str, *, text_sha256: str, **found: Any) -> None:
        """Take over the text of these bytes; found is characters, pages, loader and title."""
        self.must_be_of(sha256)
        if self.state != State.READING:
            raise Conflict("This file is not being read.")
        self._take(text_sha256, **found)

    def _take(self, text_sha256: str, **found: Any) -> None:
        found["title"] = " ".join(found["title"].split())[:TITLE_CHARACTERS_MAX]
        self.trigger_event(self.Read, text_sha256=checked_hash(text_sha256), **found)

    def record_reread(self, sha256: str, *, text_sha256: str, **found: Any) -> None:
        """Take over what the same bytes say now, if it is another text; an edited one stays."""
        self.must_be_of(sha256)
        if self.state == State.READY and not self.edited and text_sha256 != self.text_sha256:
            self._take(text_sha256, **found)

    def record_indexed(self, text_sha256: str, *, passages: int) -> None:
        """Record that all passages of this text can be found."""
        self.must_have_text(text_sha256)
        if self.state not in (State.INDEXING, State.READY):
            raise Conflict("This file is not being indexed.")
        if (self.state, self.passages) != (State.READY, passages):
            self.trigger_event(self.Indexed, text_sha256=text_sha256, passages=passages)

    def fail_reading(self, sha256: str, *, kind: str, message: str) -> None:
        """Record why these bytes cannot be read."""
        self.must_be_of(sha256)
        if self.state not in (State.QUEUED, State.READING):
            raise Conflict("This file is not being read.")
        self._fail("reading", kind, message)

    def fail_indexing(self, text_sha256: str, *, kind: str, message: str) -> None:
        """Record why this text cannot be indexed."""
        self.must_have_text(text_sha256)
        if self.state != State.INDEXING:
            raise Conflict("This file is not being indexed.")
        self._fail("indexing", kind, message)

    def _fail(self, stage: Stage, kind: str, message: str) -> None:
        self.trigger_event(
            self.Failed,
            stage=stage,
            kind=kind[:KIND_CHARACTERS_MAX],
            message=message[:MESSAGE_CHARACTERS_MAX],
        )

    def trash(self) -> None:
        """Put it into the trash, whence it can come back."""
        self.must_exist()
        if not self.trashed:
            self.trigger_event(self.Trashed)

    def restore(self) -> None:
        """Take it out of the trash."""
        self.must_exist()
        if self.trashed:
            self.trigger_event(self.Restored)

    def delete(self) -> None:
        """Remove it for good; only what is in the trash can go."""
        if not self.trashed:
            raise Conflict("Only a file in the trash can be deleted for good.")
        if not self.deleted:
            self.trigger_event(self.Deleted)

    def admit(self, by: UUID) -> None:
        """Let its owner in; to others it does not exist."""
        if by != self.owner or self.deleted:
            raise NotFound("file", self.id)

    def must_exist(self) -> None:
        """Refuse what would touch a deleted file."""
        if self.deleted:
            raise NotFound("file", self.id)

    def must_be_open(self) -> None:
        """Refuse what would change a file in the trash."""
        self.must_exist()
        if self.trashed:
            raise Conflict("This file is in the trash. Restore it first.")

    def must_be_of(self, sha256: str) -> None:
        """Refuse a worker that read other bytes than the file has now."""
        self.must_be_open()
        if sha256 != self.sha256:
            raise Conflict("This file has other content by now.")

    def must_have_text(self, text_sha256: str) -> None:
        """Refuse a worker that worked on another text than the file has now."""
        self.must_be_open()
        if not text_sha256 or text_sha256 != self.text_sha256:
            raise Conflict("This file has another text by now.")


def checked_content(name: str, media_type: str, size: int, sha256: str) -> dict[str, Any]:
    """What is known of bytes, as it is kept."""
    if size < 0:
        raise Invalid("size must not be negative.")
    return {
        "name": checked_name(name),
        "media_type": checked_media_type(media_type),
        "size": size,
        "sha256": checked_hash(sha256),
    }


def checked_name(name: str) -> str:
    """A name as it is kept: no folders, no signs that cannot be seen, no devices."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    name = "".join(each for each in name if is_seen(each))
    name = " ".join(name.split()).rstrip(". ")
    if not name:
        raise Invalid("A file needs a name.")
    if len(name) > NAME_CHARACTERS_MAX:
        raise Invalid(f"A name has at most {NAME_CHARACTERS_MAX} characters.")
    return f"_{name}" if DEVICE.fullmatch(name.partition(".")[0].rstrip()) else name


def is_seen(character: str) -> bool:
    """Whether a character may stand in a name: none that hides or turns what follows."""
    if character.isspace():
        return True
    return character not in UNSEEN and unicodedata.category(character) not in ("Cc", "Cs", "Co")


def checked_media_type(media_type: str) -> str:
    """A media type without parameters, or that of plain bytes when it is none."""
    media_type = media_type.partition(";")[0].strip().lower()
    return media_type if MEDIA_TYPE.fullmatch(media_type) else OCTETS


def checked_hash(sha256: str) -> str:
    """A SHA-256 as lower-case hexadecimal digits."""
    if not HASH.fullmatch(sha256):
        raise Invalid("sha256 must be 64 hexadecimal digits.")
    return sha256
