"""Pages of the web become files; what nobody may reach is not reached."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest

from infrastructure.guarded import GuardedClient
from tests.plain_http import Asked, Reply, serving
from tests.video_site import VIDEO, WATCH, Mapped, Site, player
from tests.world import World

PAGE = b"""<!doctype html><html><head><title>All about / tea</title></head><body>
<nav>Home</nav><article><h1>Tea</h1>
<p>Green tea is best at seventy degrees, because hotter water makes it bitter and dull.</p>
<p>Black tea wants boiling water, and three to five minutes to show what is in it.</p>
<p>White tea is the most delicate of all; it is dried in the sun and hardly handled.</p>
</article><script>alert(1)</script></body></html>"""


@pytest.fixture
async def site(world: World) -> AsyncIterator[str]:
    """A site of the open web, as far as this product can tell."""

    def reply(asked: Asked) -> Reply:
        if asked.path == "/moved":
            return Reply(302, {"location": "http://10.0.0.1/"}, b"")
        if asked.path == "/nowhere":
            return Reply(302, {"location": "http://["}, b"")
        if asked.path == "/empty":
            return Reply(200, {"content-type": "text/html"}, b"<html></html>")
        status = 200 if asked.path == "/tea" else 404
        return Reply(status, {"content-type": "text/html; charset=utf-8"}, PAGE)

    async with (
        serving(reply) as port,
        GuardedClient(allowed=["127.0.0.1"], ports=[port]) as client,
    ):
        world.app.state.services = replace(world.services, web=client)
        yield f"http://127.0.0.1:{port}"


async def test_a_page_becomes_a_file(world: World, site: str) -> None:
    ana = await world.admin()
    body = {"id": str(uuid4()), "url": f"{site}/tea"}
    for _ in range(2):
        answer = await ana.post("/files/web", json=body)
        assert answer.status_code == 201, answer.text
    file = answer.json()
    assert (file["id"], file["source"]) == (body["id"], body["url"])
    assert (file["name"], file["media_type"]) == ("All about tea.md", "text/markdown")
    text = (await ana.get(f"/files/{file['id']}/content")).text
    assert "seventy degrees" in text
    assert "alert" not in text
    assert len((await ana.get("/files")).json()["items"]) == 1


async def test_of_a_video_what_is_said_is_kept(world: World) -> None:
    ana, videos = await world.admin(), Site()
    async with serving(videos.reply) as port, Mapped(port) as client:
        world.app.state.services = replace(world.services, web=client)
        answer = await ana.post("/files/web", json={"url": f"https://youtu.be/{VIDEO}"})
        videos.player = player()
        silent = await ana.post("/files/web", json={"url": WATCH})
    assert answer.status_code == 201, answer.text
    file = answer.json()
    assert (file["name"], file["source"]) == ("About tides.md", WATCH)
    text = (await ana.get(f"/files/{file['id']}/content")).text
    assert text.startswith("# About tides\n\n## 00:00:00\n\nThe tide comes in at noon")
    assert (silent.status_code, "no transcript" in silent.json()["detail"]) == (422, True)


async def test_what_cannot_be_had_says_why(world: World, site: str) -> None:
    ana = await world.admin()
    for path, why in (
        ("/none", "404"),
        ("/moved", "public"),
        ("/nowhere", "valid"),
        ("/empty", ""),
    ):
        answer = await ana.post("/files/web", json={"url": site + path})
        assert answer.status_code == 422, path
        assert why in answer.json()["detail"]
    assert (await ana.get("/files")).json()["items"] == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost:5432/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.1.2.3/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "http://ana:secret@example.org/",
        "tea",
        "http://[",
        "http://ex\u2100ample.org/",
        "",
        "http://\x00/",
        "http://" + "x" * 3000,
    ],
)
async def test_inner_places_are_not_reached(world: World, url: str) -> None:
    ana = await world.admin()
    answer = await ana.post("/files/web", json={"url": url})
    assert answer.status_code == 422, answer.text


async def test_who_is_not_signed_in_fetches_nothing(world: World) -> None:
    body = {"url": "http://127.0.0.1/"}
    assert (await world.client().post("/api/v1/files/web", json=body)).status_code == 401
