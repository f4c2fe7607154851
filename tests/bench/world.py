"""What all measurements share: a running product, an upstream, and somebody signed up."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

from application.ports import Actor
from infrastructure.event_log import EventLog
from infrastructure.secrets import master_key
from infrastructure.settings import Settings
from tests.bench.client import Api
from tests.bench.streams import Summary, Wish, stream
from tests.product import Helper, Product

EMAIL = "bench@example.org"
PASSWORD = "a long enough password"
IDLE_SECONDS = 4.0
AT_ONCE = {
    "QUIRE_ANSWERS_USER_MAX": "1000",
    "QUIRE_ANSWERS_PROCESS_MAX": "1000",
    "QUIRE_LOG_LEVEL": "warning",
}


@dataclass(frozen=True, slots=True)
class World:
    """A product with one administrator and the fast upstream as its connection."""

    product: Product
    upstream: Helper
    api: Api
    user_id: UUID

    @property
    def actor(self) -> Actor:
        return Actor(self.user_id, role="administrator")

    async def chat(self) -> str:
        """A new chat; its id."""
        key = str(uuid4())
        await self.api.post("/api/v1/chats", {"id": key, "title": "Bench"})
        return key

    async def chats(self, count: int) -> tuple[str, ...]:
        return tuple([await self.chat() for _ in range(count)])

    async def direct(self, model: str, streams: int = 1, rounds: int = 1) -> Summary:
        """Streams from the upstream itself: the limit."""
        return await stream(Wish(self.upstream.url, model, streams, rounds))

    async def through(self, wish: Wish) -> tuple[Summary, float]:
        """Streams through the product, and the CPU seconds it used for them."""
        before = self.product.cpu_seconds()
        summary = await stream(wish)
        return summary, self.product.cpu_seconds() - before

    async def idle_cpu(self) -> float:
        """CPU seconds a second while nobody wants anything."""
        await asyncio.sleep(1)
        before = self.product.cpu_seconds()
        await asyncio.sleep(IDLE_SECONDS)
        return (self.product.cpu_seconds() - before) / IDLE_SECONDS

    def wish(self, model: str, chats: tuple[str, ...], streams: int = 1, rounds: int = 1) -> Wish:
        return Wish(self.product.url, model, streams, rounds, self.api.token, chats, "post")

    @asynccontextmanager
    async def log(self) -> AsyncIterator[EventLog]:
        """The product's own event log, in this process."""
        settings = Settings.from_env({}, data=self.product.folder)
        key = master_key(settings)
        async with EventLog(self.product.database_url, key, remembered_max=50_000) as log:
            yield log


async def settle(product: Product, upstream: Helper) -> World:
    """Sign up the first person and connect the upstream."""
    api = Api(product.url)
    told = await api.post(
        "/api/v1/auth/signup", {"email": EMAIL, "password": PASSWORD, "name": "Bench"}
    )
    api.token = told["token"]
    connection = {"kind": "openai", "base_url": f"{upstream.url}/v1"}
    made = await api.post("/api/v1/connections", connection)
    assert made["check"]["ok"], made
    return World(product, upstream, api, UUID(told["user"]["id"]))


@asynccontextmanager
async def running(env: Mapping[str, str] | None = None) -> AsyncIterator[World]:
    """A fresh product with everything, and its end."""
    with Helper("tests.bench.upstream") as upstream, Product(env=env) as product:
        product.start()
        world = await settle(product, upstream)
        try:
            yield world
        finally:
            world.api.close()
