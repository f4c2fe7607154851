"""The whole product in one process, on real engines and behind a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from infrastructure.effects import Waker
from infrastructure.settings import Settings
from interfaces.cli.projector import lanes, move
from interfaces.http.app import build
from interfaces.services import Services, open_services

API = "/api/v1"
PASSWORD = "correct horse battery"
START_SECONDS_MAX = 20.0
SETTLE_SECONDS_MAX = 20.0
Json = dict[str, Any]


@dataclass(slots=True)
class Person:
    """Somebody with an account, and a client that carries his token."""

    web: httpx.AsyncClient
    token: str
    user: Json
    position: int = 0

    @property
    def id(self) -> str:
        return str(self.user["id"])

    async def get(self, path: str, **more: Any) -> httpx.Response:
        """Read, at least as new as what was written last here."""
        headers = {"Read-After": str(self.position), **more.pop("headers", {})}
        return await self.web.get(API + path, headers=headers, **more)

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Write, and remember where."""
        response = await self.web.request(method, API + path, **more)
        self.position = max(self.position, int(response.headers.get("Position", 0)))
        return response

    async def post(self, path: str, **more: Any) -> httpx.Response:
        return await self.send("POST", path, **more)

    async def patch(self, path: str, **more: Any) -> httpx.Response:
        return await self.send("PATCH", path, **more)

    async def put(self, path: str, **more: Any) -> httpx.Response:
        return await self.send("PUT", path, **more)

    async def delete(self, path: str, **more: Any) -> httpx.Response:
        return await self.send("DELETE", path, **more)


@dataclass(slots=True)
class World:
    """The product, and ways into it."""

    app: FastAPI
    services: Services
    base_url: str
    clients: list[httpx.AsyncClient] = field(default_factory=list)
    administrator: Person | None = None

    def client(self, token: str = "", **headers: str) -> httpx.AsyncClient:
        """A client, with a bearer token if one is given; closed at the end."""
        if token:
            headers["Authorization"] = f"Bearer {token}"
        client = httpx.AsyncClient(base_url=self.base_url, headers=headers, timeout=30)
        self.clients.append(client)
        return client

    async def admin(self) -> Person:
        """The first person."""
        if self.administrator is None:
            body = {"email": "ana@example.org", "password": PASSWORD, "name": "Ana"}
            response = await self.client().post(f"{API}/auth/signup", json=body)
            assert response.status_code == 201, response.text
            self.administrator = self._person(response)
        return self.administrator

    async def person(self, role: str = "user") -> Person:
        """Somebody else."""
        email = f"{uuid4().hex}@example.org"
        body = {"email": email, "password": PASSWORD, "name": "Ben", "role": role}
        added = await (await self.admin()).post("/users", json=body)
        assert added.status_code == 201, added.text
        credentials = {"email": email, "password": PASSWORD}
        return self._person(await self.client().post(f"{API}/auth/signin", json=credentials))

    def _person(self, response: httpx.Response) -> Person:
        body = response.json()
        position = int(response.headers["Position"])
        return Person(self.client(body["token"]), body["token"], body["user"], position)

    async def settle(self) -> None:
        """Wait until all that follows the log has seen all of it."""
        head = await self.services.log.head()
        async with asyncio.timeout(SETTLE_SECONDS_MAX):
            while any(each.position < head for each in await self.services.lags()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@pytest.fixture
async def world(database: str, redis_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The product on an empty database, without anybody."""
    settings = Settings.from_env(
        {},
        data=tmp_path / "data",
        database_url=database,
        redis_url=redis_url,
        ollama_base_url="off",
        request_bytes_max=1_000_000,
    )
    async with open_world(settings) as world:
        yield world


@asynccontextmanager
async def open_world(settings: Settings) -> AsyncIterator[World]:
    """Run web and lanes in this event loop. A worker is added by who needs answers."""
    stop = asyncio.Event()
    async with open_services(settings) as services, AsyncExitStack() as stack:
        waker = stack.enter_context(closing(Waker(settings.redis_url)))
        followers = lanes(settings.database_url, services.log, waker)
        moving = asyncio.create_task(move(followers, stop))
        try:
            app = build(services)
            async with serving(app) as base_url:
                world = World(app, services, base_url)
                await until_ready(world)
                yield world
                for each in world.clients:
                    await each.aclose()
        finally:
            stop.set()
            await moving


async def until_ready(world: World) -> None:
    """Wait until /readyz says so."""
    web = world.client()
    async with asyncio.timeout(START_SECONDS_MAX):
        while (await web.get("/readyz")).status_code != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """A real server at a free port of loopback."""
    config = uvicorn.Config(app, lifespan="off", log_config=None, ws="none", server_header=False)
    server = uvicorn.Server(config)
    server.config.load()
    with socket.create_server(("127.0.0.1", 0)) as door:
        task = asyncio.create_task(server._serve([door]))  # noqa: SLF001 (signals are pytest's)
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            server.should_exit = server.force_exit = True
            await task
