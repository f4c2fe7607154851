"""Reranks on this machine with the model that embeds, token by token (late interaction).

Each token of the question takes the cosine of the token of the passage that is nearest to it, and
rare tokens count more than common ones. How rare a token is follows from the passages that are
compared, and from nothing else.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from application.documents.ports import Ranked
from infrastructure.embeddings.minilm import MiniLM, package_folder
from infrastructure.embeddings.resident import IDLE_SECONDS, Resident
from infrastructure.embeddings.runs import runs
from infrastructure.embeddings.texts import clean
from infrastructure.rerankers.http import ranked

QUERY_CHARACTERS_MAX = 2_000
CHARACTERS_MAX = 8_000  # the model reads 256 tokens and no more
READ_SECONDS_MAX = 4.0
TOGETHER = 8  # the best candidates are read first, so many at once
KEPT_TOKENS_MAX = 80_000  # about 60 MB
UNREAD = 0.0

Floats = NDArray[np.float32]
Halves = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Read:
    """The tokens of a text without the marks around them, and the vector of each at length 1."""

    ids: Sequence[int]
    vectors: Halves


class LateModel:
    """The model, and what it read last of passages: many are candidates more than once."""

    def __init__(self, model: MiniLM) -> None:
        self._model = model
        self._kept: OrderedDict[str, Read] = OrderedDict()
        self._tokens = 0

    def kept(self, text: str) -> Read | None:
        """What is remembered of a text."""
        if text in self._kept:
            self._kept.move_to_end(text)
        return self._kept.get(text)

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """What the model reads of each text."""
        return self._model.tokens(texts)

    def read(self, rows: Sequence[Sequence[int]]) -> list[Read]:
        """The vectors of all tokens, together in one run."""
        found = []
        for row, vectors in zip(rows, self._model.hidden(rows), strict=True):
            inner = vectors[1 : len(row) - 1]
            lengths = np.linalg.norm(inner, axis=1, keepdims=True)
            found.append(Read(row[1:-1], np.asarray(inner / lengths, np.float16)))
        return found

    def keep(self, text: str, read: Read) -> None:
        """Remember this instead of what was not needed for the longest time."""
        if text in self._kept:
            return
        self._kept[text] = read
        self._tokens += len(read.ids)
        while self._tokens > KEPT_TOKENS_MAX:
            _, old = self._kept.popitem(last=False)
            self._tokens -= len(old.ids)


class LateReranker:
    """The built-in reranker: nothing to install, nothing leaves the house."""

    def __init__(
        self,
        load: Callable[[], MiniLM] = lambda: MiniLM(package_folder()),
        idle_seconds: float = IDLE_SECONDS,
        read_seconds_max: float = READ_SECONDS_MAX,
    ) -> None:
        self._model = Resident("The built-in reranker", lambda: LateModel(load()), idle_seconds)
        self._read_seconds_max = read_seconds_max

    @property
    def is_loaded(self) -> bool:
        """Whether the model takes memory now."""
        return self._model.is_loaded

    async def rerank(self, query: str, texts: Sequence[str]) -> list[Ranked]:
        """All texts, best first; what there was no time to read stays last in its order."""
        if not texts:
            return []
        short = [clean(each[:CHARACTERS_MAX]) for each in texts]
        asked = clean(query[:QUERY_CHARACTERS_MAX])
        [read] = await self._model.run(lambda m: m.read(m.tokens([asked])), quick=True)
        known = await self._passages(short)
        scores = await self._model.run(lambda _: compared(read, known), quick=True)
        return ranked(scores)

    async def aclose(self) -> None:
        """Let go of the model."""
        await self._model.aclose()

    async def _passages(self, texts: Sequence[str]) -> list[Read | None]:
        """What could be read in time. Between two runs other questions have their turn."""
        deadline = monotonic() + self._read_seconds_max
        different = list(dict.fromkeys(texts))
        found: dict[str, Read] = {}
        fresh = []
        for text, read in await self._model.run(lambda m: recalled(m, different), quick=True):
            if read:
                found[text] = read
            else:
                fresh.append(text)
        for some in groups(fresh):
            rows = await self._model.run(lambda m, some=some: m.tokens(some), quick=True)  # type: ignore[misc]
            for run in runs(rows):
                if monotonic() > deadline:
                    return [found.get(each) for each in texts]
                these = [(some[place], rows[place]) for place in run]
                found |= await self._model.run(
                    lambda m, these=these: learnt(m, these),  # type: ignore[misc]
                    quick=True,
                )
        return [found.get(each) for each in texts]


def recalled(model: LateModel, texts: Sequence[str]) -> list[tuple[str, Read | None]]:
    """Texts with what is remembered of them."""
    return [(each, model.kept(each)) for each in texts]


def learnt(model: LateModel, these: Sequence[tuple[str, Sequence[int]]]) -> dict[str, Read]:
    """Read texts, and remember them."""
    found = model.read([row for _, row in these])
    pairs = dict(zip((text for text, _ in these), found, strict=True))
    for text, read in pairs.items():
        model.keep(text, read)
    return pairs


def groups(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Some texts after the others."""
    for place in range(0, len(texts), TOGETHER):
        yield texts[place : place + TOGETHER]


def compared(asked: Read, passages: Sequence[Read | None]) -> list[float]:
    """From 0 to 1 for each passage, higher is better."""
    weights = rarity(asked.ids, [each for each in passages if each])
    found = [float(weights @ nearest(asked, each)) if each else UNREAD for each in passages]
    return [min(1.0, max(UNREAD, each)) for each in found]


def rarity(ids: Sequence[int], passages: Sequence[Read]) -> Floats:
    """How much each token of a question says, together 1."""
    held = [set(each.ids) for each in passages]
    counts = np.array([sum(token in each for each in held) for token in ids], np.float32)
    weights = np.log1p((len(held) - counts + 0.5) / (counts + 0.5))
    return np.asarray(weights / max(float(weights.sum()), 1e-6), np.float32)


def nearest(asked: Read, passage: Read) -> Floats:
    """For each token of the question the cosine of the nearest token of the passage."""
    if not len(passage.ids):
        return np.full(len(asked.ids), UNREAD, np.float32)
    near = asked.vectors.astype(np.float32) @ passage.vectors.astype(np.float32).T
    return np.asarray(near.max(axis=1), np.float32)
