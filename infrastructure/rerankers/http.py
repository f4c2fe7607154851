"""Rerankers behind POST /rerank, in the form of Cohere and Jina or of text-embeddings-inference."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from application.documents.ports import Ranked
from application.ports import ModelFailed
from infrastructure.embeddings.asking import ask, in_parts, told
from infrastructure.embeddings.texts import clean
from infrastructure.models import refusals
from infrastructure.models.http import Server

PATH = "/rerank"
TEXTS = "texts"


@dataclass(frozen=True, slots=True)
class HttpReranker:
    """A server that scores texts for a question; `model` may be empty where there is only one."""

    server: Server
    model: str = ""

    async def rerank(self, query: str, texts: Sequence[str]) -> list[Ranked]:
        """All texts, best first."""
        if not texts:
            return []

        async def asking(some: Sequence[str]) -> list[float]:
            return await self._scores(clean(query), some)

        try:
            scores = await in_parts([clean(each) for each in texts], asking)
        except ModelFailed as failed:
            raise told(failed) from None
        return ranked(scores)

    async def _scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """The score of each text, in the order of the texts."""

        def body() -> Mapping[str, Any]:
            if TEXTS in self.server.quirks:
                return {"query": query, "texts": texts, "truncate": True}
            model = {"model": self.model} if self.model else {}
            return {**model, "query": query, "documents": texts, "top_n": len(texts)}

        path = "" if self.server.base_url.endswith(PATH) else PATH
        found = await ask(self.server, path, body, self._learn)
        try:
            return scores_of(found, len(texts))
        except (TypeError, KeyError, ValueError, AttributeError):
            raise refusals.malformed(self.server.host) from None

    def _learn(self, text: str) -> bool:
        """A server that misses the texts wants the other form."""
        known = TEXTS in self.server.quirks
        if TEXTS in text:
            self.server.quirks.add(TEXTS)
        return TEXTS in text and not known


def scores_of(found: Any, count: int) -> list[float]:
    """The scores by place, or an error when one is missing, doubled or no number."""
    items = found if isinstance(found, list) else found.get("results") or found["data"]
    scores: dict[Any, float] = {}
    for item in items:
        score = item.get("relevance_score", item.get("score"))
        scores[item["index"]] = float(score)
    if len(items) != count or not all(map(math.isfinite, scores.values())):
        raise ValueError("not one score for each text")
    return [scores[place] for place in range(count)]


def ranked(scores: Sequence[float]) -> list[Ranked]:
    """Places by score, best first; of equal ones the first first."""
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    return [Ranked(place, float(scores[place])) for place in order]
