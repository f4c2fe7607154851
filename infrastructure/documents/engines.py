"""The engines that documents need, as the settings of the moment want them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic

import httpx

from application.documents import settings as chosen
from application.documents.choices import parsed
from application.documents.hearing import Hearing
from application.documents.ports import Embedder, Reranker, VectorStore, WebSearch
from application.documents.settings import DocumentSettings, settings_of
from application.ports import Log
from domain.document_settings import DOCUMENT_SETTINGS
from domain.document_settings import DocumentSettings as Choices
from domain.errors import NotFound
from infrastructure.audio.hearing import Hearings
from infrastructure.credentials import Credentials
from infrastructure.documents.indexes import Index
from infrastructure.documents.keys import secret_name, servers
from infrastructure.embeddings.registry import Embedders
from infrastructure.lines import Lines
from infrastructure.loaders.external import Server, engine_at
from infrastructure.loaders.registry import Loaders
from infrastructure.models.connections import Connections
from infrastructure.models.http import open_client
from infrastructure.postgres import Pool
from infrastructure.rerankers.registry import Rerankers
from infrastructure.search.domains import Domains
from infrastructure.search.engines import EngineSettings, SearchEngine
from infrastructure.vectors.registry import open_store

REMEMBER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where engines that need no server keep what they have."""

    pool: Pool
    data_folder: Path


@dataclass(frozen=True, slots=True)
class Makers:
    """How engines are made of choices and keys. Stores may be kept, and closed at the end."""

    store: Callable[[chosen.Store, str], VectorStore]
    embedder: Callable[[chosen.Embedding], Awaitable[Embedder]]
    reranker: Callable[[chosen.Reranker, str], Awaitable[Reranker | None]]
    web_search: Callable[[chosen.Web, str], WebSearch | None]
    hearing: Callable[[chosen.Hearing, str], Hearing | None]


@dataclass(slots=True)
class DocumentEngines:
    """Gives the engines that are chosen now, and those of a generation of the index."""

    log: Log
    credentials: Credentials
    makers: Makers
    _known: DocumentSettings | None = None
    _until: float = -1.0
    _changes: int = 0
    _stores: dict[tuple[str, str, str], VectorStore] = field(default_factory=dict)

    async def settings(self, *, fresh: bool = False) -> DocumentSettings:
        """All choices as they hold; remembered for two seconds, unless they must be fresh."""
        if fresh or self._known is None or monotonic() >= self._until:
            changes = self._changes
            self._known = settings_of(await self._values())
            is_newest = changes == self._changes  # nothing was chosen while we looked
            self._until = monotonic() + REMEMBER_SECONDS if is_newest else -1.0
        return self._known

    def forget(self) -> None:
        """Look again the next time: something was chosen just now."""
        self._until = -1.0
        self._changes += 1

    async def key(self, settings: DocumentSettings, section: str) -> str:
        """The key for the server of a section, or an empty text."""
        name = secret_name(section, servers(settings)[section])
        return await self.credentials.secret(name)

    async def store(self, choice: chosen.Store) -> VectorStore:
        """A vector store; the same one again for the same place and key."""
        name = secret_name("store", (choice.kind, choice.url))
        is_here = choice.kind == "pgvector"  # it has no key
        key = "" if is_here else await self.credentials.secret(name)
        place = (choice.kind, choice.url, key)
        if place not in self._stores:
            self._stores[place] = self.makers.store(choice, key)
        return self._stores[place]

    async def store_of(self, index: Index) -> VectorStore:
        """Where a generation lies."""
        return await self.store(parsed(chosen.Store, index.settings["store"], "store"))

    async def embedder(self, choice: chosen.Embedding) -> Embedder:
        """What turns texts into vectors; Unfit when its connection is gone."""
        return await self.makers.embedder(choice)

    async def embedder_of(self, index: Index) -> Embedder:
        """What made the vectors of a generation."""
        return await self.embedder(parsed(chosen.Embedding, index.settings["embedding"]))

    async def reranker(self) -> Reranker | None:
        """What orders passages once more; None when nothing does."""
        settings = await self.settings()
        if settings.retrieval.reranker.kind == "none":
            return None
        key = await self.key(settings, "retrieval.reranker")
        return await self.makers.reranker(settings.retrieval.reranker, key)

    async def web_search(self) -> WebSearch | None:
        """The search engine; None when the web is not searched."""
        settings = await self.settings()
        return self.makers.web_search(settings.web, await self.key(settings, "web"))

    async def loaders(self, *, hear: bool = True) -> Loaders:
        """What reads files, and hears recordings unless that is not wanted."""
        settings = await self.settings()
        key = await self.key(settings, "hearing")
        hearing = self.makers.hearing(settings.hearing, key) if hear else None
        return loaders_of(settings.reading, await self.key(settings, "reading"), hearing)

    @asynccontextmanager
    async def opened(self, choice: chosen.Store, key: str) -> AsyncIterator[VectorStore]:
        """A vector store for a moment, to be tried."""
        store = self.makers.store(choice, key)
        try:
            yield store
        finally:
            await store.close()

    async def aclose(self) -> None:
        """Let connections go."""
        for store in self._stores.values():
            await store.close()

    async def _values(self) -> dict[str, object]:
        try:
            return (await self.log.get(Choices, DOCUMENT_SETTINGS)).values
        except NotFound:
            return {}


@asynccontextmanager
async def open_engines(
    place: Place, log: Log, credentials: Credentials, connections: Connections
) -> AsyncIterator[DocumentEngines]:
    """Engines made of what is installed here; all is let go at the end."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(open_client())
        embedders = Embedders(connections, client, Lines(place.pool))
        rerankers = Rerankers(client)
        makers = Makers(
            store=partial(store_of, place),
            embedder=embedders.embedder,
            reranker=rerankers.reranker,
            web_search=partial(web_search_of, client),
            hearing=Hearings(client).hearing,
        )
        engines = DocumentEngines(log, credentials, makers)
        for each in (embedders.aclose, rerankers.aclose, engines.aclose):
            stack.push_async_callback(each)
        yield engines


def store_of(place: Place, choice: chosen.Store, key: str) -> VectorStore:
    """A vector store, by a choice."""
    pool, folder = place.pool, place.data_folder
    return open_store(choice.kind, choice.url, key, pool=pool, data_folder=folder)


def web_search_of(client: httpx.AsyncClient, choice: chosen.Web, key: str) -> WebSearch | None:
    """A search engine, by a choice."""
    if choice.engine == "off":
        return None
    domains = Domains(choice.allow, choice.deny)
    return SearchEngine(
        EngineSettings(choice.engine, choice.url, key, choice.extra, domains), client
    )


def loaders_of(reading: chosen.Reading, key: str, hearing: Hearing | None = None) -> Loaders:
    """What reads files, by a choice."""
    server = Server(reading.url, key, languages=reading.languages, ocr=reading.ocr)
    engine = engine_at(reading.engine, server)
    return Loaders(engine=engine, hearing=hearing, ocr=reading.ocr, languages=reading.languages)
