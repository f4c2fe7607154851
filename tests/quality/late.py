"""A reranker behind HTTP that compares a question and a passage token by token.

It speaks the form of Cohere and Jina, and computes what it says: late interaction over the tokens
of all-MiniLM-L6-v2, the model the product embeds with. Each token of the question takes the cosine
of the token of the passage that is nearest to it, and rare tokens count more than common ones. How
rare a token is follows from the passages that were sent, and from nothing else.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infrastructure.embeddings.minilm import (
    MARKS,
    TOKENS_MAX,
    WEIGHTS,
    Encoder,
    Weights,
    open_tokenizer,
    package_folder,
)
from infrastructure.embeddings.resident import open_session
from infrastructure.embeddings.runs import padded, runs
from tests.plain_http import Asked, Reply, serving

MODEL = "late-minilm"
REMEMBERED_MAX = 4_000

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Read:
    """The tokens of a text, and the vector of each at length 1; without the marks around them."""

    ids: Sequence[int]
    vectors: Floats


class TokenModel:
    """The product's model, asked for every token instead of their mean."""

    def __init__(self) -> None:
        folder = package_folder()
        self.tokenizer = open_tokenizer(folder)
        self.tokenizer.enable_truncation(TOKENS_MAX + MARKS)
        weights = Weights((folder / WEIGHTS).resolve())
        self.session = open_session(Encoder(weights).model(), str(weights.path.parent))

    def read(self, texts: Sequence[str]) -> list[Read]:
        rows = [self.tokenizer.encode(each).ids for each in texts]
        found: dict[int, Read] = {}
        for run in runs(rows):
            some = [rows[place] for place in run]
            mask = padded([[1] * len(row) for row in some]).astype(np.int32)
            inputs = {"ids": padded(some).astype(np.int32), "mask": mask}
            (hidden,) = self.session.run(["hidden"], inputs)
            for place, row, vectors in zip(run, some, hidden, strict=True):
                inner = vectors[1 : len(row) - 1]
                lengths = np.linalg.norm(inner, axis=1, keepdims=True)
                found[place] = Read(row[1:-1], np.asarray(inner / lengths, np.float32))
        return [found[place] for place in range(len(texts))]


@dataclass(slots=True)
class LateReranker:
    """Scores passages; what it read of them it remembers, as such rerankers do."""

    model: TokenModel = field(default_factory=TokenModel)
    known: OrderedDict[str, Read] = field(default_factory=OrderedDict)
    url: str = ""

    def remember(self, texts: Sequence[str]) -> None:
        """Read passages before anybody asks."""
        self._passages(texts)

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """From -1 to 1 for each text, higher is better."""
        [asked] = self.model.read([query])
        passages = self._passages(texts)
        weights = rarity(asked.ids, passages)
        return [float(weights @ nearest(asked, each)) for each in passages]

    def answer(self, request: Asked) -> Reply:
        """What a server of rerankings replies."""
        if (request.method, request.path) != ("POST", "/rerank"):
            return reply(404, {"error": "not found"})
        body = json.loads(request.body)
        if set(body) != {"model", "query", "documents", "top_n"} or body["model"] != MODEL:
            return reply(422, {"error": "model, query, documents and top_n are needed"})
        scores = self.scores(body["query"], body["documents"])
        order = sorted(range(len(scores)), key=lambda place: -scores[place])
        results = [{"index": each, "relevance_score": scores[each]} for each in order]
        return reply(200, {"results": results[: body["top_n"]]})

    def _passages(self, texts: Sequence[str]) -> list[Read]:
        fresh = [each for each in dict.fromkeys(texts) if each not in self.known]
        self.known.update(zip(fresh, self.model.read(fresh), strict=True))
        found = [self.known[each] for each in texts]
        while len(self.known) > REMEMBERED_MAX:
            self.known.popitem(last=False)
        return found


def rarity(ids: Sequence[int], passages: Sequence[Read]) -> Floats:
    """How much each token of a question says, together 1."""
    held = [set(each.ids) for each in passages]
    counts = np.array([sum(token in each for each in held) for token in ids], np.float32)
    weights = np.log1p((len(held) - counts + 0.5) / (counts + 0.5))
    return np.asarray(weights / max(float(weights.sum()), 1e-6), np.float32)


def nearest(asked: Read, passage: Read) -> Floats:
    """For each token of the question the cosine of the nearest token of the passage."""
    if not len(passage.ids):
        return np.full(len(asked.ids), -1, np.float32)
    return np.asarray((asked.vectors @ passage.vectors.T).max(axis=1), np.float32)


def reply(status: int, body: Mapping[str, Any]) -> Reply:
    return Reply(status, {"content-type": "application/json"}, json.dumps(body).encode())


@asynccontextmanager
async def late_reranker() -> AsyncIterator[LateReranker]:
    """Such a server, for as long as it is needed."""
    reranker = await asyncio.to_thread(LateReranker)
    async with serving(reranker.answer) as port:
        reranker.url = f"http://127.0.0.1:{port}"
        yield reranker
