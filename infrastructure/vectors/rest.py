"""The door to vector stores that speak HTTP and JSON."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic_core import from_json, to_json

from application.documents.ports import Unfit
from application.ports import ModelFailed, Unavailable
from infrastructure.models.http import checked_base_url
from infrastructure.models.refusals import plain

CONNECT_SECONDS = 5.0
SECONDS = 30.0
ANSWER_BYTES_MAX = 64 * 2**20
LATER = frozenset((408, 425, 429))
NO_ENTRY = frozenset((401, 403))
ELSEWHERE, REFUSED, BROKEN = 300, 400, 500


class Refused(Unfit):
    """A server says no to a request, with a status between 400 and 499."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Rest:
    """One server: where it is and what lets us in. Addresses are an administrator's choice."""

    def __init__(self, store: str, url: str, headers: Mapping[str, str], secret: str = "") -> None:
        self.base_url = checked_url(url)
        self.name = f"{store} at {urlsplit(self.base_url).netloc}"
        self._secrets = tuple(each for each in (secret, secret.partition(":")[2]) if each)
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"user-agent": "Quire", **headers},
            timeout=httpx.Timeout(SECONDS, connect=CONNECT_SECONDS),
            mounts={"all://127.0.0.1": None, "all://localhost": None, "all://[::1]": None},
        )

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """Send one JSON document and read one; raises Unavailable, Refused or Unfit."""
        content = None if body is None else to_json(body)
        return await self.send(method, path, content, "application/json")

    async def send(self, method: str, path: str, content: bytes | None, kind: str) -> Any:
        """Send bytes and read one JSON document."""
        headers = {} if content is None else {"content-type": kind}
        try:
            async with asyncio.timeout(SECONDS):
                request = self._client.build_request(
                    method, self.base_url + path, content=content, headers=headers
                )
                response = await self._client.send(request, stream=True)
                async with aclosing(response):
                    status, found = response.status_code, await self._body(response)
        except (httpx.TransportError, TimeoutError) as error:
            raise Unavailable(f"{self.name} cannot be reached.") from error
        return self._judged(status, found)

    async def close(self) -> None:
        """Let connections go."""
        await self._client.aclose()

    def shown(self, text: str) -> str:
        """What the server says, without our secrets."""
        return plain(text, self._secrets)

    async def _body(self, response: httpx.Response) -> bytes:
        taken = bytearray()
        async for chunk in response.aiter_bytes():
            taken += chunk
            if len(taken) > ANSWER_BYTES_MAX:
                raise Unfit(f"{self.name} answers more than can be taken.")
        return bytes(taken)

    def _judged(self, status: int, found: bytes) -> Any:
        """What the answer says, unless it says no."""
        if status >= BROKEN or status in LATER:
            raise Unavailable(f"{self.name} is busy or broken (status {status}).")
        if status in NO_ENTRY:
            raise Unfit(f"{self.name} refused the key.")
        if status >= REFUSED:
            raise Refused(
                f"{self.name} refused with status {status}: {self.shown(why(found))}", status
            )
        if status >= ELSEWHERE:
            raise Unfit(f"{self.name} sends us to another address. Enter that address instead.")
        try:
            return from_json(found) if found else None
        except ValueError:
            raise Unfit(f"{self.name} answers something that is not JSON.") from None


def checked_url(url: str) -> str:
    """The address of a server as an administrator may enter it."""
    try:
        return checked_base_url(url)
    except ModelFailed as failed:
        raise Unfit(str(failed)) from None


def checked_key(key: str) -> str:
    """A key that can be sent in a header."""
    if not (key.isascii() and key.isprintable()):
        raise Unfit("The key has characters that no key can have.")
    return key


def why(body: bytes) -> str:
    """What a store says about its refusal, in one of the forms the stores have."""
    try:
        found = from_json(body)
    except ValueError:
        return ""
    for name in ("status", "error", "reason", "message"):
        if isinstance(found, dict) and name in found:
            found = found[name]
    return found if isinstance(found, str) else ""
