"""Of a video what is said in it is read, from a double that is as strict as the site."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from application.documents.ports import Unfit
from application.ports import Unavailable
from application.retrieval.pages import cut
from domain.errors import Invalid
from infrastructure.loaders.base import Extracted
from infrastructure.search.domains import Domains
from infrastructure.search.pages import PageReader
from infrastructure.search.transcripts import SITE, clock, watch_address
from tests.plain_http import serving
from tests.video_site import HEARD, VIDEO, WATCH, Mapped, Site, player


class Loaders:
    """Never asked: a transcript needs no loader."""

    async def read(self, path: Path, name: str, media_type: str) -> Extracted:
        raise AssertionError(path, name, media_type)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def reader(site: Site) -> AsyncIterator[PageReader]:
    async with serving(site.reply) as port, Mapped(port) as client:
        yield PageReader(client, Loaders())


@pytest.mark.parametrize(
    "url",
    [
        f"https://www.youtube.com/watch?v={VIDEO}&t=12s", f"http://youtube.com/watch?v={VIDEO}",
        f"https://m.youtube.com/watch?list=x&v={VIDEO}", f"https://youtu.be/{VIDEO}?si=abc",
        f"https://www.youtube.com/shorts/{VIDEO}", f"https://www.youtube.com/live/{VIDEO}/",
        f"https://www.youtube-nocookie.com/embed/{VIDEO}",
    ],
)  # fmt: skip
def test_a_video_is_known_by_all_its_addresses(url: str) -> None:
    assert watch_address(url) == WATCH


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/", "https://www.youtube.com/watch", "https://www.youtube.com/@ana",
        "https://www.youtube.com/watch?v=short", "https://youtu.be/", "https://[",
        f"https://example.org/watch?v={VIDEO}", f"https://youtube.com.example.org/watch?v={VIDEO}",
        f"ftp://youtu.be/{VIDEO}", f"https://youtu.be/{VIDEO}x", "https://www.youtube.com/shorts",
    ],
)  # fmt: skip
def test_other_pages_are_pages(url: str) -> None:
    assert watch_address(url) is None


async def test_what_is_said_is_read_with_its_times(site: Site, reader: PageReader) -> None:
    page = await reader.read(f"https://youtu.be/{VIDEO}")
    assert (page.url, page.title) == (WATCH, "About tides")
    assert page.text == (
        "# About tides\n\n## 00:00:00\n\nThe tide comes in at noon"
        "\n\n## 01:01:00\n\n& goes out; it's late."
    )
    assert [each.headings for each in cut(page)] == ["00:00:00", "01:01:00"]
    assert "sig=2" in site.asked[1], "a written transcript goes before a heard one"


async def test_signs_that_no_text_has_are_left_out(site: Site, reader: PageReader) -> None:
    site.player["videoDetails"]["title"] = "\ud800 A\x00 title \n"
    site.words = rb'{"events": [{"tStartMs": 0, "segs": [{"utf8": "ebb\u0000 and \ud800flow"}]}]}'
    page = await reader.read(WATCH)
    assert (page.title, page.text) == (
        "A title",
        "# A title\n\n## 00:00:00\n\nebb and flow",
    )


async def test_what_a_machine_heard_is_better_than_nothing(site: Site, reader: PageReader) -> None:
    site.player = player(HEARD)
    assert "at noon" in (await reader.read(WATCH)).text
    assert "sig=1" in site.asked[1]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (player(), "no transcript"),
        ({"captions": [1]}, "no transcript"),
        ({}, "no transcript"),
        (player("no track", {"baseUrl": 3}), "no transcript"),
        (player(status="LOGIN_REQUIRED", reason="This video is private"), "video is private"),
        (player(status="ERROR"), "ERROR"),
        (player({"baseUrl": "http://10.0.0.1/api/timedtext"}), "not at YouTube"),
        (player({"baseUrl": f"{SITE}/logout"}), "not at YouTube"),
        (player({"baseUrl": "http://["}), "cannot be found"),
    ],
)
async def test_without_a_transcript_it_says_why(
    site: Site, reader: PageReader, told: Any, why: str
) -> None:
    site.player = told
    with pytest.raises(Unfit, match=why):
        await reader.read(WATCH)
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ("<html>Before you continue</html>", "agree or sign in"),
        ("ytInitialPlayerResponse = {x", "cannot be understood"),
        ('ytInitialPlayerResponse = {"a": ' + "[" * 200_000, "cannot be understood"),
    ],
)
async def test_another_page_is_no_video(
    site: Site, reader: PageReader, page: str, why: str
) -> None:
    site.page = page
    with pytest.raises(Unfit, match=why):
        await reader.read(WATCH)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (b"", "empty"),
        (b'{"events": 3}', "empty"),
        (b'{"events": [3, {"tStartMs": "1", "segs": []}, {"tStartMs": 1}]}', "empty"),
        (b"<transcript>", "understood"),
        (b"[" * 200_000, "understood"),
    ],
)
async def test_a_broken_transcript_is_refused(
    site: Site, reader: PageReader, words: bytes, why: str
) -> None:
    site.words = words
    with pytest.raises(Unfit, match=why):
        await reader.read(WATCH)


async def test_a_video_that_is_not_there_is_unavailable(reader: PageReader) -> None:
    with pytest.raises(Unavailable, match="404"):
        await reader.read("https://youtu.be/00000000000")


async def test_a_denied_site_is_denied_by_its_short_name_too(site: Site) -> None:
    async with serving(site.reply) as port, Mapped(port) as client:
        reader = PageReader(client, Loaders(), Domains(denied=("youtube.com",)))
        with pytest.raises(Invalid, match="domain"):
            await reader.read(f"https://youtu.be/{VIDEO}")
    assert site.asked == []


def test_times_are_shown_as_players_show_them() -> None:
    assert [clock(each) for each in (0, 750, 36_005)] == ["00:00:00", "00:12:30", "10:00:05"]
