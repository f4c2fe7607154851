"""Chroma inside our own processes, with everything in one folder."""

import asyncio
import fcntl
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import choices
from threading import Lock
from typing import IO, Any, TypeVar

import chromadb
from chromadb.api import ClientAPI
from chromadb.config import Settings
from chromadb.errors import ChromaError, InternalError, NotFoundError

from application.documents.ports import Unfit
from application.ports import Unavailable
from infrastructure.vectors.shared import missing

LOCK_SECONDS_MAX = 30.0
LOCK_POLL_SECONDS = 0.02
SPELLINGS = 40
READS = frozenset(("query", "get", "count"))

T = TypeVar("T")
Json = dict[str, Any]


class EmbeddedChroma:
    """One engine in each process, on the same files.

    Chroma keeps its graphs in memory and does not notice what another process writes. So a
    writer has the folder to itself and counts what it did in the lock's file; whoever finds
    that others have written since opens the files anew, which takes some ten milliseconds.

    Within a process Chroma shares one engine among all who name the same folder, also when it
    is old. So each of us spells the folder in a way of its own.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._spelling = str(folder) + "".join(choices(("/.", "//"), k=SPELLINGS))  # noqa: S311
        self._client: ClientAPI | None = None
        self._seen = b""
        self._one = Lock()  # the count and the client belong together

    async def version(self) -> str:
        """The version of the engine."""
        return await self._do(lambda client: str(client.get_version()), writes=False)

    async def find(self, name: str) -> Mapping[str, Any] | None:
        """What was noted about a collection, if it is there."""

        def find(client: ClientAPI) -> Mapping[str, Any] | None:
            try:
                return client.get_collection(name, embedding_function=None).metadata or {}
            except NotFoundError:
                return None

        return await self._do(find, writes=False)

    async def create(self, name: str, metadata: Json, configuration: Json) -> None:
        """Make a collection unless it is there."""

        def create(client: ClientAPI) -> None:
            chosen: Any = configuration
            client.get_or_create_collection(
                name, metadata=metadata, configuration=chosen, embedding_function=None
            )

        await self._do(create, writes=True)

    async def drop(self, name: str) -> None:
        """Remove a collection if it is there."""

        def drop(client: ClientAPI) -> None:
            try:
                client.delete_collection(name)
            except NotFoundError:
                return

        await self._do(drop, writes=True)

    async def call(self, name: str, verb: str, words: Json) -> Any:
        """Do something with a collection, or raise Unfit when it is missing."""

        def call(client: ClientAPI) -> Any:
            try:
                collection = client.get_collection(name, embedding_function=None)
            except NotFoundError:
                raise missing(name) from None
            return getattr(collection, verb)(**words)

        return await self._do(call, writes=verb not in READS)

    async def close(self) -> None:
        """Let the files go."""
        await asyncio.to_thread(self._close)

    async def _do(self, work: Callable[[ClientAPI], T], *, writes: bool) -> T:
        return await asyncio.to_thread(self._work, work, writes)

    def _work(self, work: Callable[[ClientAPI], T], writes: bool) -> T:  # noqa: FBT001
        try:
            with self._one, self._held(writes) as file:
                return work(self._fresh(file))
        except InternalError as error:
            raise Unavailable("The embedded Chroma cannot use its files right now.") from error
        except (ChromaError, ValueError, TypeError) as error:
            raise Unfit(f"Chroma refused: {str(error)[:300]}") from error
        except (OSError, sqlite3.Error) as error:
            raise Unavailable("The folder of the embedded Chroma cannot be used.") from error

    @contextmanager
    def _held(self, writes: bool) -> Iterator[IO[bytes]]:  # noqa: FBT001
        """Hold the folder, alone for writing; a writer leaves a new count."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / "quire.lock").open("a+b") as file:
            lock(file, fcntl.LOCK_EX if writes else fcntl.LOCK_SH)
            try:
                yield file
            finally:
                if writes:
                    self._seen = str(int(self._seen or b"0") + 1).encode()
                    file.truncate(0)
                    file.write(self._seen)

    def _fresh(self, file: IO[bytes]) -> ClientAPI:
        """An engine that has seen every write so far."""
        file.seek(0)
        count = file.read(32)
        if self._client is None or count != self._seen:
            self._close()
            self._client = chromadb.PersistentClient(
                self._spelling, settings=Settings(anonymized_telemetry=False)
            )
            self._seen = count
        return self._client

    def _close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()  # type: ignore[attr-defined]


def lock(file: IO[bytes], kind: int) -> None:
    """Lock a file, or raise Unavailable when others hold it for too long."""
    end = time.monotonic() + LOCK_SECONDS_MAX
    while True:
        try:
            return fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise Unavailable("The folder of the embedded Chroma is busy.") from None
            time.sleep(LOCK_POLL_SECONDS)
