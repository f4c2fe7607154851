"""`quire worker`: write answers and do other jobs, in one process."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from uuid import UUID, uuid4

import dramatiq
import psycopg
import uvloop

from application.answering.asking import Tools
from application.answering.rooms import Rooms
from application.answering.title import find_title
from infrastructure.broker import WakingBroker, broker_url
from infrastructure.chores import Chore, Chores, Rounds
from infrastructure.conversations import Conversations
from infrastructure.desk import AnswerDesk
from infrastructure.leases import Leases
from infrastructure.models.blind import BlindModels
from infrastructure.postgres import connect
from infrastructure.settings import Settings
from interfaces.jobs import answers, documents, drives, exports, imports, judgings, topics, voters
from interfaces.jobs.sinks import tell_sinks
from interfaces.jobs.tidying import tidy_daily
from interfaces.services import Services, open_services

THREADS = 2
WORKER_TIMEOUT_MS = 100
PAUSE_SECONDS = 1.0
BROKER_STOP_MS = 3_000
INGESTED_AT_ONCE_MAX = 3
EXPORTED_AT_ONCE_MAX = 1
IMPORTED_AT_ONCE_MAX = 1
FETCHED_AT_ONCE_MAX = 3
CLASSIFIED_AT_ONCE_MAX = 4
JUDGED_AT_ONCE_MAX = 1


def run(settings: Settings) -> int:
    """Work until told to stop; then finish what can be finished in ten seconds."""
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings))
    return 0


async def serve(settings: Settings) -> None:
    """Work until a signal comes."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    async with open_services(settings, name="quire worker") as services:
        await work(services, stop)


async def work(services: Services, stop: asyncio.Event, *, worker_id: UUID | None = None) -> None:
    """Write answers and do chores until told to stop."""
    settings = services.settings
    tools = Tools(
        services.log,
        services.streams,
        BlindModels(services.models, services.log),
        Conversations(services.reader),
        Rooms(settings.answers_connection_max),
        services.shelves,
    )
    leases = Leases(settings.database_url, worker_id or uuid4(), user_max=settings.answers_user_max)
    desk = AnswerDesk(leases, tools, process_max=settings.answers_process_max)
    titles = {"title": Chore(partial(find_title, tools))} if settings.automatic_titles else {}
    chores = (
        Chores(services.lines, titles),
        Chores(services.lines, documents.ingesting(services), INGESTED_AT_ONCE_MAX),
        Chores(services.lines, documents.tending(services)),
        Chores(services.lines, exports.exporting(services), EXPORTED_AT_ONCE_MAX),
        Chores(services.lines, imports.importing(services), IMPORTED_AT_ONCE_MAX),
        Chores(services.lines, drives.fetching(services), FETCHED_AT_ONCE_MAX),
        Chores(services.lines, judgings.judging(services), JUDGED_AT_ONCE_MAX),
        Chores(services.lines, voters.flagging(services)),
        Chores(services.lines, await topics.classifying(services), CLASSIFIED_AT_ONCE_MAX),
    )
    rounds = Rounds(services.lines, chores)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(leases.close)
        await stack.enter_async_context(woken(settings, desk, rounds))
        running = [each.run(stop) for each in (rounds, *chores)]
        beside = (tidy_daily, voters.watch_voters, tell_sinks)
        running += [each(services, stop) for each in beside]
        await asyncio.gather(desk.run(stop), *running)


@asynccontextmanager
async def woken(settings: Settings, desk: AnswerDesk, rounds: Rounds) -> AsyncIterator[None]:
    """Have the database and the queue wake us. Without them we look every two seconds."""
    loop = asyncio.get_running_loop()
    broker = WakingBroker(broker_url(settings.redis_url), middleware=())
    answers.register(broker, wake_chores=partial(hand_over, loop, rounds.wake))
    worker = dramatiq.Worker(broker, worker_threads=THREADS, worker_timeout=WORKER_TIMEOUT_MS)
    worker.start()
    listening = asyncio.create_task(hear(settings.database_url, desk))
    try:
        yield
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        await asyncio.to_thread(worker.stop, timeout=BROKER_STOP_MS)
        broker.close()


def hand_over(loop: asyncio.AbstractEventLoop, what: Callable[[], None]) -> None:
    """Have the event loop do what a thread was told."""
    with contextlib.suppress(RuntimeError):  # the loop has ended, and we are about to
        loop.call_soon_threadsafe(what)


async def hear(url: str, desk: AnswerDesk) -> None:
    """Hear of new answers, and of those that are to stop, in the moment of their commit."""
    while True:
        with contextlib.suppress(psycopg.Error):
            async with await connect(url, autocommit=True, name="quire desk") as line:
                await line.execute("listen quire_work")
                desk.wake()  # what was told meanwhile is lost
                async for each in line.notifies():
                    desk.wake()
                    if each.payload == "stop":
                        desk.look()
        await asyncio.sleep(PAUSE_SECONDS)
