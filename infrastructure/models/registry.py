"""All models of all connections, and which of them answers to an id."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

import httpx

from application.ports import DeadConnection, Model, ModelFailed, ModelInfo, ModelList
from infrastructure.models import ollama, openai
from infrastructure.models.connections import Connections, ConnectionSettings
from infrastructure.models.http import Limits, Server
from infrastructure.models.listed import Listed
from infrastructure.models.ollama import OllamaModel
from infrastructure.models.openai import OpenAIModel

LIST_SECONDS = 2.5
CHECK_SECONDS = 5.0
FRESH_SECONDS = 10.0
STALE_SECONDS = 60.0
NO_LISTING = frozenset(("unknown_model", "refused"))
READER_ID = uuid5(NAMESPACE_URL, "quire:connection:reader")
READER = ModelInfo("reader", "Reader", READER_ID, "reader")


@dataclass(frozen=True, slots=True)
class Check:
    """How a connection did when it was tried."""

    ok: bool
    models: tuple[str, ...]
    error: str | None
    milliseconds: int


@dataclass(slots=True)
class Known:
    """What is known of one connection: its models, as last listed, and whether it lives."""

    settings: ConnectionSettings
    server: Server | None = None
    models: tuple[Listed, ...] = ()
    error: str | None = None
    at: float | None = None
    asking: asyncio.Task[None] | None = None

    def age(self) -> float:
        """How old the listing is."""
        return float("inf") if self.at is None else monotonic() - self.at

    @property
    def host(self) -> str:
        """The server's name for people."""
        return urlsplit(self.settings.base_url).netloc.rpartition("@")[2]


@dataclass(slots=True)
class ModelRegistry:
    """The `Models` port. Use one per event loop, and close it."""

    connections: Connections
    client: httpx.AsyncClient
    reader: Model | None = None
    limits: Limits = field(default_factory=Limits)
    _known: dict[UUID, Known] = field(default_factory=dict)
    _looked: float | None = None
    _index: dict[str, tuple[Known, ModelInfo, str]] | None = None

    async def list(self) -> ModelList:
        """Every model within a time limit; one dead server never blocks the rest."""
        known = await self._connections()
        await self._ask(each for each in known if each.age() > STALE_SECONDS)
        for each in known:
            if each.age() > FRESH_SECONDS:
                self._begin(each)
        found = [info for each, info, _ in self._named(known) if each.error is None]
        dead = [
            DeadConnection(each.settings.id, each.settings.base_url, each.error)
            for each in known
            if each.error is not None
        ]
        return ModelList((*([READER] if self.reader else []), *found), tuple(dead))

    async def find(self, model_id: str) -> tuple[Model, ModelInfo]:
        """The model of that id, or raise ModelFailed("unknown_model")."""
        if model_id == READER.id and self.reader:
            return self.reader, READER
        if self._looked is None or monotonic() - self._looked > FRESH_SECONDS:
            self._index = None
        if self._index is None or model_id not in self._index:
            known = await self._connections()
            if model_id not in self._indexed(known):
                await self._ask(each for each in known if each.age() > FRESH_SECONDS)
                self._indexed(known)
        assert self._index is not None
        found = self._index.get(model_id) or self._guess(model_id)
        each, info, name = found
        return self._model(each, name), info

    async def check(self, settings: ConnectionSettings) -> Check:
        """Try a connection, also one that is not stored yet."""
        begun = monotonic()
        models, error = await self._listing(settings, None, CHECK_SECONDS)
        milliseconds = round((monotonic() - begun) * 1000)
        return Check(error is None, tuple(each.id for each in models), error, milliseconds)

    def refresh(self) -> None:
        """Ask everybody anew, because connections changed."""
        self._looked = self._index = None
        for each in self._known.values():
            each.at = None

    async def aclose(self) -> None:
        """Stop asking."""
        tasks = [each.asking for each in self._known.values() if each.asking]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _connections(self) -> Sequence[Known]:
        """What is known of the connections there are; changed ones begin anew."""
        before = self._known
        current: dict[UUID, Known] = {}
        for settings in await self.connections.connections():
            known = before.get(settings.id)
            current[settings.id] = (
                known if known and known.settings == settings else Known(settings)
            )
        for each in before.values():
            if each.asking and each is not current.get(each.settings.id):
                each.asking.cancel()
        self._known, self._looked = current, monotonic()
        return tuple(current.values())

    async def _ask(self, wanted: Iterator[Known]) -> None:
        tasks = [self._begin(each) for each in wanted]
        if tasks:
            await asyncio.wait(tasks)

    def _begin(self, known: Known) -> asyncio.Task[None]:
        """Ask one connection in the background, unless that is being done."""
        if known.asking is None or known.asking.done():
            known.asking = asyncio.create_task(self._refresh(known))
        return known.asking

    async def _refresh(self, known: Known) -> None:
        models, known.error = await self._listing(known.settings, known.server, LIST_SECONDS)
        if known.error is None:  # of a dead one we remember what it had
            known.models = models
        known.at = monotonic()
        self._index = None

    async def _listing(
        self, settings: ConnectionSettings, server: Server | None, seconds: float
    ) -> tuple[tuple[Listed, ...], str | None]:
        """The models of a connection or why they cannot be had, never an exception."""
        chosen = settings.models
        try:
            server = server or settings.server(self.client, self.limits)
            lister = ollama if settings.kind == "ollama" else openai
            found = await lister.list_models(server, seconds)
        except ModelFailed as failed:
            if chosen is not None and failed.kind in NO_LISTING:  # it lives but does not list
                return tuple(Listed(each, each) for each in chosen), None
            return (), str(failed)
        if chosen is None:
            return found, None
        offered = {each.id: each for each in found}
        return tuple(offered.get(each, Listed(each, each)) for each in chosen), None

    def _indexed(self, known: Sequence[Known]) -> dict[str, tuple[Known, ModelInfo, str]]:
        self._index = {info.id: (each, info, name) for each, info, name in self._named(known)}
        return self._index

    def _named(self, known: Sequence[Known]) -> Iterator[tuple[Known, ModelInfo, str]]:
        """Every model under an id of its own: the first connection has the plain one."""
        taken = {READER.id}
        for each in known:
            chosen = each.settings.models or ()
            for listed in each.models or [Listed(name, name) for name in chosen]:
                settings = each.settings
                model_id = free(ids(each, listed.id), taken)
                taken.add(model_id)
                name = listed.name if model_id == listed.id or settings.prefix else model_id
                info = ModelInfo(model_id, name, settings.id, settings.kind, listed.context_tokens)
                yield each, info, listed.id

    def _guess(self, model_id: str) -> tuple[Known, ModelInfo, str]:
        """A connection that cannot be asked may have it: if only one may, let it say so itself."""
        dead = [each for each in self._known.values() if each.error and not each.models]
        for each in dead:
            prefix = f"{each.settings.prefix}."
            if each.settings.prefix and model_id.startswith(prefix):
                return guessed(each, model_id, model_id.removeprefix(prefix))
        plain = [each for each in dead if not each.settings.prefix and not each.settings.models]
        if len(plain) == 1:
            return guessed(plain[0], model_id, model_id)
        raise ModelFailed("unknown_model", "There is no such model, or its server is not there.")

    def _model(self, known: Known, name: str) -> Model:
        if known.server is None:
            known.server = known.settings.server(self.client, self.limits)
        kind = OllamaModel if known.settings.kind == "ollama" else OpenAIModel
        return kind(known.server, name)


def guessed(known: Known, model_id: str, name: str) -> tuple[Known, ModelInfo, str]:
    """A model nobody listed."""
    return known, ModelInfo(model_id, name, known.settings.id, known.settings.kind), name


def ids(known: Known, name: str) -> Iterator[str]:
    """The ids a model may have, best first."""
    settings = known.settings
    if settings.prefix:
        yield f"{settings.prefix}.{name}"
    else:
        yield name
    yield f"{known.host}.{name}"
    yield f"{settings.id}.{name}"


def free(wanted: Iterator[str], taken: set[str]) -> str:
    """The first id nobody has."""
    return next(each for each in wanted if each not in taken)
