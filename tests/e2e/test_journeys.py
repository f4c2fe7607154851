"""The whole product as people meet it: started with one command, used over HTTP and a browser."""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.bench.client import Api, Event
from tests.bench.upstream import is_whole
from tests.bench.world import EMAIL, PASSWORD, World, running
from tests.product import ROOT, Helper, Product

WEB = ROOT / "interfaces/web"
BROWSER_SECONDS_MAX = 1_500

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("product")]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world() -> AsyncIterator[World]:
    async with running() as world:
        yield world


async def answered(api: Api, chat_id: str, content: str, model: str) -> tuple[str, dict[str, str]]:
    """Ask and read in one request: the text as it came, and how it ended."""
    pieces: list[str] = []
    ended: dict[str, str] = {}

    def take(event: Event) -> None:
        data = json.loads(event.data)
        if event.kind == "delta":
            pieces.append(data["text"])
        elif event.kind == "done":
            ended.update(data)

    body = {"id": str(uuid4()), "content": content, "models": [model]}
    headers = {"accept": "text/event-stream"}
    path = f"/api/v1/chats/{chat_id}/messages"
    reply = await api.call("POST", path, body, sink=take, headers=headers)
    assert reply.status in (200, 202), reply.body
    return "".join(pieces), ended


async def test_the_first_person_signs_up_and_the_reader_answers(world: World) -> None:
    text, ended = await answered(
        world.api, await world.chat(), "How do I connect a model?", "reader"
    )
    assert ended["status"] == "completed"
    assert "connect" in text.lower()


async def test_a_model_of_a_connection_answers_word_for_word(world: World) -> None:
    chat_id = await world.chat()
    text, ended = await answered(world.api, chat_id, "Say something. #abc", "t100-n100")
    assert ended["status"] == "completed"
    assert is_whole(text, "abc", 100)
    page = await world.api.get(f"/api/v1/chats/{chat_id}/messages")
    assert [each["role"] for each in page["items"]] == ["user", "assistant"]
    assert page["items"][-1]["content"] == text


async def test_two_clients_see_the_same(world: World) -> None:
    chat_id = await world.chat()
    other = Api(world.product.url)
    told = await other.post("/api/v1/auth/signin", {"email": EMAIL, "password": PASSWORD})
    other.token = told["token"]
    seen: asyncio.Queue[Event] = asyncio.Queue()
    feed = asyncio.create_task(other.call("GET", "/api/v1/feed", sink=seen.put_nowait))
    assert (await asyncio.wait_for(seen.get(), 10)).kind == "hello"
    await answered(world.api, chat_id, "Say something. #abc", "instant")
    kinds = set()
    while "answer.completed" not in kinds:
        event = await asyncio.wait_for(seen.get(), 10)
        if event.kind == "change" and json.loads(event.data).get("chat_id") == chat_id:
            kinds.add(json.loads(event.data)["type"])
    assert {"message.posted", "answer.requested"} <= kinds
    feed.cancel()
    await asyncio.wait([feed])
    mine = await world.api.get(f"/api/v1/chats/{chat_id}/messages")
    assert mine == await other.get(f"/api/v1/chats/{chat_id}/messages")
    other.close()


async def test_a_stranger_sees_nothing_of_it(world: World) -> None:
    chat_id = await world.chat()
    created = {"email": "eve@example.org", "name": "Eve", "password": PASSWORD, "role": "user"}
    await world.api.post("/api/v1/users", created)
    eve = Api(world.product.url)
    signed = {"email": "eve@example.org", "password": PASSWORD}
    eve.token = (await eve.post("/api/v1/auth/signin", signed))["token"]
    foreign = await eve.call("GET", f"/api/v1/chats/{chat_id}")
    missing = await eve.call("GET", f"/api/v1/chats/{uuid4()}")
    assert foreign.status == missing.status == 404
    assert (await eve.get("/api/v1/chats"))["items"] == []
    eve.close()


async def test_all_is_there_after_a_restart(world: World) -> None:
    chat_id = await world.chat()
    text, _ = await answered(world.api, chat_id, "Say something. #abc", "instant")
    await asyncio.to_thread(world.product.stop)
    await asyncio.to_thread(world.product.start)
    world.api.close()
    page = await world.api.get(f"/api/v1/chats/{chat_id}/messages")
    assert page["items"][-1]["content"] == text


async def test_it_is_ready_without_a_word_of_trouble(world: World) -> None:
    words = world.product.output()
    assert "Traceback" not in words, words[-3000:]


def has_script(name: str) -> bool:
    """Whether the web UI has such a script, and what it needs."""
    package = WEB / "package.json"
    if not package.exists() or shutil.which("npm") is None:
        return False
    return name in json.loads(package.read_text()).get("scripts", {})


async def test_a_browser_shows_it() -> None:
    if not has_script("e2e") or not (WEB / "node_modules").exists():
        pytest.skip("The web UI is not installed here.")
    with Helper("tests.bench.upstream") as upstream, Product() as product:
        await asyncio.to_thread(product.start)
        env = {**os.environ, "QUIRE_URL": product.url, "QUIRE_UPSTREAM": f"{upstream.url}/v1"}
        done = await asyncio.to_thread(
            subprocess.run,
            ["npm", "run", "e2e"],
            cwd=WEB,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=BROWSER_SECONDS_MAX,
        )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
