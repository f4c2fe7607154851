"""The whole product with a model server: what tests of answers share."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from infrastructure.effects import Waker, policies
from infrastructure.lanes import Lane
from infrastructure.settings import Settings
from interfaces.cli.worker import work
from tests.upstream import Upstream, upstream
from tests.world import API, Person, World, open_world

ANSWER_SECONDS_MAX = 20.0
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event."""

    kind: str
    data: Json
    id: str = ""


@dataclass(slots=True)
class Worker:
    """A worker in this event loop that can be stopped, or fall over."""

    task: asyncio.Task[None]
    stop: asyncio.Event

    async def end(self) -> None:
        """Stop in good order."""
        self.stop.set()
        await self.task

    async def kill(self) -> None:
        """Fall over: nothing is given back."""
        self.task.cancel()
        await asyncio.wait([self.task])


@dataclass(slots=True)
class Answering:
    """The product, its model server, and its workers."""

    world: World
    server: Upstream
    workers: list[Worker] = field(default_factory=list)

    def start_worker(self) -> Worker:
        stop = asyncio.Event()
        worker = Worker(asyncio.create_task(work(self.world.services, stop)), stop)
        self.workers.append(worker)
        return worker

    async def ask(
        self, person: Person, text: str, *models: str, chat: str = "", **more: Any
    ) -> Json:
        """Put a question; what was accepted, and in which chat."""
        if not chat:
            chat = (await person.post("/chats", json={})).json()["id"]
        body = {"content": text, "models": list(models or ("words",)), **more}
        response = await person.post(f"/chats/{chat}/messages", json=body)
        assert response.status_code == 202, response.text
        accepted: Json = response.json()
        return {**accepted, "chat": chat}

    async def tell(
        self, person: Person, text: str, *models: str, chat: str = "", **more: Any
    ) -> tuple[Json, list[Event]]:
        """Ask and read in one request, so that nothing is missed; what was asked, and all told."""
        if not chat:
            chat = (await person.post("/chats", json={})).json()["id"]
        key = str(uuid4())
        body = {"id": key, "content": text, "models": list(models or ("words",)), **more}
        headers = {"Accept": "text/event-stream"}
        path = f"{API}/chats/{chat}/messages"
        async with (
            asyncio.timeout(ANSWER_SECONDS_MAX),
            person.web.stream("POST", path, json=body, headers=headers) as response,
        ):
            assert response.status_code == 200, await response.aread()
            events = [each async for each in events_of(response)]
        events = [each for each in events if "answer_id" in each.data]
        answers = dict.fromkeys(each.data.pop("answer_id") for each in events)
        await self.world.settle()
        message = (await person.get(f"/chats/{chat}/messages/{key}")).json()
        found = {"chat": chat, "message": message, "answers": [{"id": each} for each in answers]}
        return found, events

    async def follow(self, person: Person, answer: str, after: str = "") -> list[Event]:
        """All that an answer tells until its end."""
        return [each async for each in self.events(person, f"/answers/{answer}/stream", after)]

    async def events(self, person: Person, path: str, after: str = "") -> AsyncIterator[Event]:
        headers = {"Last-Event-ID": after} if after else {}
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            async with person.web.stream("GET", API + path, headers=headers) as response:
                assert response.status_code == 200, await response.aread()
                async for event in events_of(response):
                    yield event

    async def message(self, person: Person, asked: Json, index: int = 0) -> Json:
        """An answer as it is read."""
        answer = asked["answers"][index]["id"]
        await self.world.settle()
        response = await person.get(f"/chats/{asked['chat']}/messages/{answer}")
        message: Json = response.json()
        return message


async def events_of(response: httpx.Response) -> AsyncIterator[Event]:
    """Take a stream apart."""
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif fields:
            kind = fields.get("event", "message")
            yield Event(kind, json.loads(fields["data"]), fields.get("id", ""))
            fields = {}


def text_of(events: list[Event], kind: str = "delta") -> str:
    """What a reader has in the end."""
    text = ""
    for event in events:
        if event.kind == "restarted":
            text = ""
        elif event.kind == kind:
            text += event.data["text"]
    return text


@asynccontextmanager
async def open_answering(settings: Settings, server: Upstream) -> AsyncIterator[Answering]:
    """Everything but a worker."""
    stop = asyncio.Event()
    waker = Waker(settings.redis_url)
    async with open_world(settings) as world:
        services = world.services
        lane = Lane("effects", services.log, settings.database_url, policies=policies(waker))
        following = asyncio.create_task(lane.run(stop))
        product = Answering(world, server)
        try:
            yield product
        finally:
            stop.set()
            for worker in product.workers:
                worker.stop.set()
            await asyncio.wait([following, *(each.task for each in product.workers)])
            waker.close()
    for worker in product.workers:
        if not worker.task.cancelled():
            worker.task.result()


@pytest.fixture
async def answering(database: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Answering]:
    """The product with one worker and one model server; titles are off."""
    async with upstream() as server:
        settings = Settings.from_env(
            {},
            data=tmp_path / "data",
            database_url=database,
            redis_url=redis_url,
            ollama_base_url="off",
            openai_base_url=server.url,
            automatic_titles=False,
        )
        async with open_answering(settings, server) as product:
            product.start_worker()
            yield product


def new_id() -> str:
    """An id nobody has."""
    return str(uuid4())
