"""An embedding server that costs next to nothing: `python -m tests.bench.embedder PORT`.

It answers at once with vectors that depend on the text alone, is as strict about OpenAI's form as
the one of the tests, and counts: GET /asked tells, POST /pace {"delay": seconds} slows it down.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import uvloop

from tests.embedding_server import MODEL, Answer, EmbeddingServer

DIMENSION = 384
MODELS = {"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "bench"}]}


@dataclass(slots=True)
class Counting(EmbeddingServer):
    """Remembers how much was asked instead of what."""

    requests: int = 0
    embedded: int = 0

    def found(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> Answer:
        if (method, path) == ("GET", "/v1/models"):
            return 200, MODELS
        if (method, path) == ("GET", "/asked"):
            return 200, {"requests": self.requests, "texts": self.embedded}
        if (method, path) == ("POST", "/pace"):
            self.delay = float(json.loads(content)["delay"])
            return 200, {}
        answer = super(Counting, self).found(method, path, headers, content)
        self.requests += 1
        self.embedded += len(self.texts(-1))
        self.asked.clear()
        return answer


async def serve(port: int) -> None:
    """Serve until somebody ends the process."""
    state = Counting(dimension=DIMENSION)
    server = await asyncio.start_server(state.serve, "127.0.0.1", port, limit=2**26)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 (our caller reads it)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
