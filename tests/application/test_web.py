"""Looking on the web: pages are read at once, ranked in memory, and trouble is told."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from application.documents.ports import Purpose, Vectors, WebPage, WebResult
from application.documents.settings import Web as Choices
from application.ports import Unavailable
from application.retrieval import web
from application.retrieval.pages import cut
from application.retrieval.web import Look
from domain.errors import Invalid

TEA = "https://tea.example/green"
PAGES = {
    TEA: "# Tea\n\nGreen tea is brewed at 70 degrees.\n\n# Milk\n\nNo milk in it.",
    "https://news.example/": "All quiet today.",
    "https://long.example/": "\n\n".join(f"Paragraph {n} on harbours." for n in range(500)),
}


@dataclass
class Server:
    """A search engine and the pages it names, in one."""

    results: Sequence[str] = ()
    broken: Mapping[str, Exception] = field(default_factory=dict)
    read_urls: list[str] = field(default_factory=list)
    most: int = 0
    now: int = 0

    async def search(self, query: str, limit: int) -> list[WebResult]:
        if query in self.broken:
            raise self.broken[query]
        return [WebResult(each, f"About {each}", "Green snippet.") for each in self.results][:limit]

    async def read(self, url: str) -> WebPage:
        self.read_urls.append(url)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.01)
        self.now -= 1
        if url in self.broken:
            raise self.broken[url]
        return WebPage(url, "", PAGES[url])


@dataclass
class Ways:
    search: Server | None
    reader: Server | None


def look(server: Server, pages: int = 3) -> Look:
    return Look(Ways(server, server), Choices(pages=pages))


async def test_pages_that_a_search_names_are_read_and_ranked() -> None:
    server = Server(list(PAGES))
    looked = await look(server).run(["How hot is green tea?"], [], search=True)
    assert looked.problems == []
    assert sorted(server.read_urls) == sorted(PAGES)
    assert server.most == 3
    best = looked.candidates[0].passage
    assert (best.url, best.headings) == (TEA, "Tea")
    assert best.text == "Green tea is brewed at 70 degrees."
    assert looked.candidates[0].scores.words
    assert looked.milliseconds >= 10


async def test_only_so_many_pages_are_read_and_of_others_the_snippet_is_taken() -> None:
    server = Server(list(PAGES))
    looked = await look(server, pages=1).run(["green"], [], search=True)
    assert server.read_urls == [TEA]
    assert {each.passage.text for each in looked.candidates} >= {"Green snippet."}


async def test_pages_somebody_attached_are_read_without_a_search() -> None:
    server = Server()
    looked = await look(server, pages=0).run(["milk"], [TEA, TEA], search=False)
    assert server.read_urls == [TEA]
    assert looked.candidates[0].passage.text == "No milk in it."


async def test_trouble_is_told_and_the_rest_is_found() -> None:
    broken: dict[str, Exception] = {
        "second": Unavailable("The engine is tired."),
        TEA: Invalid("tea.example is not on the public web."),
    }
    server = Server([TEA, "https://news.example/"], broken)
    looked = await look(server).run(["quiet", "second"], [], search=True)
    assert looked.candidates[0].passage.text == "All quiet today."
    assert looked.problems == [
        "The web search: The engine is tired.",
        "tea.example: tea.example is not on the public web.",
    ]
    assert "Green snippet." in {each.passage.text for each in looked.candidates}


async def test_what_is_slow_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "READ_SECONDS_MAX", 0.001)
    looked = await look(Server()).run(["milk"], [TEA], search=False)
    assert looked.candidates == []
    assert looked.problems == ["tea.example did not answer in time."]


async def test_without_a_way_to_the_web_that_is_said() -> None:
    looked = await Look(Ways(None, None), Choices()).run(["milk"], [TEA], search=True)
    assert looked.candidates == []
    assert len(looked.problems) == 2


class Meaning:
    """An embedder that finds everything about milk near."""

    space = "test"

    async def embed(self, texts: Sequence[str], purpose: Purpose = "passage") -> Vectors:
        near = [
            [1, 0] if "milk" in each.lower() or purpose == "query" else [0, 1] for each in texts
        ]
        return np.array(near, np.float32)


async def test_meaning_counts_too() -> None:
    found = Look(Ways(None, Server()), Choices(), Meaning())
    looked = await found.run(["What does one pour into it?"], [TEA], search=False)
    assert looked.candidates[0].passage.headings == "Milk"
    assert looked.candidates[0].scores.meaning == 1.0


def test_pages_are_cut_along_their_paragraphs() -> None:
    pieces = cut(WebPage("https://long.example/", "", PAGES["https://long.example/"]))
    assert all(len(each.text) <= 1_250 for each in pieces)
    assert [each.ordinal for each in pieces] == list(range(len(pieces)))
    assert "\n\n".join(each.text for each in pieces) == PAGES["https://long.example/"]
    assert len(cut(WebPage(TEA, "", "x" * 3_000))) == 3
    assert cut(WebPage(TEA, "", "")) == []
