"""Engines elsewhere that read documents: Apache Tika, Docling, or anything that takes a file."""

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal, Protocol, cast
from urllib.parse import quote, urlsplit

import httpx

from application.ports import Unavailable
from infrastructure.loaders.base import Unreadable

CONNECT_SECONDS = 5.0
READ_SECONDS = 300.0
ANSWER_BYTES_MAX = 100_000_000
CHUNK_BYTES = 2**18
PAGE_BREAK = "<!-- page break -->"
PICTURE = "<!-- image -->"
PARTLY = frozenset(("success", "partial_success"))
# These say that the server is busy or not set up; none of them is about the file.
PASSING = frozenset((401, 403, 404, 405, 407, 408, 421, 425, 429))

EngineKind = Literal["tika", "docling", "http"]


@dataclass(frozen=True, slots=True)
class Told:
    """What an engine said, and the loader that makes our form of it."""

    body: bytes
    kind: Literal["tika", "told"]


class Engine(Protocol):
    """Something that reads documents for us."""

    @property
    def kind(self) -> EngineKind:
        """Its name."""

    async def read(self, path: Path, name: str, media_type: str) -> Told:
        """What is in a file. Raises Unreadable for ever, Unavailable for the moment."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where an engine is, and what lets us in."""

    url: str
    key: str = field(default="", repr=False)
    languages: str = "eng"
    ocr: bool = True
    seconds: float = READ_SECONDS

    @property
    def host(self) -> str:
        """How people know the server."""
        return urlsplit(self.url).hostname or "the server"

    def bearer(self) -> dict[str, str]:
        """The key as most servers want it."""
        return {"authorization": f"Bearer {self.key}"} if self.key else {}

    async def ask(self, method: str, path: str, **parts: Any) -> bytes:
        """Send one request and take its whole answer, within time and size."""
        headers = {"accept-encoding": "identity", "user-agent": "Quire", **parts.pop("headers")}
        timeout = httpx.Timeout(self.seconds, connect=min(CONNECT_SECONDS, self.seconds))
        url = self.url.rstrip("/") + path
        verify = await asyncio.to_thread(authorities)
        try:
            async with (
                asyncio.timeout(self.seconds),
                httpx.AsyncClient(timeout=timeout, trust_env=False, verify=verify) as client,
                client.stream(method, url, headers=headers, **parts) as response,
            ):
                if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
                    raise self._refusal(response.status_code)
                return await self._body(response)
        except (TimeoutError, httpx.ReadTimeout):
            raise Unreadable("too_slow", f"{self.host} took too long to read the file.") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            name = type(error).__name__
            raise Unavailable(f"The reading engine at {self.host} is away ({name}).") from None

    async def _body(self, response: httpx.Response) -> bytes:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise Unavailable(f"The reading engine at {self.host} packs its answers unasked.")
        taken = bytearray()
        async with aclosing(cast("AsyncGenerator[bytes, None]", response.aiter_raw())) as chunks:
            async for chunk in chunks:
                taken += chunk
                if len(taken) > ANSWER_BYTES_MAX:
                    raise Unreadable("too_large", "The file has more text than can be kept.")
        return bytes(taken)

    def _refusal(self, status: int) -> Exception:
        passing = status in PASSING or status < HTTPStatus.BAD_REQUEST
        if passing or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Unavailable(f"The reading engine at {self.host} answers {status}.")
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return Unreadable("too_large", f"The file is too large for {self.host}.")
        return Unreadable("unsupported", f"{self.host} cannot read this file ({status}).")


@dataclass(frozen=True, slots=True)
class Tika:
    """Apache Tika: the bytes are put to it, a web page comes back."""

    server: Server
    kind: EngineKind = "tika"

    async def read(self, path: Path, name: str, media_type: str) -> Told:
        """What is in a file; Tika's 500 is about the file, as its manual says."""
        size = (await asyncio.to_thread(path.stat)).st_size
        headers = {
            "accept": "text/html",
            "content-type": media_type or "application/octet-stream",
            "content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            "content-length": str(size),
            "x-tika-ocrlanguage": self.server.languages,
            **({} if self.server.ocr else {"x-tika-ocrskipocr": "true"}),
            **self.server.bearer(),
        }
        try:
            body = await self.server.ask("PUT", "/tika", headers=headers, content=pieces(path))
        except Unavailable as trouble:
            if str(trouble).endswith("answers 500."):
                raise Unreadable("damaged", f"{self.server.host} cannot read this file.") from None
            raise
        return Told(body, "tika")


@dataclass(frozen=True, slots=True)
class Docling:
    """Docling's server: a form with the file goes there, Markdown comes back."""

    server: Server
    kind: EngineKind = "docling"

    async def read(self, path: Path, name: str, media_type: str) -> Told:
        """What is in a file, with our mark between its pages."""
        options = {
            "to_formats": "md",
            "target_type": "inbody",
            "image_export_mode": "placeholder",
            "md_page_break_placeholder": PAGE_BREAK,
            "do_ocr": "true" if self.server.ocr else "false",
        }
        headers = {"x-api-key": self.server.key} if self.server.key else {}
        with await asyncio.to_thread(path.open, "rb") as file:
            files = {"files": (name, file, media_type or "application/octet-stream")}
            body = await self.server.ask(
                "POST", "/v1/convert/file", headers=headers, data=options, files=files
            )
        answer = await asyncio.to_thread(self._answer, body)
        if answer.get("status") not in PARTLY:
            raise Unreadable("damaged", f"{self.server.host} could not read this file.")
        text = str((answer.get("document") or {}).get("md_content") or "")
        return Told(text.replace(PICTURE, "").replace(PAGE_BREAK, "\f").encode(), "told")

    def _answer(self, body: bytes) -> Mapping[str, Any]:
        return _object(body, self.server)


@dataclass(frozen=True, slots=True)
class HttpExtractor:
    """Anything that takes a form with a `file` and answers {"text": ...} or a plain text."""

    server: Server
    kind: EngineKind = "http"

    async def read(self, path: Path, name: str, media_type: str) -> Told:
        """What is in a file; form feeds part its pages."""
        headers = {"accept": "application/json, text/plain", **self.server.bearer()}
        with await asyncio.to_thread(path.open, "rb") as file:
            files = {"file": (name, file, media_type or "application/octet-stream")}
            body = await self.server.ask("POST", "", headers=headers, files=files)
        if not body.lstrip().startswith(b"{"):
            return Told(body, "told")
        answer = await asyncio.to_thread(_object, body, self.server)
        text = answer.get("text")
        if not isinstance(text, str):
            raise Unavailable(f"The reading engine at {self.server.host} answers without a text.")
        return Told(text.encode("utf-8", "replace"), "told")


def engine_at(kind: str, server: Server) -> Engine | None:
    """The engine of that kind; None means that we read everything ourselves."""
    kinds: dict[str, type[Tika | Docling | HttpExtractor]] = {
        "tika": Tika,
        "docling": Docling,
        "http": HttpExtractor,
    }
    return kinds[kind](server) if kind in kinds else None


@cache
def authorities() -> ssl.SSLContext:
    """Whom we trust to vouch for servers; reading them takes a while."""
    return httpx.create_ssl_context()


async def pieces(path: Path) -> AsyncGenerator[bytes, None]:
    """A file bit by bit, so that large ones are never in memory."""
    with await asyncio.to_thread(path.open, "rb") as file:
        while piece := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield piece


def _object(body: bytes, server: Server) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Unavailable(f"The reading engine at {server.host} does not answer in JSON.")
    return value
