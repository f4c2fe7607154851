"""Model servers: stored, tried, and never telling their keys."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.world import World

SECRET = "sk-very-secret-key"


@pytest.fixture
async def upstream() -> AsyncIterator[str]:
    """A server that lists models to whoever has the key."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        is_known = f"bearer {SECRET}" in head.lower() and "x-team: crimson" in head.lower()
        listed = {"object": "list", "data": [{"id": "m1", "object": "model"}]}
        body = json.dumps(listed if is_known else {"error": {"message": "no key"}}).encode()
        status = b"200 OK" if is_known else b"401 Unauthorized"
        writer.write(
            b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (status, len(body), body)
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


def connection(base_url: str) -> dict[str, Any]:
    """A connection with all it can have."""
    return {
        "kind": "openai",
        "base_url": base_url,
        "api_key": SECRET,
        "headers": {"X-Team": "crimson"},
        "prefix": "up",
    }


async def test_a_server_is_added_changed_and_forgotten(world: World, upstream: str) -> None:
    ana, ben = await world.admin(), await world.person()
    added = await ana.post("/connections", json=connection(upstream))
    told = added.json()
    assert told["check"]["ok"], told
    assert told["check"]["models"] == ["m1"]
    assert (told["has_key"], told["header_names"], told["source"]) == (
        True,
        ["X-Team"],
        "stored",
    )
    listed = await ana.get("/connections")
    assert [each["id"] for each in listed.json()["items"]] == [told["id"]]
    models = (await ben.get("/models")).json()
    assert {each["id"] for each in models["items"]} == {"reader", "up.m1"}
    url = f"/connections/{told['id']}"
    kept = await ana.patch(url, json={"prefix": "other", "headers": {"X-Team": None}})
    assert kept.json()["check"]["ok"]
    wrong = await ana.patch(url, json={"api_key": "wrong"})
    assert not wrong.json()["check"]["ok"]
    await world.settle()
    assert not (await ana.post(f"{url}/test")).json()["ok"]
    for each in (added, listed, kept, wrong):
        assert SECRET not in each.text
        assert "crimson" not in each.text.lower()
    assert (await ana.patch(url, json={"kind": "ollama"})).status_code == 409
    assert (await ana.delete(url)).status_code == 204
    assert (await ana.get("/connections")).json()["items"] == []
    assert (await ana.patch(url, json={"prefix": "x"})).status_code == 404
    assert (await ben.post(f"{url}/test")).status_code == 403


async def test_a_dead_server_is_kept_and_told(world: World) -> None:
    ana = await world.admin()
    body = {"kind": "openai", "base_url": "http://127.0.0.1:9/v1"}
    added = await ana.post("/connections", json=body)
    assert added.status_code == 201
    assert added.json()["check"]["error"]
    models = (await ana.get("/models")).json()
    assert models["items"][0]["id"] == "reader"
    await world.settle()


async def test_an_id_is_taken_once(world: World, upstream: str) -> None:
    ana = await world.admin()
    body = {
        "kind": "openai",
        "base_url": upstream,
        "api_key": SECRET,
        "headers": {"X-Team": "crimson"},
    }
    first = (await ana.post("/connections", json=body)).json()
    stolen = {"id": first["id"], "kind": "openai", "base_url": "http://127.0.0.1:9/v1"}
    assert (await ana.post("/connections", json=stolen)).status_code == 409
    assert (await ana.post(f"/connections/{first['id']}/test")).json()["ok"]


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "ftp://x"},
        {"base_url": "http://"},
        {"base_url": "http://u:p@x/"},
        {"base_url": "http://[x"},
        {"kind": "other"},
        {"headers": {"a b": "c"}},
        {"headers": {"a": "b\r\nc: d"}},
        {"api_key": "a\nb"},
        {"prefix": "x" * 51},
    ],
)
async def test_bad_servers_are_refused(world: World, change: dict[str, object]) -> None:
    ana = await world.admin()
    body = {"kind": "openai", "base_url": "http://127.0.0.1:9/v1", **change}
    assert (await ana.post("/connections", json=body)).status_code == 422
