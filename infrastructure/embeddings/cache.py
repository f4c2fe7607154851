"""Remembers the vectors of passages, so that nothing is embedded and paid for twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from application.documents.ports import Embedder, Purpose, Unfit, Vectors
from infrastructure.embeddings.texts import clean
from infrastructure.lines import Lines

KNOWN = """
    select hash, vector from documents.embeddings
    where space = %(space)s and hash = any(%(hashes)s)
"""
REMEMBER = """
    insert into documents.embeddings (space, hash, vector)
    select %(space)s, * from unnest(%(hashes)s::bytea[], %(vectors)s::bytea[])
    on conflict (space, hash) do nothing
"""

Halves = NDArray[np.float16]  # half the numbers' bytes; what is lost is not seen in a ranking


@dataclass(frozen=True, slots=True)
class CachedEmbedder:
    """An embedder that asks another one only for what is new. Questions are not remembered."""

    embedder: Embedder
    lines: Lines

    @property
    def space(self) -> str:
        """That of the other one."""
        return self.embedder.space

    async def embed(self, texts: Sequence[str], purpose: Purpose = "passage") -> Vectors:
        """One row per text; the same text has the same row, remembered or new."""
        if purpose == "query" or not texts:
            return await self.embedder.embed(texts, purpose)
        texts = [clean(each) for each in texts]
        hashes = [sha256(each.encode()).digest() for each in texts]
        found = await self._known(hashes)
        missing = {key: text for key, text in zip(hashes, texts, strict=True) if key not in found}
        if missing:
            vectors = await self.embedder.embed(list(missing.values()), purpose)
            fresh = dict(zip(missing, vectors.astype("<f2"), strict=True))
            await self._remember(fresh)
            found |= fresh
        if len({len(each) for each in found.values()}) > 1:
            raise Unfit(f"{self.space} sends vectors of another length than before.")
        rows = np.stack([found[each] for each in hashes]).astype(np.float32)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    async def _known(self, hashes: Sequence[bytes]) -> dict[bytes, Halves]:
        what = {"space": self.space, "hashes": sorted(set(hashes))}
        return {
            key: np.frombuffer(vector, "<f2") for key, vector in await self.lines.rows(KNOWN, what)
        }

    async def _remember(self, fresh: dict[bytes, Halves]) -> None:
        keys = sorted(fresh)  # in one order everywhere, so that no two wait for each other
        vectors = [fresh[each].tobytes() for each in keys]
        what = {"space": self.space, "hashes": keys, "vectors": vectors}
        await self.lines.run(REMEMBER, what)
