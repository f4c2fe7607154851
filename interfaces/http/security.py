"""What holds for every request and response, whichever route they belong to.

Plain ASGI, no buffering of responses: streams pass as they are.
"""

import asyncio
import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic_core import from_json
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interfaces.http.auth import COOKIE
from interfaces.http.errors import problem

SAFE = ("GET", "HEAD", "OPTIONS")
PIECE = re.compile(r"/api/v1/uploads/[^/]+")
NODES_MAX = 200_000
DEPTH_MAX = 64
DRAIN_BYTES_MAX = 50_000_000
DRAIN_SECONDS_MAX = 5.0
INTEGER_MAX = 2**63
INLINE_SCRIPT = re.compile(
    r"<script(?P<attributes>[^>]*)>(?P<text>.*?)</script>", re.DOTALL | re.IGNORECASE
)

API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), display-capture=(self), geolocation=(), payment=(), "
    "usb=(), microphone=(self), clipboard-write=(self)",
}


def page_policy(index: Path) -> str:
    """What the web UI may load: our own files, and the inline scripts that are in its page."""
    html = index.read_text(encoding="utf-8") if index.is_file() else ""
    scripts = [
        found["text"]
        for found in INLINE_SCRIPT.finditer(html)
        if "src=" not in found["attributes"] and found["text"].strip()
    ]
    hashes = "".join(f" 'sha256-{_sha256(each)}'" for each in scripts)
    # WebAssembly of our own reads the pictures of phones. It lets no text become a script.
    return (
        f"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{hashes}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
        "frame-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
        "object-src 'none'"
    )


def _sha256(text: str) -> str:
    return b64encode(hashlib.sha256(text.encode()).digest()).decode()


class SecureHeaders:
    """Puts what browsers must know on every response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, with headers added."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_api = scope["path"].startswith(("/api/", "/v1/"))

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", API_POLICY)
                if is_api:
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, secured)


class SameOrigin:
    """Refuses what another site's page wants to change with our cookie."""

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self.app = app
        self.public_host = urlsplit(public_url).netloc.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is safe."""
        if scope["type"] == "http" and scope["method"] not in SAFE:
            headers = Headers(scope=scope)
            if f"{COOKIE}=" in headers.get("cookie", "") and not self._is_own(headers):
                refusal = problem("forbidden", "This request comes from another site.")
                await refusal(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _is_own(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site", "none") in ("same-origin", "none")
        host = urlsplit(origin).netloc.lower() if "//" in origin else ""
        own = {headers.get("host", "").lower(), self.public_host} - {""}
        return host in own


class SoundBodies:
    """Refuses bodies that are too large, and JSON that nobody should have to handle."""

    def __init__(self, app: ASGIApp, bytes_max: int) -> None:
        self.app = app
        self.bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, look at it, and pass it on whole."""
        if scope["type"] != "http" or scope["method"] in SAFE or is_piece(scope):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        too_large = length.isdecimal() and int(length) > self.bytes_max
        body = None if too_large else await self._body(receive)
        if body is None:
            await drain(receive)
            detail = f"A request has at most {self.bytes_max} bytes."
            response = problem("too_large", detail)
            response.headers["Connection"] = "close"
            await response(scope, receive, send)
        elif body and "json" in headers.get("content-type", "") and (why := flaw(body)):
            await problem("invalid", f"The body cannot be used: {why}.")(scope, receive, send)
        else:
            await self.app(scope, Replay(body, receive), send)

    async def _body(self, receive: Receive) -> bytes | None:
        """The whole body, or None when it is too large; b"" also when the client left."""
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return b""
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > self.bytes_max:
                return None
            if not message.get("more_body", False):
                return b"".join(chunks)


def is_piece(scope: Scope) -> bool:
    """Whether this is a piece of a file, which its route counts and writes down as it comes."""
    return scope["method"] == "PATCH" and PIECE.fullmatch(scope["path"]) is not None


async def drain(receive: Receive) -> None:
    """Read on for a while, so that the client gets to see our answer and no broken line."""
    size = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS_MAX):
            while size < DRAIN_BYTES_MAX:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


class Replay:
    """Gives a body that was read already, then what the client does next."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self.body: bytes | None = body
        self.receive = receive

    async def __call__(self) -> Message:
        """The next message of the client."""
        if self.body is None:
            return await self.receive()
        message = {"type": "http.request", "body": self.body, "more_body": False}
        self.body = None
        return message


def flaw(body: bytes) -> str:
    """What is wrong with a JSON document; empty when nothing is."""
    try:
        document = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        return str(error)[:200]
    return _flaw_inside(document)


def _flaw_inside(document: Any) -> str:
    level, seen = [document], 0
    for _ in range(DEPTH_MAX):
        level = [each for node in level for each in _children(node)]
        seen += len(level)
        if seen > NODES_MAX:
            return "it has too many parts"
        if not all(_is_number_sound(each) for each in level):
            return "a number is too large"
        if not level:
            return ""
    return "it is nested too deeply"


def _children(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def _is_number_sound(value: Any) -> bool:
    if isinstance(value, float):
        return isfinite(value)
    return not isinstance(value, int) or -INTEGER_MAX <= value < INTEGER_MAX
