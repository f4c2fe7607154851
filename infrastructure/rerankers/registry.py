"""Which reranker the settings for documents mean."""

from dataclasses import dataclass, field
from pathlib import Path

import httpx

from application.documents.ports import Reranker, Unfit
from application.documents.settings import Reranker as Choice
from application.ports import ModelFailed
from infrastructure.embeddings.asking import LIMITS
from infrastructure.models.http import Limits, Server
from infrastructure.rerankers.http import HttpReranker
from infrastructure.rerankers.late import LateReranker
from infrastructure.rerankers.local import LocalReranker


@dataclass(slots=True)
class Rerankers:
    """Gives rerankers; the same choice gives the same one. Use one per event loop, and close it."""

    client: httpx.AsyncClient
    limits: Limits = LIMITS
    _servers: dict[tuple[str, str], Server] = field(default_factory=dict)
    _local: dict[str, LocalReranker] = field(default_factory=dict)
    _late: LateReranker | None = None

    async def reranker(self, choice: Choice, key: str | None = None) -> Reranker | None:
        """What the choice means, if it means one; raises Unfit where it cannot be meant.

        For a local one, `model` is the folder that holds model.onnx and tokenizer.json.
        """
        if choice.kind == "none":
            return None
        if choice.kind == "http":
            return HttpReranker(self._server(choice.url, key), choice.model)
        return self._built_in() if choice.kind == "built_in" else self._folder(choice.model)

    async def aclose(self) -> None:
        """Let go of the models on this machine."""
        for each in self._local.values():
            await each.aclose()
        self._local.clear()
        if self._late:
            await self._late.aclose()
            self._late = None

    def _built_in(self) -> LateReranker:
        self._late = self._late or LateReranker()
        return self._late

    def _folder(self, model: str) -> LocalReranker:
        if not Path(model).is_absolute():
            raise Unfit("The model of a local reranker is the full path of its folder.")
        if model not in self._local:
            self._local[model] = LocalReranker(Path(model))
        return self._local[model]

    def _server(self, url: str, key: str | None) -> Server:
        """What was learnt about a server is kept."""
        try:
            server = Server.at(self.client, url, key, limits=self.limits)
        except ModelFailed as failed:
            raise Unfit(str(failed)) from None
        return self._servers.setdefault((url, key or ""), server)
