"""Search engines and web pages for tests: one real HTTP server on loopback.

Each engine is as strict as its provider's published reference: another path, method, header or
parameter is refused. `/pages/...` are pages of the web, good and bad ones.
"""

import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote

from tests.plain_http import Asked, Reply, serving

KEY = "secret-search-key"
PAGES = (
    ("https://example.org/one", "The first page", "What the first page says."),
    ("https://example.com/two", "The second page", "What the second\npage says."),
    ("https://example.org/one", "The first page again", "Twice."),
    ("javascript:alert(1)", "A script", "Not a page."),
    ("https://sub.example.net/three", "The third page", "What the third page says."),
)
ARTICLE = """<html><head><title>About tides</title></head><body><nav>Home | Shop | Login</nav>
<article><h1>About tides</h1><p>The tide at Saint-Malo rises by up to thirteen metres, more than
anywhere else in France, because the bay narrows towards the river.</p><p>Spring tides come two
days after the new and the full moon, when sun and moon pull together.</p></article>
<footer>Cookies</footer></body></html>"""


def listed(url: str, title: str, snippet: str) -> list[dict[str, str]]:
    return [dict(zip((url, title, snippet), page, strict=True)) for page in PAGES]


@dataclass(frozen=True, slots=True)
class Engine:
    """What one provider takes and gives."""

    method: str
    path: str
    takes: frozenset[str]
    needs: frozenset[str]
    key: Callable[[Asked], bool]
    answer: Callable[[], Any]
    form: str = "query"


def header(name: str, value: str = KEY) -> Callable[[Asked], bool]:
    return lambda asked: asked.headers.get(name) == value


def anybody(_: Asked) -> bool:
    return True


def duckduckgo() -> bytes:
    rows = "".join(
        f'<div class="result results_links"><h2><a class="result__a" '
        f'href="//duckduckgo.com/l/?uddg={quote(url, safe="")}&amp;rut=1">{title}</a></h2>'
        f'<a class="result__snippet">{snippet}</a></div>'
        for url, title, snippet in PAGES
    )
    return f"<html><body>{rows}</body></html>".encode()


BEARER = header("authorization", f"Bearer {KEY}")
ENGINES = {
    "searxng": Engine(
        "GET", "/searxng/search", frozenset({"q", "format", "language", "categories"}),
        frozenset({"q", "format"}), anybody,
        lambda: {"query": "", "results": listed("url", "title", "content")},
    ),
    "brave": Engine(
        "GET", "/res/v1/web/search", frozenset({"q", "count", "country"}), frozenset({"q"}),
        header("x-subscription-token"),
        lambda: {"web": {"results": listed("url", "title", "description")}},
    ),
    "bing": Engine(
        "GET", "/v7.0/search", frozenset({"q", "count", "mkt"}), frozenset({"q"}),
        header("ocp-apim-subscription-key"),
        lambda: {"webPages": {"value": listed("url", "name", "snippet")}},
    ),
    "google_pse": Engine(
        "GET", "/customsearch/v1", frozenset({"key", "cx", "q", "num"}),
        frozenset({"key", "cx", "q"}), lambda asked: asked.query.get("key") == KEY,
        lambda: {"items": listed("link", "title", "snippet")},
    ),
    "duckduckgo": Engine(
        "POST", "/html/", frozenset({"q", "kl"}), frozenset({"q"}), anybody, duckduckgo, "form"
    ),
    "tavily": Engine(
        "POST", "/tavily/search", frozenset({"query", "max_results", "search_depth"}),
        frozenset({"query"}), BEARER, lambda: {"results": listed("url", "title", "content")},
        "json",
    ),
    "serper": Engine(
        "POST", "/serper/search", frozenset({"q", "num", "gl"}), frozenset({"q"}),
        header("x-api-key"), lambda: {"organic": listed("link", "title", "snippet")}, "json",
    ),
    "jina": Engine(
        "GET", "/jina/", frozenset({"q"}), frozenset({"q"}),
        lambda asked: BEARER(asked) and asked.headers.get("accept") == "application/json",
        lambda: {"code": 200, "data": listed("url", "title", "description")},
    ),
    "http": Engine(
        "POST", "/own", frozenset({"query", "count"}), frozenset({"query", "count"}), BEARER,
        lambda: {"results": listed("url", "title", "snippet")}, "json",
    ),
}  # fmt: skip


@dataclass(slots=True)
class SearchServers:
    """Where the engines are, and what they were asked."""

    port: int = 0
    broken: int = 0  # answer everything with this status
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def engine_url(self, name: str) -> str:
        path = ENGINES[name].path
        return self.url + (path.removesuffix("/search") if name == "searxng" else path)

    def reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        if self.broken:
            return Reply(self.broken, {}, json.dumps({"error": f"no {KEY} today"}).encode())
        if asked.path.startswith("/pages/"):
            return page(asked)
        for engine in ENGINES.values():
            if engine.path == asked.path:
                return answered(engine, asked)
        return Reply(404, {}, b"")


def answered(engine: Engine, asked: Asked) -> Reply:
    """What a provider says to a request, by the letter."""
    given = parameters(engine, asked)
    if asked.method != engine.method:
        return Reply(405, {}, b"")
    if given is None or not engine.needs <= set(given) <= engine.takes:
        return Reply(400, {}, json.dumps({"error": f"bad parameters {given}"}).encode())
    if not engine.key(asked):
        return Reply(401, {}, json.dumps({"error": f"wrong key {KEY}"}).encode())
    found = engine.answer()
    is_page = isinstance(found, bytes)
    kind = {"content-type": "text/html" if is_page else "application/json"}
    return Reply(200, kind, found if is_page else json.dumps(found).encode())


def parameters(engine: Engine, asked: Asked) -> dict[str, Any] | None:
    kind = asked.headers.get("content-type", "")
    if engine.form == "query":
        return None if asked.body else dict(asked.query)
    if engine.form == "form":
        is_form = kind == "application/x-www-form-urlencoded"
        return dict(parse_qsl(asked.body.decode())) if is_form and not asked.query else None
    if kind != "application/json" or asked.query:
        return None
    found = json.loads(asked.body)
    return found if isinstance(found, dict) else None


HTML = {"content-type": "text/html; charset=utf-8"}
PACKED = {**HTML, "content-encoding": "gzip"}
PLACES: dict[str, Callable[[], Reply]] = {
    "tides": lambda: Reply(200, HTML, ARTICLE.encode()),
    "packed": lambda: Reply(200, PACKED, gzip.compress(ARTICLE.encode())),
    "bomb": lambda: Reply(200, PACKED, gzip.compress(bytes(200 * 2**20), 9)),
    "large": lambda: Reply(200, HTML, b"a" * (11 * 2**20)),
    "round": lambda: Reply(302, {"location": "/pages/round"}, b""),
    "moved": lambda: Reply(301, {"location": "/pages/tides"}, b""),
    "garbled": lambda: Reply(200, PACKED, b"not gzip at all"),
    "none": lambda: Reply(404, HTML, b""),
}


def page(asked: Asked) -> Reply:
    """Pages of the web, good and bad ones."""
    name = asked.path.removeprefix("/pages/")
    if name == "inwards":
        return Reply(302, {"location": asked.query["to"]}, b"")
    return PLACES.get(name, PLACES["none"])()


@asynccontextmanager
async def search_servers() -> AsyncIterator[SearchServers]:
    """Start them at a free port."""
    servers = SearchServers()
    async with serving(servers.reply) as port:
        servers.port = port
        yield servers
