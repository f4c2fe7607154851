"""The policies of the lane `effects`, and how they wake the workers."""

import asyncio
import logging
from collections.abc import Sequence

from redis.exceptions import RedisError

from application.answers import answering, stopping, titling
from application.document_settings import reindexing
from application.documents.ingesting import recutting
from application.drives import fetching
from application.exports import exporting
from application.files import ingesting
from application.importing.asked import importing
from application.judgings import judging
from application.topics import classifying
from infrastructure.broker import WakingBroker, broker_url
from infrastructure.jobs import CollectedJobs
from infrastructure.lanes import Policy

ACTOR = "do_chores"
QUEUE = "default"
GATHER_SECONDS = 0.2
POLICIES = (
    answering,
    stopping,
    titling,
    ingesting,
    recutting,
    reindexing,
    exporting,
    importing,
    fetching,
    judging,
    classifying,
)

logger = logging.getLogger(__name__)


class Waker:
    """Tells workers that there are chores. When Redis is away, they look by themselves.

    Nobody is in a hurry for them: however many are asked for, few messages are sent.
    """

    def __init__(self, redis_url: str) -> None:
        self._broker = WakingBroker(broker_url(redis_url), middleware=())
        self._sending: asyncio.Task[None] | None = None

    async def wake(self, _: frozenset[str]) -> None:
        """Wake whoever does chores, soon."""
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())

    def close(self) -> None:
        """Let the connections go."""
        if self._sending is not None:
            self._sending.cancel()
        self._broker.close()

    async def _send(self) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        try:
            await asyncio.to_thread(self._broker.ask, ACTOR, QUEUE)
        except (RedisError, OSError) as error:
            logger.warning("workers are not woken: %s", error)


def policies(waker: Waker) -> Sequence[Policy]:
    """What the lane `effects` consists of."""
    return [Policy(each, lambda: CollectedJobs(waker.wake)) for each in POLICIES]
