"""Where models come from: connections people stored, the environment, and what is found here."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Literal, Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

import httpx

from application.ports import ModelFailed
from infrastructure.models import ollama
from infrastructure.models.http import Limits, Server

OLLAMA_BASE_URL = "http://127.0.0.1:11434"
PROBE_SECONDS = 0.5
PROBE_AGAIN_SECONDS = 30.0
ENVIRONMENT_ID = uuid5(NAMESPACE_URL, "quire:connection:environment")
OLLAMA_ID = uuid5(NAMESPACE_URL, "quire:connection:ollama")

ConnectionKind = Literal["openai", "ollama"]
Source = Literal["stored", "environment", "discovered"]


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How to reach one model server. `models` None means all it offers."""

    id: UUID
    kind: ConnectionKind
    base_url: str
    api_key: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    prefix: str | None = None
    models: tuple[str, ...] | None = None
    source: Source = "stored"

    def server(self, client: httpx.AsyncClient, limits: Limits | None = None) -> Server:
        """The server behind it, or ModelFailed("misconfigured")."""
        return Server.at(client, self.base_url, self.api_key, self.headers, limits)


class Connections(Protocol):
    """Gives the connections there are now, in the order of their precedence."""

    async def connections(self) -> Sequence[ConnectionSettings]:
        """All connections, with their keys."""


@dataclass(frozen=True, slots=True)
class NoConnections:
    """For where nothing is stored."""

    async def connections(self) -> Sequence[ConnectionSettings]:
        """None."""
        return ()


@dataclass(slots=True)
class AllConnections:
    """The stored connections, then the environment's, then an Ollama found on this machine."""

    stored: Connections
    client: httpx.AsyncClient
    openai_base_url: str | None = None
    openai_api_key: str | None = field(default=None, repr=False)
    ollama_base_url: str = OLLAMA_BASE_URL  # empty or "off": do not look
    _found: bool = False
    _until: float = -1.0
    _probe: asyncio.Task[None] | None = None

    async def connections(self) -> Sequence[ConnectionSettings]:
        """All of them; one that is stored is not added a second time."""
        found = list(await self.stored.connections())
        for extra in (self._environment(), await self._discovered()):
            if extra and all(each.base_url.rstrip("/") != extra.base_url for each in found):
                found.append(extra)
        return found

    async def aclose(self) -> None:
        """Stop looking."""
        if self._probe:
            self._probe.cancel()
            await asyncio.wait([self._probe])

    def _environment(self) -> ConnectionSettings | None:
        if not (self.openai_base_url or self.openai_api_key):
            return None
        base_url = (self.openai_base_url or "https://api.openai.com/v1").rstrip("/")
        return ConnectionSettings(
            ENVIRONMENT_ID, "openai", base_url, self.openai_api_key, source="environment"
        )

    async def _discovered(self) -> ConnectionSettings | None:
        if self.ollama_base_url in {"", "off"}:
            return None
        if monotonic() > self._until and (self._probe is None or self._probe.done()):
            first = self._probe is None
            self._probe = asyncio.create_task(self._look(self.ollama_base_url))
            if first:  # later, the last finding is good enough until the next one is there
                await asyncio.wait([self._probe])
        if not self._found:
            return None
        base_url = self.ollama_base_url.rstrip("/")
        return ConnectionSettings(OLLAMA_ID, "ollama", base_url, source="discovered")

    async def _look(self, base_url: str) -> None:
        try:
            await ollama.list_models(Server.at(self.client, base_url), PROBE_SECONDS)
        except ModelFailed:
            self._found = False
        else:
            self._found = True
        self._until = monotonic() + PROBE_AGAIN_SECONDS
