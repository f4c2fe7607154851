"""What retrieval works with, and what it needs from the world."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol
from uuid import UUID

from application.documents.ports import Hit
from application.documents.settings import Mode

Way = Literal["words", "meaning", "hybrid"]


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a file or of a page of the web, and where it stands there.

    `start` and `end` are places in the text of the file. Of a page of the web there is a `url`,
    of external knowledge its `knowledge_id`; both have neither `id` nor `file_id`.
    """

    name: str
    text: str
    id: UUID | None = None
    file_id: UUID | None = None
    url: str | None = None
    knowledge_id: UUID | None = None
    cutting: str = ""
    ordinal: int = 0
    headings: str = ""
    page: int | None = None
    start: int = 0
    end: int = 0
    hash: bytes = b""

    @property
    def document(self) -> tuple[UUID | str | None, str]:
        """What it is a piece of."""
        return self.file_id or self.url, self.cutting


def named_by(files: Mapping[UUID, str], passage: Passage) -> Passage:
    """A passage with the name of its file, which must be one of these."""
    assert passage.file_id is not None
    return replace(passage, name=files[passage.file_id])


@dataclass(frozen=True, slots=True)
class Scores:
    """How well a passage did at each stage that saw it."""

    words: float | None = None
    meaning: float | None = None
    fused: float | None = None
    rerank: float | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that may be used."""

    passage: Passage
    scores: Scores


@dataclass(frozen=True, slots=True)
class Ranking:
    """What one way of searching found for one query, best first."""

    way: Way
    hits: Sequence[Hit]


@dataclass(frozen=True, slots=True)
class Found:
    """What all ways found, how long each took, and why there is no meaning if there is none."""

    rankings: Sequence[Ranking]
    milliseconds: Mapping[str, float] = field(default_factory=dict)
    lacking: str = ""


@dataclass(frozen=True, slots=True)
class FileState:
    """A file that somebody may read. `chosen`: itself, and not only as a part of knowledge."""

    id: UUID
    name: str
    state: str
    chosen: bool = True
    whole: bool = False


class Search(Protocol):
    """Finds passages of files."""

    async def find(
        self, queries: Sequence[str], file_ids: Collection[UUID], *, mode: Mode, limit: int
    ) -> Found:
        """What is nearest to the queries in these files, by words and by meaning."""

    async def passages(
        self, ids: Collection[UUID], file_ids: Collection[UUID]
    ) -> Mapping[UUID, Passage]:
        """Passages by their ids, of these files only."""

    async def around(
        self, passages: Sequence[Passage], reach: int, file_ids: Collection[UUID]
    ) -> Sequence[Passage]:
        """The passages up to so many before and after each one, of these files only."""

    async def texts(
        self, file_ids: Collection[UUID], characters_max: int
    ) -> Sequence[Passage] | None:
        """The whole text of each file; None when together they are longer."""


@dataclass(frozen=True, slots=True)
class Attached:
    """What a question is about."""

    file_ids: Sequence[UUID] = ()
    knowledge_ids: Sequence[UUID] = ()
    urls: Sequence[str] = ()
    whole_ids: frozenset[UUID] = frozenset()
    web_search: bool = False


class Library(Protocol):
    """What is attached, and who may read what."""

    async def attached(self, chat_id: UUID, question_id: UUID) -> Attached:
        """All that holds for a question of this chat."""

    async def readable(self, user_id: UUID, attached: Attached) -> Sequence[FileState]:
        """The files of what is attached that this person may read now."""

    async def own(self, user_id: UUID) -> Sequence[FileState]:
        """The files of this person that can be searched."""
