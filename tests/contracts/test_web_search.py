"""Every search engine is asked as its provider wants it, and pages only come from the open web."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpcore
import httpx
import pytest

from application.documents.ports import Unfit
from application.ports import Unavailable
from domain.errors import Invalid
from infrastructure.guarded import GuardedBackend, GuardedClient, checked_web_url, is_public
from infrastructure.loaders.base import Extracted
from infrastructure.search.domains import Domains
from infrastructure.search.engines import EngineSettings, SearchEngine
from infrastructure.search.pages import PageReader
from tests.search_servers import ARTICLE, ENGINES, KEY, SearchServers, search_servers

FOUND = [
    "https://example.org/one",
    "https://example.com/two",
    "https://sub.example.net/three",
]


@pytest.fixture
async def servers() -> AsyncIterator[SearchServers]:
    async with search_servers() as found:
        yield found


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as found:
        yield found


def settings(servers: SearchServers, name: str, **more: object) -> EngineSettings:
    extra = {"cx": "an-engine"} if name == "google_pse" else {}
    values: dict[str, object] = {"key": KEY, "extra": extra, **more}
    return EngineSettings(name, servers.engine_url(name), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(ENGINES))
async def test_each_engine_finds_pages(
    servers: SearchServers, client: httpx.AsyncClient, name: str
) -> None:
    found = await SearchEngine(settings(servers, name), client).search("tides  in\nFrance", 5)
    assert [each.url for each in found] == FOUND
    assert found[1].title == "The second page"
    assert found[1].snippet == "What the second page says."
    asked = servers.asked[0]
    assert b"tides" in asked.body or asked.query["q"] == "tides in France"


@pytest.mark.parametrize("name", sorted(ENGINES))
async def test_a_wrong_key_is_told_without_it(
    servers: SearchServers, client: httpx.AsyncClient, name: str
) -> None:
    wrong = settings(servers, name, key="a-wrong-key-of-mine")
    if name in ("searxng", "duckduckgo"):
        assert await SearchEngine(wrong, client).search("tides", 3)
        return
    with pytest.raises(Unfit) as told:
        await SearchEngine(wrong, client).search("tides", 3)
    assert "key" in str(told.value)
    assert "a-wrong-key-of-mine" not in str(told.value)


@pytest.mark.parametrize(("status", "kind"), [(429, Unavailable), (503, Unavailable), (400, Unfit)])
async def test_a_failing_engine_says_how(
    servers: SearchServers, client: httpx.AsyncClient, status: int, kind: type[Exception]
) -> None:
    servers.broken = status
    with pytest.raises(kind) as told:
        await SearchEngine(settings(servers, "brave"), client).search("tides", 3)
    assert str(status) in str(told.value)
    assert KEY not in str(told.value)


async def test_an_engine_that_is_not_there_is_unavailable(client: httpx.AsyncClient) -> None:
    engine = SearchEngine(EngineSettings("searxng", "http://127.0.0.1:9"), client)
    with pytest.raises(Unavailable):
        await engine.search("tides", 3)


def test_what_an_engine_needs_is_said(client: httpx.AsyncClient) -> None:
    for wrong, word in (
        (EngineSettings("altavista"), "searxng"),
        (EngineSettings("brave"), "key"),
        (EngineSettings("google_pse", key=KEY), "cx"),
        (EngineSettings("searxng"), "address"),
    ):
        with pytest.raises(Unfit, match=word):
            SearchEngine(wrong, client)


async def test_only_chosen_domains_are_used(
    servers: SearchServers, client: httpx.AsyncClient
) -> None:
    domains = Domains(allowed=("example.org", "example.net"), denied=("sub.example.net",))
    engine = SearchEngine(settings(servers, "brave", domains=domains), client)
    assert [each.url for each in await engine.search("tides", 5)] == FOUND[:1]
    assert not domains.allow("https://notexample.org/")
    assert not domains.allow("https://[broken/")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1",
        "fec0::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_private_addresses_are_known_in_every_dress(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/", "file:///etc/passwd", "http://", "http://me:pw@example.org/",
        "http://localhost/", "http://printer.local/", "http://example.org:22/", "http://a b/",
        "http://example.org/\x00", "http://example.org:99999/", "http://" + "a" * 3000,
        "gopher://example.org", "http://[::1", "//example.org/",
    ],
)  # fmt: skip
def test_addresses_that_are_not_of_the_web_are_refused(url: str) -> None:
    with pytest.raises(Invalid):
        checked_web_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/",
        "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://0/", "http://169.254.169.254/x",
    ],
)  # fmt: skip
async def test_private_addresses_are_never_fetched(url: str) -> None:
    async with GuardedClient() as client:
        with pytest.raises((Invalid, Unavailable)) as told:
            await client.fetch(url)
    assert "public" in str(told.value) or "reached" in str(told.value)


async def test_a_name_that_leads_inwards_is_refused_when_it_connects() -> None:
    backend = GuardedBackend()
    with pytest.raises(httpcore.ConnectError, match="public"):
        await backend.connect_tcp("localhost", 80)


async def test_a_redirect_inwards_is_refused(servers: SearchServers) -> None:
    async with GuardedClient(allowed=["127.0.0.1"], ports=[servers.port]) as client:
        for target in ("http://localhost/", "http://10.0.0.1/", "file:///etc/passwd"):
            with pytest.raises(Invalid):
                await client.fetch(f"{servers.url}/pages/inwards?to={target}")
    assert len(servers.asked) == 3


async def test_pages_come_whole_and_within_limits(servers: SearchServers) -> None:
    async with GuardedClient(allowed=["127.0.0.1"], ports=[servers.port]) as client:
        for name in ("tides", "packed", "moved"):
            found = await client.fetch(f"{servers.url}/pages/{name}")
            assert b"Saint-Malo" in found.body
            assert found.media_type == "text/html"
        for name in ("bomb", "large", "round", "garbled", "none"):
            with pytest.raises(Unavailable):
                await client.fetch(f"{servers.url}/pages/{name}")


class Loaders:
    """Reads as the real ones do, without a process."""

    async def read(self, path: Path, name: str, media_type: str) -> Extracted:
        assert path.name == name == "page.html"
        assert media_type == "text/html"
        return Extracted(ARTICLE, "About  tides", 0, "test")


async def test_a_page_is_read_and_domains_hold(servers: SearchServers) -> None:
    async with GuardedClient(allowed=["127.0.0.1"], ports=[servers.port]) as client:
        reader = PageReader(client, Loaders(), Domains(denied=("example.org",)))
        page = await reader.read(f"{servers.url}/pages/moved")
        assert (page.title, page.url) == ("About tides", f"{servers.url}/pages/tides")
        assert "Saint-Malo" in page.text
        with pytest.raises(Invalid, match=r"example\.org"):
            await reader.read("https://example.org/")
