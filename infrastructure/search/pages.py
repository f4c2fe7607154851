"""Pages of the open web as text."""

import tempfile
from pathlib import Path
from typing import Protocol

from application.documents.ports import WebPage
from domain.errors import Invalid
from infrastructure.guarded import Fetched, GuardedClient
from infrastructure.search.domains import Domains
from infrastructure.search.transcripts import transcript, watch_address

SHOWN_CHARACTERS = 200
EXTENSIONS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "text/markdown": ".md",
    "application/json": ".json",
}


class Reading(Protocol):
    """What a loader found in a document."""

    @property
    def text(self) -> str: ...
    @property
    def title(self) -> str: ...


class Read(Protocol):
    """Reads a document in a process of its own, within limits."""

    async def read(self, path: Path, name: str, media_type: str) -> Reading:
        """The text of a file."""


class PageReader:
    """The `WebReader` port: fetched by the guarded client, read by the loaders."""

    def __init__(
        self, client: GuardedClient, loaders: Read, domains: Domains | None = None
    ) -> None:
        self._client = client
        self._loaders = loaders
        self._domains = domains or Domains()

    async def read(self, url: str) -> WebPage:
        """The text of a page, without menus and advertisements; of a video what is said in it."""
        video = watch_address(url)
        if not all(self._domains.allow(each) for each in (url, video or url)):
            raise Invalid(f"{url[:SHOWN_CHARACTERS]} is not at a domain that may be read.")
        if video:
            return await transcript(self._client, video)
        fetched = await self._client.fetch(url)
        found = await self._extract(fetched)
        return WebPage(fetched.url, " ".join(found.title.split()) or fetched.url, found.text)

    async def _extract(self, fetched: Fetched) -> Reading:
        with tempfile.TemporaryDirectory(prefix="quire-page-") as folder:
            name = f"page{EXTENSIONS.get(fetched.media_type, '')}"
            path = Path(folder) / name
            path.write_bytes(fetched.body)
            return await self._loaders.read(path, name, fetched.media_type)
