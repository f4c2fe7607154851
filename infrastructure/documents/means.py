"""What an administrator chose to find passages with, as retrieval needs it."""

from contextlib import suppress
from dataclasses import dataclass

from application.answering.retrieval import Shelves
from application.documents.ports import Embedder, Reranker, Unfit, WebPage, WebReader, WebSearch
from application.documents.settings import DocumentSettings
from application.ports import Unavailable
from infrastructure.documents.engines import DocumentEngines, loaders_of
from infrastructure.documents.indexes import Indexes
from infrastructure.documents.library import ReadLibrary
from infrastructure.documents.search import PassageSearch, asked
from infrastructure.external.asking import ExternalKnowledge
from infrastructure.guarded import GuardedClient
from infrastructure.lines import Lines
from infrastructure.loaders.base import Unreadable
from infrastructure.reader import Reader
from infrastructure.search.domains import Domains
from infrastructure.search.pages import PageReader


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways to the web."""

    search: WebSearch | None
    reader: WebReader | None


@dataclass(frozen=True, slots=True)
class Pages:
    """Pages of the web; what cannot be read of them is said in plain words."""

    reader: PageReader

    async def read(self, url: str) -> WebPage:
        """The text of a page."""
        try:
            return await self.reader.read(url)
        except Unreadable as error:
            raise Unfit(error.message) from None


@dataclass(frozen=True, slots=True)
class ChosenMeans:
    """The `Means` port."""

    engines: DocumentEngines
    indexes: Indexes
    client: GuardedClient | None = None

    async def settings(self) -> DocumentSettings:
        """All choices."""
        return await self.engines.settings()

    async def reranker(self) -> Reranker | None:
        """What reads and orders passages once more."""
        with suppress(Unavailable, Unfit):
            return await self.engines.reranker()
        return None

    async def embedder(self) -> Embedder | None:
        """That of the live index; None while there is none."""
        with suppress(Unavailable, Unfit):
            if index := asked(await self.indexes.targets()):
                return await self.engines.embedder_of(index)
        return None

    async def web(self) -> Ways:
        """The ways to the web. Where none was opened, pages cannot be read either."""
        settings = await self.engines.settings()
        search = None
        with suppress(Unavailable, Unfit):
            search = await self.engines.web_search()
        if self.client is None:
            return Ways(search, None)
        domains = Domains(settings.web.allow, settings.web.deny)
        loaders = loaders_of(settings.reading, await self.engines.key(settings, "reading"))
        return Ways(search, Pages(PageReader(self.client, loaders, domains)))


def shelves_of(
    reader: Reader,
    lines: Lines,
    engines: DocumentEngines,
    client: GuardedClient | None = None,
) -> Shelves:
    """All that is needed to find passages."""
    indexes = Indexes(lines)
    search = PassageSearch(lines, indexes, engines)
    means = ChosenMeans(engines, indexes, client)
    return Shelves(ReadLibrary(reader), search, means, ExternalKnowledge(reader, engines))
