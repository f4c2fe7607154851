"""Looks on the web: pages somebody attached, and pages a search engine names."""

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol, TypeVar
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from application.documents.ports import Embedder, Unfit, WebPage, WebReader, WebSearch
from application.documents.settings import Web as Choices
from application.ports import Unavailable
from application.retrieval.fusion import fused
from application.retrieval.pages import best_first, by_words, cut
from application.retrieval.ports import Candidate, Passage, Ranking, Scores
from domain.errors import Refusal

SEARCH_SECONDS_MAX = 10.0
READ_SECONDS_MAX = 15.0
EMBED_SECONDS_MAX = 10.0
READ_AT_ONCE_MAX = 5
PIECES_RANKED_MAX = 32
T = TypeVar("T")

PIECES = UUID("6f3e7e57-6d8a-4f0e-9b0c-4b1f6f0f2a55")


class Web(Protocol):
    """The ways to the web that an administrator opened; None where there is none."""

    @property
    def search(self) -> WebSearch | None:
        """A search engine."""

    @property
    def reader(self) -> WebReader | None:
        """What fetches pages."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found on the web, best first, and what went wrong in plain words."""

    candidates: Sequence[Candidate] = ()
    problems: Sequence[str] = ()
    milliseconds: float = 0.0


@dataclass(slots=True)
class Look:
    """One look at the web."""

    web: Web
    choices: Choices
    embedder: Embedder | None = None
    problems: list[str] = field(default_factory=list)

    async def run(self, queries: Sequence[str], urls: Sequence[str], *, search: bool) -> Looked:
        """Read the pages of these addresses, and those a search names; never fails."""
        begun = monotonic()
        found = await self._searched(queries) if search else {}
        pages = await self._read([*urls, *found], {url: found.get(url) for url in urls} | found)
        candidates = await self._ranked(queries, [each for page in pages for each in cut(page)])
        return Looked(candidates, self.problems, round((monotonic() - begun) * 1000, 1))

    async def _searched(self, queries: Sequence[str]) -> dict[str, WebPage | None]:
        """The pages a search engine names, with its own words about each, best first."""
        engine = self.web.search
        if engine is None:
            self.problems.append("Web search is not set up here.")
            return {}
        wishes = [
            self._tried(
                engine.search(each, self.choices.results), SEARCH_SECONDS_MAX, "The web search"
            )
            for each in queries
        ]
        lists = [each or [] for each in await asyncio.gather(*wishes)]
        found: dict[str, WebPage | None] = {}
        for place in range(max(map(len, lists), default=0)):
            for each in (results[place] for results in lists if place < len(results)):
                found.setdefault(each.url, WebPage(each.url, each.title, each.snippet))
        return found

    async def _read(self, urls: Sequence[str], known: dict[str, WebPage | None]) -> list[WebPage]:
        """The first pages; of the others, and of those that cannot be read, what is known."""
        reader = self.web.reader
        attached = [url for url in dict.fromkeys(urls) if known.get(url) is None]
        named = [url for url in dict.fromkeys(urls) if known.get(url) is not None]
        if reader is None:
            if attached:
                self.problems.append("Pages of the web cannot be read here.")
            return [page for page in known.values() if page]
        room = asyncio.Semaphore(READ_AT_ONCE_MAX)

        async def read(url: str) -> WebPage | None:
            async with room:
                return await self._tried(reader.read(url), READ_SECONDS_MAX, host_of(url))

        wanted = [*attached, *named[: self.choices.pages]]
        pages = dict(zip(wanted, await asyncio.gather(*map(read, wanted)), strict=True))
        found = (pages.get(url) or known.get(url) for url in dict.fromkeys(urls))
        return [page for page in found if page and page.text.strip()]

    async def _tried(self, wish: Awaitable[T], seconds: float, what: str) -> T | None:
        """What is wished for, or nothing and a problem."""
        try:
            async with asyncio.timeout(seconds):
                return await wish
        except TimeoutError:
            self.problems.append(f"{what} did not answer in time.")
        except (Unavailable, Unfit, Refusal) as error:
            self.problems.append(f"{what}: {error}")
        return None

    async def _ranked(self, queries: Sequence[str], pieces: Sequence[Passage]) -> list[Candidate]:
        """Pieces by their words, and the best of them by their meaning too."""
        if not pieces:
            return []
        keys = [uuid5(PIECES, f"{each.url} {each.ordinal}") for each in pieces]
        rankings = [by_words(each, keys, pieces) for each in queries]
        best = [key for key, _ in fused(rankings)] + keys
        some = list(dict.fromkeys(best))[:PIECES_RANKED_MAX]
        by_key = dict(zip(keys, pieces, strict=True))
        rankings += await self._by_meaning(queries, some, [by_key[key] for key in some])
        ranked = dict(fused(rankings))
        order = dict.fromkeys([*ranked, *keys])  # the rest as the search engine has it
        return [Candidate(by_key[key], ranked.get(key, Scores())) for key in order]

    async def _by_meaning(
        self, queries: Sequence[str], keys: Sequence[UUID], pieces: Sequence[Passage]
    ) -> list[Ranking]:
        if self.embedder is None:
            return []
        with suppress(Unavailable, Unfit, TimeoutError):
            async with asyncio.timeout(EMBED_SECONDS_MAX):
                texts = [f"{each.headings}\n{each.text}".strip() for each in pieces]
                vectors = await self.embedder.embed(texts, "passage")
                asked = await self.embedder.embed(list(queries), "query")
            return [
                Ranking("meaning", best_first(keys, [float(x) for x in vectors @ query]))
                for query in asked
            ]
        return []


def host_of(url: str) -> str:
    """The name of a server, for people."""
    return urlsplit(url).hostname or url
