"""Which embedder the settings for documents mean."""

from dataclasses import dataclass, field

import httpx

from application.documents.ports import Embedder, Unfit
from application.documents.settings import Embedding
from application.ports import ModelFailed, Unavailable
from infrastructure.embeddings.asking import LIMITS
from infrastructure.embeddings.cache import CachedEmbedder
from infrastructure.embeddings.local import LocalEmbedder
from infrastructure.embeddings.ollama import OllamaProtocol
from infrastructure.embeddings.openai import OpenAIProtocol
from infrastructure.embeddings.remote import Protocols, RemoteEmbedder
from infrastructure.lines import Lines
from infrastructure.models.connections import OLLAMA_ID, Connections, ConnectionSettings
from infrastructure.models.http import Limits


@dataclass(slots=True)
class Embedders:
    """Gives embedders; the same choice gives the same one. Use one per event loop, and close it."""

    connections: Connections
    client: httpx.AsyncClient
    lines: Lines | None = None  # where vectors are remembered, if they are
    limits: Limits = LIMITS
    local: LocalEmbedder = field(default_factory=LocalEmbedder)
    _known: dict[Embedding, tuple[ConnectionSettings, Embedder]] = field(default_factory=dict)

    async def embedder(self, choice: Embedding) -> Embedder:
        """What the choice means now; raises Unfit where it means nothing."""
        if choice.kind == "local":
            return self._cached(self.local)
        settings = await self._settings(choice)
        known = self._known.get(choice)
        if known and known[0] == settings:
            return known[1]
        protocol: Protocols = OllamaProtocol() if choice.kind == "ollama" else OpenAIProtocol()
        try:
            server = settings.server(self.client, self.limits)
        except ModelFailed as failed:
            raise Unfit(str(failed)) from None
        embedder = self._cached(RemoteEmbedder(server, choice.model, protocol))
        self._known[choice] = settings, embedder
        return embedder

    async def aclose(self) -> None:
        """Let go of the model on this machine."""
        await self.local.aclose()

    async def _settings(self, choice: Embedding) -> ConnectionSettings:
        found = await self.connections.connections()
        settings = next((each for each in found if each.id == choice.connection_id), None)
        if settings is None and choice.connection_id == OLLAMA_ID:
            raise Unavailable("The Ollama server that was found on this machine is away.")
        if settings is None:
            raise Unfit("The connection that was chosen for embeddings is no longer there.")
        if settings.kind != choice.kind:
            raise Unfit(f"The connection for embeddings is not of the kind {choice.kind}.")
        return settings

    def _cached(self, embedder: Embedder) -> Embedder:
        return CachedEmbedder(embedder, self.lines) if self.lines else embedder
