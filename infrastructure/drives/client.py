"""The way to drives: guarded like every way to the web, with tokens only for who they are for."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx

from application.ports import Unavailable
from domain.errors import Invalid
from infrastructure.guarded import (
    AGENT,
    CONNECT_SECONDS,
    REDIRECTS_MAX,
    GuardedTransport,
    checked_web_url,
    unpacked,
)

ASK_SECONDS = 6.0
SILENCE_SECONDS = 30.0
ANSWER_BYTES_MAX = 4 * 2**20
UNPACKED_BYTES_MAX = 2**40  # who reads counts for himself
SERVER_ERRORS = 500
TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Answer:
    """What a drive said; `body` is None when that was no JSON object."""

    status: int
    body: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        """Whether it said yes."""
        return 200 <= self.status < 300  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: the token goes to this address only, never where it leads."""

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    token: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """Who is asked."""
        return urlsplit(self.url).hostname or ""

    @property
    def headers(self) -> dict[str, str]:
        """The headers, with the token if there is one."""
        found = {"accept": "application/json"}
        return found | {"authorization": f"Bearer {self.token}"} if self.token else found


class DriveClient:
    """Asks drives. Use it in `async with`; `allowed` and `ports` let in what is not public."""

    def __init__(self, *, allowed: Iterable[str] = (), ports: Iterable[int] = ()) -> None:
        self._client = httpx.AsyncClient(
            transport=GuardedTransport(allowed),
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
            headers={"user-agent": AGENT, "accept-encoding": "gzip"},
        )
        self._allowed = frozenset(allowed)
        self._ports = frozenset(ports)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def ask(self, request: Request) -> Answer:
        """Get, or post a form. Unavailable when no answer comes, or one of a sick server."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                sent = self._build(request.url, request)
                response = await self._client.send(sent, stream=True)
                async with aclosing(response):
                    return answered(request.host, response.status_code, await text_of(response))
        except (httpx.HTTPError, TimeoutError):
            raise Unavailable(f"{request.host} cannot be reached just now.") from None

    async def stream(self, request: Request) -> AsyncGenerator[bytes | Answer, None]:
        """The bytes of an address, wherever it leads; an Answer instead when that is a no."""
        try:
            async with aclosing(await self._led(request)) as response:
                if not response.is_success:
                    yield answered(request.host, response.status_code, await text_of(response))
                    return
                pieces = unpacked(response, UNPACKED_BYTES_MAX, request.host)
                async for piece in pieces:
                    yield piece
        except (httpx.HTTPError, TimeoutError):
            raise Unavailable(f"{request.host} broke off.") from None

    async def _led(self, request: Request) -> httpx.Response:
        """The response at the end of the way; only the first address sees the token."""
        sent = self._build(request.url, request)
        for _ in range(REDIRECTS_MAX + 1):
            response = await self._client.send(sent, stream=True)
            if not response.is_redirect:
                return response
            await response.aclose()
            sent = self._next(response)
        raise Unavailable(f"{request.host} redirects too often.")

    def _next(self, response: httpx.Response) -> httpx.Request:
        """What is asked where a response leads to, without the token."""
        try:
            url = urljoin(str(response.url), response.headers["location"])
            return self._build(self._checked(url), Request(url))
        except (httpx.InvalidURL, ValueError, Invalid):
            raise Unavailable("The drive leads to a place that is none.") from None

    def _build(self, url: str, request: Request) -> httpx.Request:
        method = "GET" if request.form is None else "POST"
        params = dict(request.params) or None
        return self._client.build_request(
            method, url, params=params, data=request.form, headers=request.headers
        )

    def _checked(self, url: str) -> str:
        parts = urlsplit(url)
        if parts.hostname in self._allowed and parts.port in self._ports:
            return url
        return checked_web_url(url)


async def text_of(response: httpx.Response) -> bytes:
    """A short body as it was before packing; of a long one nothing is believed."""
    taken = bytearray()
    async for piece in unpacked(response, ANSWER_BYTES_MAX, "The drive"):
        taken += piece
        if len(taken) > ANSWER_BYTES_MAX:
            raise Unavailable("The drive answers with too much.")
    return bytes(taken)


def answered(host: str, status: int, body: bytes) -> Answer:
    """An answer that can be worked with."""
    try:
        found = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        found = {}
    if status >= SERVER_ERRORS or status == TOO_MANY:
        raise Unavailable(f"{host} is busy; it said {status}.")
    return Answer(status, found)
