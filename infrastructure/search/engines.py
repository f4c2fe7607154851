"""Search engines, by the forms they take."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic_core import from_json

from application.documents.ports import Unfit, WebResult
from application.ports import Unavailable
from infrastructure.models.refusals import reason
from infrastructure.search.domains import Domains
from infrastructure.search.forms import FORMS, Form, Question

SECONDS_MAX = 10.0
BYTES_MAX = 4 * 2**20
TEXT_CHARACTERS_MAX = 2_000
BUSY, SERVER_ERROR = 429, 500


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What an administrator chose; `url` empty: the provider's own address."""

    engine: str
    url: str = ""
    key: str = field(default="", repr=False)
    extra: Mapping[str, str] = field(default_factory=dict)
    domains: Domains = field(default_factory=Domains)


class SearchEngine:
    """The `WebSearch` port for any provider in `FORMS`."""

    def __init__(self, settings: EngineSettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client
        self._form = checked(settings)
        self._url = address(settings, self._form)

    async def search(self, query: str, limit: int) -> list[WebResult]:
        """The best pages within the chosen domains, best first, each once."""
        settings = self._settings
        question = Question(" ".join(query.split()), limit, settings.key, settings.extra)
        found = self._read(await self._ask(question))
        seen: dict[str, WebResult] = {}
        for each in found:
            if settings.domains.allow(each.url):
                seen.setdefault(each.url, each)
        return list(seen.values())[:limit]

    async def _ask(self, question: Question) -> bytes:
        host = urlsplit(self._url).netloc
        try:
            async with asyncio.timeout(SECONDS_MAX):
                async with self._client.stream(**self._request(question)) as response:
                    body = bytearray()
                    async for chunk in response.aiter_bytes():
                        body += chunk
                        if len(body) > BYTES_MAX:
                            raise Unfit(f"The answer of {host} is too long.")
        except (httpx.HTTPError, TimeoutError):
            raise Unavailable(f"{host} cannot be reached.") from None
        self._check(response.status_code, bytes(body), host)
        return bytes(body)

    def _request(self, question: Question) -> dict[str, Any]:
        form, request = self._form, dict[str, Any](url=self._url)
        request["headers"] = dict(form.headers(question))
        if form.query:
            return request | {"method": "GET", "params": dict(form.query(question))}
        assert form.body is not None
        request["data" if form.encoded else "json"] = dict(form.body(question))
        return request | {"method": "POST"}

    def _check(self, status: int, body: bytes, host: str) -> None:
        if status == httpx.codes.OK:
            return
        why = reason(body, [self._settings.key] if self._settings.key else [])
        said = f" It said: {why}" if why else ""
        if status == BUSY or status >= SERVER_ERROR:
            raise Unavailable(f"{host} is busy or fails (status {status}).{said}")
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise Unfit(f"{host} refused the key.")
        raise Unfit(f"{host} refused the search with status {status}.{said}")

    def _read(self, body: bytes) -> list[WebResult]:
        if self._form.read:
            return cleaned(self._form.read(body))
        try:
            found: Any = from_json(body)
        except ValueError:
            raise Unfit("The search engine answered with something that is not JSON.") from None
        for name in self._form.results:
            found = found.get(name) if isinstance(found, dict) else None
        if found is None:
            return []
        if not isinstance(found, list):
            raise Unfit("The search engine answered in an unknown form.")
        url, title, snippet = self._form.names
        return cleaned(
            [
                WebResult(text(each, url), text(each, title), text(each, snippet))
                for each in found
                if isinstance(each, dict)
            ]
        )


def checked(settings: EngineSettings) -> Form:
    """The form of the chosen engine, when all it needs is there."""
    form = FORMS.get(settings.engine)
    if form is None:
        raise Unfit(f"There is no search engine {settings.engine}; there are {', '.join(FORMS)}.")
    if form.needs_key and not settings.key:
        raise Unfit(f"{settings.engine} needs a key.")
    for name in form.needs:
        if not settings.extra.get(name):
            raise Unfit(f"{settings.engine} needs {name}.")
    return form


def address(settings: EngineSettings, form: Form) -> str:
    """Where the engine is asked."""
    url = settings.url.strip() or form.url
    if not url:
        raise Unfit(f"{settings.engine} needs an address.")
    if settings.engine == "searxng" and not url.rstrip("/").endswith("/search"):
        return url.rstrip("/") + "/search"
    return url


def text(found: Mapping[str, Any], name: str) -> str:
    """A field that should be a text."""
    value = found.get(name)
    return value if isinstance(value, str) else ""


def cleaned(results: Sequence[WebResult]) -> list[WebResult]:
    """Results with an address of the web; titles and snippets in one line of limited length."""
    return [
        WebResult(each.url, one_line(each.title) or each.url, one_line(each.snippet))
        for each in results
        if each.url.startswith(("http://", "https://"))
    ]


def one_line(words: str) -> str:
    """A foreign text without line breaks and control characters."""
    words = words.encode("utf-8", "replace").decode()
    plain = "".join(each if each.isprintable() else " " for each in words[:TEXT_CHARACTERS_MAX])
    return " ".join(plain.split())
