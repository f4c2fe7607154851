"""The one door through which model servers are asked."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
from pydantic_core import from_json, to_json

from application.ports import ModelFailed
from infrastructure.models import refusals
from infrastructure.models.transport import CONNECTIONS_MAX, LeanTransport

CONNECT_SECONDS = 5.0
LIST_BYTES_MAX = 8 * 2**20
RETRIES_MAX = 4
HEADERS_OURS = frozenset(
    ("host", "content-length", "transfer-encoding", "connection", "accept-encoding")
)

Learn = Callable[[str], bool]
Sent = tuple[bytes, str]  # the content of a request, and its type


@dataclass(frozen=True, slots=True)
class Form:
    """A form with one file, as the body of a request."""

    fields: Mapping[str, str]
    name: str
    content: bytes = field(repr=False)
    content_type: str

    def encoded(self) -> Sent:
        """The form in its parts."""
        file = (self.name, self.content, self.content_type)
        request = httpx.Request("POST", "", data=dict(self.fields), files={"file": file})
        return request.read(), request.headers["content-type"]


Body = Mapping[str, Any] | Form


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait and how much to take from a server we do not control."""

    silence_seconds: float = 60.0
    patience_seconds: float = 600.0
    event_bytes_max: int = 8 * 2**20
    answer_bytes_max: int = 256 * 2**20
    answer_chars_max: int = 1_000_000


def open_client() -> httpx.AsyncClient:
    """The client all connections share: no cookies, no redirects, loopback never by a proxy."""
    return httpx.AsyncClient(
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        transport=LeanTransport(),
        limits=httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=100),
        mounts={"all://127.0.0.1": None, "all://localhost": None, "all://[::1]": None},
        headers={"user-agent": "Quire"},
    )


def checked_base_url(text: str) -> str:
    """The address of a server as we keep it, or ModelFailed("misconfigured")."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise ModelFailed("misconfigured", "The address is not a valid URL.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ModelFailed("misconfigured", "The address must begin with http:// or https://.")
    if "@" in parts.netloc:
        raise ModelFailed("misconfigured", "The address must not contain a name or a password.")
    if parts.query or parts.fragment or not text.strip().isprintable():
        raise ModelFailed("misconfigured", "The address must not contain a query or a fragment.")
    return text.strip().rstrip("/")


def checked_headers(headers: Mapping[str, str], api_key: str | None) -> dict[str, str]:
    """The headers of every request, or ModelFailed("misconfigured")."""
    if api_key and not (api_key.isascii() and api_key.isprintable()):
        raise ModelFailed("misconfigured", "The API key has characters that no key can have.")
    for name, value in headers.items():
        allowed = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
        if not allowed or not (value.isascii() and (value.isprintable())):
            raise ModelFailed("misconfigured", "A header has characters that cannot be sent.")
        if name.lower() in HEADERS_OURS:
            raise ModelFailed("misconfigured", f"The header {name} cannot be chosen.")
    key = {"authorization": f"Bearer {api_key}"} if api_key else {}
    own = {name.lower(): value for name, value in headers.items()}
    return {"accept-encoding": "identity", **key, **own}


@dataclass(frozen=True, slots=True)
class Server:
    """One model server: where it is, what lets us in, and what we learnt about it."""

    client: httpx.AsyncClient
    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    limits: Limits = field(default_factory=Limits)
    quirks: set[str] = field(default_factory=set, compare=False)

    @classmethod
    def at(
        cls,
        client: httpx.AsyncClient,
        base_url: str,
        api_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> "Server":
        """Check what an administrator wrote, and make a server of it."""
        own = headers or {}
        return cls(
            client,
            checked_base_url(base_url),
            checked_headers(own, api_key),
            tuple(each for each in (api_key, *own.values()) if each and len(each) > 3),  # noqa: PLR2004
            limits or Limits(),
        )

    @property
    def host(self) -> str:
        """How people know the server; never the path, which may be private."""
        return urlsplit(self.base_url).netloc

    async def get(self, path: str, seconds: float) -> Any:
        """Read one JSON document within a time limit, or raise ModelFailed."""
        try:
            async with asyncio.timeout(seconds):
                response = await self._send("GET", path, None)
                async with aclosing(response):
                    if response.status_code != httpx.codes.OK:
                        raise (await self._refusal(response))[0]
                    return from_json(await self.read(response, LIST_BYTES_MAX))
        except TimeoutError:
            raise refusals.silent(self.host, seconds) from None
        except ValueError:
            raise refusals.malformed(self.host) from None
        except httpx.HTTPError as error:
            raise self.failure(error) from None

    async def post(self, path: str, body: Callable[[], Body], learn: Learn) -> httpx.Response:
        """Ask, and ask again where that helps; the caller closes the response.

        `learn` is shown why a request was refused and tells whether `body` has changed by it.
        """
        tries = refusals.Tries()
        for _ in range(RETRIES_MAX):
            text = ""  # what a refusal says
            try:
                response = await self._send("POST", path, encoded(body()))
                if response.status_code == httpx.codes.OK:
                    return response
                failed, text = await self._refusal(response)
            except httpx.HTTPError as error:
                failed = self.failure(error)
            if not (failed.kind == "refused" and learn(text)):
                await tries.wait(failed)
        raise failed

    async def read(self, response: httpx.Response, bytes_max: int) -> bytes:
        """A whole body of limited length."""
        taken = bytearray()
        if response.headers.get("content-encoding", "identity") != "identity":
            raise refusals.malformed(self.host)
        async with aclosing(cast("AsyncGenerator[bytes, None]", response.aiter_raw())) as chunks:
            async for chunk in chunks:
                taken += chunk
                if len(taken) > bytes_max:
                    raise refusals.too_long(self.host)
        return bytes(taken)

    def failure(self, error: httpx.HTTPError) -> ModelFailed:
        """What went wrong on the line, told to a person."""
        return refusals.line(error, self.host, self.limits.silence_seconds)

    async def _send(self, method: str, path: str, sent: Sent | None) -> httpx.Response:
        silence = self.limits.silence_seconds
        timeout = httpx.Timeout(silence, connect=min(CONNECT_SECONDS, silence))
        content, kind = sent or (None, "")
        headers = {**self.headers, "content-type": kind} if sent else self.headers
        try:
            request = self.client.build_request(
                method, self.base_url + path, content=content, headers=headers, timeout=timeout
            )
        except (httpx.InvalidURL, UnicodeError):
            raise ModelFailed("misconfigured", "The address is not a valid URL.") from None
        return await self.client.send(request, stream=True)

    async def _refusal(self, response: httpx.Response) -> tuple[ModelFailed, str]:
        async with aclosing(response):
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    body = await self.read(response, 2**20)
            except (httpx.HTTPError, ModelFailed, TimeoutError):
                body = b""
        text = body.decode(errors="replace")
        retry_after = response.headers.get("retry-after", "")
        failed = refusals.status(
            response.status_code, refusals.reason(body, self.secrets), self.host, retry_after
        )
        return failed, text


def encoded(body: Body) -> Sent:
    """The body of a request; what no JSON can hold is refused before it is sent."""
    if isinstance(body, Form):
        return body.encoded()
    try:
        return to_json(body, inf_nan_mode="null"), "application/json"
    except ValueError:
        raise ModelFailed("refused", "A parameter of the question cannot be sent.") from None
