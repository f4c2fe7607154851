"""The policies of the lane `effects`, and how they wake the workers."""

import asyncio
import logging
from collections.abc import Sequence

from redis.exceptions import RedisError

from application.answers import answering, stopping, titling
from infrastructure.broker import WakingBroker, broker_url
from infrastructure.jobs import CollectedJobs
from infrastructure.lanes import Policy

ACTOR = "do_chores"
QUEUE = "default"

logger = logging.getLogger(__name__)


class Waker:
    """Tells workers that there is something to do. When Redis is away, they look by themselves."""

    def __init__(self, redis_url: str) -> None:
        self._broker = WakingBroker(broker_url(redis_url), middleware=())

    async def wake(self, _: frozenset[str]) -> None:
        """Wake whoever does chores."""
        try:
            await asyncio.to_thread(self._broker.ask, ACTOR, QUEUE)
        except (RedisError, OSError) as error:
            logger.warning("workers are not woken: %s", error)

    def close(self) -> None:
        """Let the connections go."""
        self._broker.close()


def policies(waker: Waker) -> Sequence[Policy]:
    """What the lane `effects` consists of."""
    return [
        Policy(each, lambda: CollectedJobs(waker.wake)) for each in (answering, stopping, titling)
    ]
