"""A server of embeddings and rerankings for tests: real HTTP, strict about every request.

It speaks OpenAI's form below /v1, Ollama's below /api, and at /rerank that of Cohere and Jina or,
with `form = "texts"`, that of text-embeddings-inference. Vectors depend on the text alone, and
are not of length 1. `async with embedding_server() as server` starts one.
"""

import asyncio
import hashlib
import json
from base64 import b64encode
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from application.documents.ports import Vectors

MODEL = "tiny-embed"
DIMENSION = 8
TEXTS_MAX = 128

Answer = tuple[int, Any]


class Wrong(Exception):
    """A request that the published form does not allow, or that finds nothing."""

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


@dataclass(slots=True)
class EmbeddingServer:
    """What the server saw, and what tests may change while it runs."""

    key: str | None = None
    port: int = 0
    dimension: int = DIMENSION
    texts_max: int = TEXTS_MAX
    form: str = "documents"  # of rerankings
    is_old: bool = False  # an Ollama without /api/embed
    knows_base64: bool = True
    delay: float = 0.0
    refusals: list[Answer] = field(default_factory=list)  # given before anything else, in turn
    headers: dict[str, str] = field(default_factory=dict)  # of refusals
    alter: Callable[[Any], Any] = lambda answer: answer
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    running: int = 0
    running_most: int = 0
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def texts(self, place: int) -> list[str]:
        """What was sent with one request."""
        body = self.asked[place][1]
        found: list[str] = body.get("input") or body.get("documents") or body["texts"]
        return found

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await self.take(reader, writer)
        self.writers.discard(writer)
        writer.close()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, path, _ = head[0].split(" ")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        content = await reader.readexactly(int(headers.get("content-length", "0")))
        self.running += 1
        self.running_most = max(self.running_most, self.running)
        try:
            await asyncio.sleep(self.delay)
            status, answer = self.answer(method, path, headers, content)
        finally:
            self.running -= 1
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        fields = {"content-type": "application/json", "content-length": str(len(data))}
        fields |= self.headers if status != 200 else {}
        lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {fields[name]}" for name in fields)]
        writer.write("\r\n".join([*lines, "", ""]).encode() + data)
        await writer.drain()

    def answer(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> Answer:
        try:
            return self.found(method, path, headers, content)
        except Wrong as wrong:
            return wrong.status, {"error": {"message": str(wrong)}}

    def found(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> Answer:
        if self.key and headers.get("authorization") != f"Bearer {self.key}":
            raise Wrong(f"Incorrect key {headers.get('authorization')}", 401)
        route = ROUTES.get(path)
        if method != "POST" or route is None or (self.is_old and path == "/api/embed"):
            raise Wrong("page not found", 404)
        body = checked(headers, content)
        self.asked.append((path, body))
        if self.refusals:
            return self.refusals.pop(0)
        return 200, self.alter(route(self, body))


def checked(headers: Mapping[str, str], content: bytes) -> dict[str, Any]:
    if headers.get("content-type") != "application/json":
        raise Wrong("content-type must be application/json")
    body = json.loads(content)
    if not isinstance(body, dict):
        raise Wrong("not an object")
    return body


def fits(body: dict[str, Any], needed: dict[str, type], **optional: type) -> None:
    for name in needed:
        if name not in body:
            raise Wrong(f"missing field `{name}`")
    for name, value in body.items():
        kind = (needed | optional).get(name)
        if kind is None or not isinstance(value, kind):
            raise Wrong(f"unknown or ill-formed field `{name}`")
    if body.get("model", MODEL) not in {MODEL, "nomic-embed-text"}:
        raise Wrong(f'model "{body["model"]}" not found, try pulling it first', 404)


def whole(server: EmbeddingServer, texts: list[Any]) -> list[str]:
    if not texts or not all(isinstance(each, str) and each.strip() for each in texts):
        raise Wrong("input must be texts that are not empty")
    if len(texts) > server.texts_max:
        raise Wrong(f"batch size {len(texts)} > maximum allowed batch size {server.texts_max}")
    return texts


def openai(server: EmbeddingServer, body: dict[str, Any]) -> Any:
    fits(body, {"model": str, "input": list}, encoding_format=str)
    form = body.get("encoding_format", "float")
    if form not in {"float", "base64"} or (form == "base64" and not server.knows_base64):
        raise Wrong(f"encoding_format {form} is not supported")
    vectors = [vector(each, server.dimension) for each in whole(server, body["input"])]
    items = [
        {
            "object": "embedding",
            "index": place,
            "embedding": b64encode(each.tobytes()).decode() if form == "base64" else each.tolist(),
        }
        for place, each in enumerate(vectors)
    ]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return {"object": "list", "data": items[::-1], "model": MODEL, "usage": usage}


def ollama(server: EmbeddingServer, body: dict[str, Any]) -> Any:
    fits(body, {"model": str, "input": list}, truncate=bool, options=dict, keep_alive=str)
    vectors = [vector(each, server.dimension).tolist() for each in whole(server, body["input"])]
    return {"model": body["model"], "embeddings": vectors, "total_duration": 1}


def old_ollama(server: EmbeddingServer, body: dict[str, Any]) -> Any:
    fits(body, {"model": str, "prompt": str}, options=dict, keep_alive=str)
    return {"embedding": vector(whole(server, [body["prompt"]])[0], server.dimension).tolist()}


def rerank(server: EmbeddingServer, body: dict[str, Any]) -> Any:
    if server.form == "texts":
        fits(body, {"query": str, "texts": list}, raw_scores=bool, return_text=bool, truncate=bool)
        texts = whole(server, body["texts"])
        scores = [(place, score_of(body["query"], each)) for place, each in enumerate(texts)]
        return [{"index": place, "score": score} for place, score in best_first(scores)]
    fits(body, {"query": str, "documents": list}, model=str, top_n=int)
    texts = whole(server, body["documents"])
    scores = [(place, score_of(body["query"], each)) for place, each in enumerate(texts)]
    top = best_first(scores)[: body.get("top_n", len(texts))]
    return {"results": [{"index": place, "relevance_score": score} for place, score in top]}


def best_first(scores: list[tuple[int, float]]) -> list[tuple[int, float]]:
    return sorted(scores, key=lambda each: -each[1])


def score_of(query: str, text: str) -> float:
    """How many words of the question are in the text."""
    words = set(query.lower().split())
    return len(words & set(text.lower().split())) / len(words)


def vector(text: str, dimension: int = DIMENSION) -> NDArray[np.float32]:
    """The vector of a text, of any length but 1."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    return 3 * np.random.default_rng(seed).standard_normal(dimension).astype("<f4")


def expected(texts: list[str], dimension: int = DIMENSION) -> Vectors:
    """What an embedder makes of what this server sends."""
    rows = np.stack([vector(each, dimension) for each in texts])
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


ROUTES: dict[str, Callable[[EmbeddingServer, dict[str, Any]], Any]] = {
    "/v1/embeddings": openai,
    "/api/embed": ollama,
    "/api/embeddings": old_ollama,
    "/rerank": rerank,
}


@asynccontextmanager
async def embedding_server(
    key: str | None = None, *, port: int = 0
) -> AsyncGenerator[EmbeddingServer, None]:
    """A server of its own, for as long as it is needed."""
    state = EmbeddingServer(key)
    server = await asyncio.start_server(state.serve, "127.0.0.1", port, limit=2**26)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        for writer in tuple(state.writers):
            writer.transport.abort()
        await asyncio.sleep(0.01)
