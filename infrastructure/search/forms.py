"""How each search engine is asked, and where in its answer the pages are.

Each form follows the provider's published reference of its HTTP interface.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from application.documents.ports import Unfit, WebResult

COUNT_MAX = 20
GOOGLE_COUNT_MAX = 10
WORDS_MAX = 400


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of an engine."""

    query: str
    count: int
    key: str
    extra: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Form:
    """One engine: its usual address, the request, and how its answer is read.

    `results` is the path to the list of pages in JSON, `names` the fields of address, title and
    snippet in it. `read` reads what is not JSON.
    """

    url: str
    query: Callable[[Question], Mapping[str, str]] | None = None
    body: Callable[[Question], Mapping[str, Any]] | None = None
    encoded: bool = False
    headers: Callable[[Question], Mapping[str, str]] = field(default=lambda _: {})
    results: tuple[str, ...] = ()
    names: tuple[str, str, str] = ("url", "title", "description")
    read: Callable[[bytes], list[WebResult]] | None = None
    needs_key: bool = True
    needs: tuple[str, ...] = ()


def bearer(question: Question) -> Mapping[str, str]:
    """The key as most take it; none when there is none."""
    return {"authorization": f"Bearer {question.key}"} if question.key else {}


def duckduckgo(body: bytes) -> list[WebResult]:
    """The pages in DuckDuckGo's list without scripts; each link leads through a redirect."""
    from lxml import html  # noqa: PLC0415 (no other engine needs it)

    if not body.strip():
        raise Unfit("DuckDuckGo sent an empty page.")
    tree = html.fromstring(body)
    if tree.xpath("//form[@id='challenge-form']"):
        raise Unfit("DuckDuckGo wants to see a person. Choose another search engine.")
    found = []
    for link in tree.xpath("//a[contains(concat(' ', @class, ' '), ' result__a ')]"):
        target = parse_qs(urlsplit(link.get("href", "")).query).get("uddg", [link.get("href", "")])
        block = link.xpath("ancestor::div[contains(concat(' ', @class, ' '), ' result ')][1]")
        snippets = block[0].xpath(".//*[contains(@class, 'result__snippet')]") if block else []
        snippet = " ".join(snippets[0].text_content().split()) if snippets else ""
        found.append(WebResult(target[0], " ".join(link.text_content().split()), snippet))
    return found


FORMS: Mapping[str, Form] = {
    "searxng": Form(
        url="",
        query=lambda q: {"q": q.query, "format": "json", **q.extra},
        results=("results",),
        names=("url", "title", "content"),
        needs_key=False,
    ),
    "brave": Form(
        url="https://api.search.brave.com/res/v1/web/search",
        query=lambda q: {"q": q.query[:WORDS_MAX], "count": str(min(q.count, COUNT_MAX))},
        headers=lambda q: {"x-subscription-token": q.key, "accept": "application/json"},
        results=("web", "results"),
    ),
    "bing": Form(
        url="https://api.bing.microsoft.com/v7.0/search",
        query=lambda q: {"q": q.query, "count": str(q.count)},
        headers=lambda q: {"ocp-apim-subscription-key": q.key},
        results=("webPages", "value"),
        names=("url", "name", "snippet"),
    ),
    "google_pse": Form(
        url="https://www.googleapis.com/customsearch/v1",
        query=lambda q: {
            "key": q.key,
            "cx": q.extra["cx"],
            "q": q.query,
            "num": str(min(q.count, GOOGLE_COUNT_MAX)),
        },
        results=("items",),
        names=("link", "title", "snippet"),
        needs=("cx",),
    ),
    "duckduckgo": Form(
        url="https://html.duckduckgo.com/html/",
        body=lambda q: {"q": q.query, "kl": q.extra.get("kl", "wt-wt")},
        encoded=True,
        read=duckduckgo,
        needs_key=False,
    ),
    "tavily": Form(
        url="https://api.tavily.com/search",
        body=lambda q: {"query": q.query, "max_results": q.count, "search_depth": "basic"},
        headers=bearer,
        results=("results",),
        names=("url", "title", "content"),
    ),
    "serper": Form(
        url="https://google.serper.dev/search",
        body=lambda q: {"q": q.query, "num": q.count},
        headers=lambda q: {"x-api-key": q.key},
        results=("organic",),
        names=("link", "title", "snippet"),
    ),
    "jina": Form(
        url="https://s.jina.ai/",
        query=lambda q: {"q": q.query},
        headers=lambda q: {
            **bearer(q),
            "accept": "application/json",
            "x-respond-with": "no-content",
        },
        results=("data",),
    ),
    "http": Form(
        url="",
        body=lambda q: {"query": q.query, "count": q.count, **q.extra},
        headers=bearer,
        results=("results",),
        names=("url", "title", "snippet"),
        needs_key=False,
    ),
}
