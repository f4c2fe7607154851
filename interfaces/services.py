"""What a door may use. Built once, at the start; nothing else is shared."""

from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar
from uuid import UUID

from redis.asyncio import Redis

from application.answering.retrieval import Shelves
from application.command import Command, Receipt, carry_out
from application.documents.settings import Embedding
from application.ports import Actor
from infrastructure.access import Access
from infrastructure.attempts import Attempts
from infrastructure.blobs.stores import FileStores
from infrastructure.changes import Changes
from infrastructure.checkpoints import Lag, lags
from infrastructure.credentials import Credentials
from infrastructure.documents.engines import DocumentEngines, Place, open_engines
from infrastructure.documents.means import shelves_of
from infrastructure.drives.client import DriveClient
from infrastructure.drives.links import DriveLinks, Places
from infrastructure.evaluation.boards import Boards
from infrastructure.evaluation.topics import Topics
from infrastructure.event_log import EventLog
from infrastructure.guarded import GuardedClient
from infrastructure.lines import Lines
from infrastructure.models.connections import AllConnections, Connections
from infrastructure.models.http import Limits, open_client
from infrastructure.models.reader import ReaderModel
from infrastructure.models.registry import ModelRegistry
from infrastructure.passwords import Passwords
from infrastructure.postgres import Pool, pool
from infrastructure.pushing.hosts import hooks_client
from infrastructure.reader import Reader
from infrastructure.secrets import Vault, master_key
from infrastructure.settings import Settings
from infrastructure.stored_connections import StoredConnections
from infrastructure.streams.redis import RedisAnswerStreams
from projections.core import CORE

R = TypeVar("R")

WRITERS_REMEMBERED_MAX = 10_000
REDIS_SECONDS_MAX = 5.0
REDIS_CONNECTIONS_MAX = 8


class LastWritten:
    """Where this process wrote last for whom, so that he reads his own writes."""

    def __init__(self) -> None:
        self._positions: OrderedDict[UUID, int] = OrderedDict()

    def note(self, who: UUID, position: int) -> None:
        """Remember a place in the log."""
        self._positions[who] = max(position, self._positions.get(who, 0))
        self._positions.move_to_end(who)
        if len(self._positions) > WRITERS_REMEMBERED_MAX:
            self._positions.popitem(last=False)

    def of(self, who: UUID) -> int:
        """The last place, or 0."""
        return self._positions.get(who, 0)


@dataclass(frozen=True, slots=True)
class Services:
    """Sockets with their plugs in."""

    settings: Settings
    pool: Pool
    lines: Lines
    log: EventLog
    reader: Reader
    redis: Redis
    streams: RedisAnswerStreams
    changes: Changes
    stored: StoredConnections
    connections: AllConnections
    models: ModelRegistry
    credentials: Credentials
    passwords: Passwords
    attempts: Attempts
    access: Access
    files: FileStores
    documents: DocumentEngines
    web: GuardedClient
    drives: DriveLinks
    hooks: GuardedClient
    boards: Boards
    written: LastWritten = field(default_factory=LastWritten)

    async def execute(
        self,
        command: Command[R],
        actor: Actor,
        command_id: UUID | None = None,
        causation_id: UUID | None = None,
    ) -> Receipt[R]:
        """Carry out a command for somebody."""
        receipt = await carry_out(
            command, log=self.log, actor=actor, command_id=command_id, causation_id=causation_id
        )
        if receipt.position:
            self.written.note(actor.id, receipt.position)
        return receipt

    async def lags(self) -> list[Lag]:
        """How far the read models and policies have come."""
        return await lags(self.lines)

    @property
    def shelves(self) -> Shelves:
        """All that is needed to find passages."""
        return shelves_of(self.reader, self.lines, self.documents, self.web)

    @property
    def core_names(self) -> list[str]:
        """The read models without which nothing can be shown."""
        return [each.name for each in CORE]


@asynccontextmanager
async def open_services(settings: Settings, *, name: str = "quire") -> AsyncIterator[Services]:
    """Plug everything in, and out again at the end."""
    url, key = settings.database_url, master_key(settings)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        own = await enter(pool(url, size_max=settings.database_connections_max, name=name))
        lines = Lines(own)
        log = await enter(EventLog(url, key, connections=own))
        reader = await enter(Reader(own, url))
        credentials = Credentials(lines, Vault(key))
        stored = StoredConnections(reader, credentials)
        connections, models = await enter(open_models(settings, stored))
        passwords = Passwords()
        stack.callback(passwords.close)
        documents = await enter(
            open_engines(Place(own, settings.data_folder), log, credentials, connections)
        )
        yield Services(
            settings=settings,
            pool=own,
            lines=lines,
            log=log,
            reader=reader,
            redis=await enter(open_redis(settings.redis_url)),
            streams=await enter(RedisAnswerStreams(settings.redis_url, log, lines)),
            changes=await enter(Changes(url, lines, reader)),
            stored=stored,
            connections=connections,
            models=models,
            credentials=credentials,
            passwords=passwords,
            attempts=Attempts(lines),
            access=Access(lines),
            files=FileStores.of(settings, own),
            documents=documents,
            web=await enter(GuardedClient()),
            drives=await enter(open_drives(settings, own, log, documents)),
            hooks=await enter(hooks_client(settings)),
            boards=Boards(reader, log, Topics(lines, partial(documents.embedder, Embedding()))),
        )


@asynccontextmanager
async def open_models(
    settings: Settings, stored: Connections
) -> AsyncIterator[tuple[AllConnections, ModelRegistry]]:
    """All connections there are, and the models behind them."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(open_client())
        connections = AllConnections(
            stored,
            client,
            openai_base_url=settings.openai_base_url or None,
            openai_api_key=settings.openai_api_key or None,
            ollama_base_url=settings.ollama_base_url,
        )
        stack.push_async_callback(connections.aclose)
        limits = Limits(silence_seconds=settings.silence_seconds_max)
        models = ModelRegistry(connections, client, ReaderModel(), limits)
        stack.push_async_callback(models.aclose)
        yield connections, models


@asynccontextmanager
async def open_drives(
    settings: Settings, own: Pool, log: EventLog, documents: DocumentEngines
) -> AsyncIterator[DriveLinks]:
    """The drives that people link."""
    async with DriveClient() as client:
        vault, places = Vault(master_key(settings)), Places(settings.public_url)
        yield DriveLinks(own, log, vault, documents, client, places)


def open_redis(url: str) -> Redis:
    """A client of Valkey that fails within seconds when it is away; `async with` closes it."""
    return Redis.from_url(
        url,
        socket_connect_timeout=REDIS_SECONDS_MAX,
        socket_timeout=REDIS_SECONDS_MAX,
        max_connections=REDIS_CONNECTIONS_MAX,
    )
