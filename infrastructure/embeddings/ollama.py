"""Embeddings of an Ollama server, by its own protocol."""

from collections.abc import Sequence
from typing import Any

from application.ports import ModelFailed
from infrastructure.embeddings.asking import ask
from infrastructure.models import refusals
from infrastructure.models.http import Server

OLD = "embeddings"


class OllamaProtocol:
    """POST /api/embed, and for servers that do not have it yet, /api/embeddings."""

    kind = "ollama"
    texts_max = 32  # it answers when all are done, and may work without a graphics card
    tokens_max = 16_000

    async def ask(self, server: Server, model: str, texts: Sequence[str]) -> list[Any]:
        """One list of numbers for each text."""
        if OLD in server.quirks:
            return await self._one_by_one(server, model, texts)
        body = {"model": model, "input": list(texts)}
        try:
            found = await ask(server, "/api/embed", lambda: body)
        except ModelFailed as failed:
            if failed.kind != "unknown_model":
                raise
            return await self._old(server, model, texts, failed)
        rows = field(server, found, "embeddings")
        if len(rows) != len(texts):
            raise refusals.malformed(server.host)
        return rows

    async def _old(
        self, server: Server, model: str, texts: Sequence[str], failed: ModelFailed
    ) -> list[Any]:
        """It has either no such address or no such model."""
        try:
            rows = await self._one_by_one(server, model, texts)
        except ModelFailed as again:
            raise failed if again.kind == failed.kind else again from None
        server.quirks.add(OLD)
        return rows

    async def _one_by_one(self, server: Server, model: str, texts: Sequence[str]) -> list[Any]:
        rows = []
        for text in texts:
            body = {"model": model, "prompt": text}
            found = await ask(server, "/api/embeddings", lambda body=body: body)  # type: ignore[misc]
            rows.append(field(server, found, "embedding"))
        return rows


def field(server: Server, found: Any, name: str) -> list[Any]:
    """A list in a document, or ModelFailed."""
    rows = found.get(name) if isinstance(found, dict) else None
    if not isinstance(rows, list):
        raise refusals.malformed(server.host)
    return rows
