"""External knowledge: passages that others keep, asked for within limits and never relied on."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from time import monotonic
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from application.documents.ports import Hit, Unfit
from application.ports import Unavailable
from application.retrieval.fusion import fused
from application.retrieval.pages import by_words
from application.retrieval.ports import Candidate, Passage, Ranking
from application.retrieval.sources import Source
from application.retrieval.web import Looked

ASKED_MAX = 16
TEXT_CHARACTERS_MAX = 8_000
LINE_CHARACTERS_MAX = 300
URL_CHARACTERS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage as a source gave it; a higher score is better, whatever its scale."""

    text: str
    title: str = ""
    url: str = ""
    page: int | None = None
    id: str = ""
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Base:
    """An external knowledge base that somebody may ask."""

    id: UUID
    name: str
    source: Source


class Externals(Protocol):
    """The external knowledge there is."""

    async def readable(self, user_id: UUID, knowledge_ids: Collection[UUID]) -> Sequence[Base]:
        """Those of these knowledge bases that are external, and that this person may ask now."""

    async def ask(self, base: Base, query: str, limit: int) -> Sequence[Piece]:
        """What fits best, best first. Raises Unavailable or Unfit."""


@dataclass(slots=True)
class Inquiry:
    """Some questions to all sources that are attached, at the same time."""

    externals: Externals | None
    queries: Sequence[str]
    limit: int = ASKED_MAX
    problems: list[str] = field(default_factory=list)

    async def run(self, user_id: UUID, knowledge_ids: Collection[UUID]) -> Looked:
        """What they have, best first, and what went wrong; never fails."""
        begun = monotonic()
        if self.externals is None or not knowledge_ids:
            return Looked()
        try:
            bases = await self.externals.readable(user_id, knowledge_ids)
        except Unavailable as error:
            return Looked(problems=[f"External knowledge: {error}"])
        if not bases:
            return Looked()
        answers = await asyncio.gather(*(self._answers(self.externals, each) for each in bases))
        found = ranked(self.queries, bases, answers)
        took = round((monotonic() - begun) * 1000, 1)
        return Looked(found, list(dict.fromkeys(self.problems)), took)

    async def _answers(self, externals: Externals, base: Base) -> list[Sequence[Piece]]:
        wishes = (self._asked(externals, base, each) for each in self.queries)
        return await asyncio.gather(*wishes)

    async def _asked(self, externals: Externals, base: Base, query: str) -> Sequence[Piece]:
        """What a source says to one question, or nothing and a problem."""
        try:
            async with asyncio.timeout(base.source.seconds):
                return await externals.ask(base, query, self.limit)
        except TimeoutError:
            self.problems.append(f"{base.name}: no answer within {base.source.seconds} seconds.")
        except (Unavailable, Unfit) as error:
            self.problems.append(f"{base.name}: {error}")
        return []


async def still_readable(
    externals: Externals | None, user_id: UUID, found: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """What of a record is not of external knowledge that this person may not ask any more."""
    named = {UUID(each["knowledge_id"]) for each in found if each.get("knowledge_id")}
    bases = await externals.readable(user_id, named) if externals and named else []
    gone = {str(each) for each in named - {each.id for each in bases}}
    return [each for each in found if each.get("knowledge_id") not in gone]


def ranked(
    queries: Sequence[str], bases: Sequence[Base], answers: Sequence[Sequence[Sequence[Piece]]]
) -> list[Candidate]:
    """All passages in one order: by the places their sources gave them, and by their words."""
    passages: dict[UUID, Passage] = {}
    rankings: list[Ranking] = []
    for base, lists in zip(bases, answers, strict=True):
        for pieces in lists:
            hits = []
            for piece in pieces:
                key = uuid5(base.id, f"{piece.id}\n{piece.url}\n{piece.text}")
                passages.setdefault(key, passage_of(base, piece, key, len(passages)))
                hits.append(Hit(key, piece.score))
            rankings.append(Ranking("hybrid", hits))
    if passages:
        keys, texts = list(passages), list(passages.values())
        rankings += [by_words(each, keys, texts) for each in queries]
    return [Candidate(passages[key], scores) for key, scores in fused(rankings)]


def passage_of(base: Base, piece: Piece, key: UUID, ordinal: int) -> Passage:
    """A passage as it is read and cited; each stands for itself."""
    text = piece.text.replace("\x00", "")[:TEXT_CHARACTERS_MAX]
    return Passage(
        line(piece.title) or line(piece.url) or base.name,
        text,
        knowledge_id=base.id,
        url=web_address(piece.url),
        cutting=f"external {key}",
        ordinal=ordinal,
        page=piece.page,
        hash=sha256(text.encode("utf-8", "replace")).digest(),
    )


def line(text: str) -> str:
    """A text as one line of a title."""
    return " ".join(text.replace("\x00", "").split())[:LINE_CHARACTERS_MAX]


def web_address(url: str) -> str | None:
    """An address that may become a link; anything else is only a name."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable()
    return url.strip() if is_good and len(url) <= URL_CHARACTERS_MAX else None
