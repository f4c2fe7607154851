"""Embeds with a small model on this machine: no server, no key, nothing leaves the house."""

from collections.abc import Callable, Sequence

import numpy as np

from application.documents.ports import Purpose, Vectors
from infrastructure.embeddings.minilm import DIMENSION, MiniLM, package_folder
from infrastructure.embeddings.resident import IDLE_SECONDS, Resident
from infrastructure.embeddings.runs import runs
from infrastructure.embeddings.texts import clean

NAME = "all-MiniLM-L6-v2"
CHARACTERS_MAX = 8_000  # the model reads 256 tokens and no more


class LocalEmbedder:
    """The model all-MiniLM-L6-v2: 384 numbers for each text, and English above all."""

    def __init__(
        self,
        load: Callable[[], MiniLM] = lambda: MiniLM(package_folder()),
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._model = Resident(f"The model {NAME}", load, idle_seconds)

    @property
    def space(self) -> str:
        """The name of the model."""
        return f"local:{NAME}"

    @property
    def is_loaded(self) -> bool:
        """Whether the model takes memory now."""
        return self._model.is_loaded

    async def embed(self, texts: Sequence[str], purpose: Purpose = "passage") -> Vectors:
        """One row per text; questions go before passages."""
        vectors = np.zeros((len(texts), DIMENSION), np.float32)
        if not texts:
            return vectors
        quick = purpose == "query"
        short = [clean(each[:CHARACTERS_MAX]) for each in texts]
        rows = await self._model.run(lambda model: model.tokens(short), quick=quick)
        for run in runs(rows):
            these = [rows[place] for place in run]
            vectors[run] = await self._model.run(
                lambda model, these=these: model.vectors(these),  # type: ignore[misc]
                quick=quick,
            )
        return vectors

    async def aclose(self) -> None:
        """Let go of the model."""
        await self._model.aclose()
