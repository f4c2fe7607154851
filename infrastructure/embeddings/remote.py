"""What all embedding servers have in common: batches, few requests at once, checked vectors."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from application.documents.atoms import estimate
from application.documents.ports import Purpose, Vectors
from application.ports import ModelFailed
from infrastructure.embeddings.asking import in_parts, told
from infrastructure.embeddings.texts import marked
from infrastructure.models.http import Server

REQUESTS_AT_ONCE = 4


class Protocols(Protocol):
    """How one kind of server is asked for vectors."""

    @property
    def kind(self) -> str:
        """The name of the kind."""

    @property
    def texts_max(self) -> int:
        """How many texts are sent at once."""

    @property
    def tokens_max(self) -> int:
        """How many tokens are sent at once."""

    async def ask(self, server: Server, model: str, texts: Sequence[str]) -> list[Any]:
        """One list of numbers, or array, for each text; raises ModelFailed."""


class RemoteEmbedder:
    """A model of a server; it is asked for the vectors of many texts at once."""

    def __init__(self, server: Server, model: str, protocol: Protocols) -> None:
        self._server = server
        self._model = model
        self._protocol = protocol
        self._texts_max = protocol.texts_max
        self._dimension = 0  # unknown
        self._turns = asyncio.Semaphore(REQUESTS_AT_ONCE)

    @property
    def space(self) -> str:
        """Kind, server and model."""
        return f"{self._protocol.kind}:{self._server.host}:{self._model}"

    async def embed(self, texts: Sequence[str], purpose: Purpose = "passage") -> Vectors:
        """One row per text, all of the same length."""
        given = marked(texts, self._model, purpose)
        tasks = [asyncio.create_task(self._batch(each)) for each in self._batches(given)]
        try:
            found = await asyncio.gather(*tasks)
        except ModelFailed as failed:
            raise told(failed) from None
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return np.concatenate(found) if found else np.zeros((0, self._dimension), np.float32)

    def _batches(self, texts: Sequence[str]) -> Iterator[list[str]]:
        batch: list[str] = []
        tokens = 0
        for text in texts:
            more = estimate(text)
            full = len(batch) >= self._texts_max or tokens + more > self._protocol.tokens_max
            if batch and full:
                yield batch
                batch, tokens = [], 0
            batch.append(text)
            tokens += more
        if batch:
            yield batch

    async def _batch(self, texts: list[str]) -> Vectors:
        taken: list[int] = []  # how many texts the server took at once

        async def ask(some: Sequence[str]) -> list[Any]:
            rows = await self._protocol.ask(self._server, self._model, some)
            taken.append(len(some))
            return rows

        async with self._turns:
            rows = await in_parts(texts, ask)
        if len(taken) > 1:
            self._texts_max = min(self._texts_max, max(taken))
        return self._checked(rows)

    def _checked(self, rows: Sequence[Any]) -> Vectors:
        """The vectors at length 1, or ModelFailed where they are none, or of another length."""
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                vectors = np.array(rows, np.float32)
                lengths = np.linalg.norm(vectors.reshape(len(rows), -1), axis=1, keepdims=True)
        except (ValueError, TypeError):
            raise self._malformed("something that is no list of equally long vectors") from None
        is_table = vectors.ndim == 2  # noqa: PLR2004
        if not (is_table and np.isfinite(lengths).all() and (lengths > 0).all()):
            raise self._malformed("a vector without a direction")
        dimension = vectors.shape[1]
        if self._dimension and dimension != self._dimension:
            raise self._malformed(f"vectors of {dimension} numbers, and {self._dimension} before")
        self._dimension = dimension
        return np.asarray(vectors / lengths, np.float32)

    def _malformed(self, what: str) -> ModelFailed:
        return ModelFailed("malformed", f"{self._server.host} sent {what}.")
