"""The dramatiq broker, without its polling.

The stock consumer sleeps longer and longer while nothing comes. Ours waits on a blocking move of
the queue's first entry to where it is, which changes nothing and returns the moment there is one.
What is fetched, acknowledged and given back to the queue is dramatiq's own business, as before.
"""

import time
from collections.abc import Iterable
from typing import Any

import redis
from dramatiq import Message, Middleware
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.redis import _RedisConsumer as RedisConsumer
from dramatiq.errors import ConnectionClosed
from redis.connection import parse_url

BLOCK_SECONDS = 0.5
FULL_SECONDS = 0.02
SOCKET_SECONDS = 10.0
CONNECT_SECONDS = 5.0
CONNECTIONS_MAX = 64
HEARTBEAT_MS = 5_000
ALWAYS = 1_000_000  # out of a million calls, so many look for dead workers
NAMESPACE = "quire"

assert BLOCK_SECONDS < SOCKET_SECONDS, "waiting for news must not look like a broken line"


class WakingConsumer(RedisConsumer):
    """Takes messages the moment they come."""

    def __init__(self, broker: Any, queue_name: str, prefetch: int, _: int) -> None:
        # The last is how long the stock consumer sleeps when there is nothing.
        super().__init__(broker, queue_name, prefetch, 0)  # type: ignore[no-untyped-call]

    def __next__(self) -> Any:
        message = super().__next__()  # type: ignore[no-untyped-call]
        if message is not None:
            return message
        if self.outstanding_message_count >= self.prefetch:
            time.sleep(FULL_SECONDS)
            return None
        self._wait()
        return super().__next__()  # type: ignore[no-untyped-call]

    def _wait(self) -> None:
        """Wait until there is something in the queue, or for a while."""
        queue = f"{self.broker.namespace}:{self.queue_name}"
        try:
            self.broker.client.blmove(queue, queue, BLOCK_SECONDS, "LEFT", "LEFT")
        except redis.ConnectionError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]


class WakingBroker(RedisBroker):
    """`WakingBroker(broker_url(url))`: a broker in a database of its own."""

    def __init__(self, url: str, middleware: Iterable[Middleware] | None = None) -> None:
        pool = redis.ConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS_MAX,
            socket_timeout=SOCKET_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
        )
        super().__init__(  # type: ignore[no-untyped-call]
            client=redis.Redis(connection_pool=pool),
            middleware=None if middleware is None else list(middleware),
            namespace=NAMESPACE,
            heartbeat_timeout=HEARTBEAT_MS,
            maintenance_chance=ALWAYS,
        )

    @property
    def consumer_class(self) -> type[WakingConsumer]:
        """What waits for messages."""
        return WakingConsumer

    def ask(self, actor: str, queue: str) -> None:
        """Send a message to an actor that another process declares."""
        self.enqueue(Message(queue_name=queue, actor_name=actor, args=(), kwargs={}, options={}))

    def close(self) -> None:
        """Let the connections go."""
        self.client.close()
        super().close()


def broker_url(url: str) -> str:
    """The database beside the one of everything else: maintenance walks through all its keys."""
    number = int(parse_url(url).get("db") or 0) + 1  # type: ignore[no-untyped-call]
    base = url.partition("?")[0]
    if base.startswith("unix:"):
        return f"{base}?db={number}"
    scheme, _, rest = base.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/{number}{_query(url)}"


def _query(url: str) -> str:
    """What else the address says."""
    kept = [
        each for each in url.partition("?")[2].split("&") if each and not each.startswith("db=")
    ]
    return f"?{'&'.join(kept)}" if kept else ""
