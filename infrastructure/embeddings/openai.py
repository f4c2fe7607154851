"""Embeddings by OpenAI's protocol, which many servers speak."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from infrastructure.embeddings.asking import ask
from infrastructure.models import refusals
from infrastructure.models.http import Server

FORMAT = "encoding_format"  # base64 is shorter and quicker to read, but not known everywhere


class OpenAIProtocol:
    """POST /embeddings."""

    kind = "openai"
    texts_max = 128
    tokens_max = 100_000

    async def ask(self, server: Server, model: str, texts: Sequence[str]) -> list[Any]:
        """One list of numbers, or array, for each text."""

        def body() -> Mapping[str, Any]:
            plain = {"model": model, "input": list(texts)}
            return plain if FORMAT in server.quirks else plain | {FORMAT: "base64"}

        def learn(text: str) -> bool:
            known = FORMAT in server.quirks
            if FORMAT in text:
                server.quirks.add(FORMAT)
            return FORMAT in text and not known

        found = await ask(server, "/embeddings", body, learn)
        try:
            return rows_of(found["data"], len(texts))
        except (TypeError, KeyError, ValueError, AttributeError):
            raise refusals.malformed(server.host) from None


def rows_of(items: Any, count: int) -> list[Any]:
    """What was sent for each text; the server may have sent it in another order."""
    if len(items) != count:
        raise ValueError("not one vector for each text")
    rows = {item.get("index", place): vector(item["embedding"]) for place, item in enumerate(items)}
    return [rows[place] for place in range(count)]


def vector(sent: Any) -> Any:
    """Numbers as a list, or as bytes in base64."""
    return np.frombuffer(b64decode(sent, validate=True), "<f4") if isinstance(sent, str) else sent
