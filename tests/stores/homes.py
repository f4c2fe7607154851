"""Every vector store that can be had here, started once and asked by many tests.

A home is real, a real engine behind a front of the tests, or a double; docs/vector-stores.md
says which. TEST_WEAVIATE_URL, TEST_QDRANT_URL, TEST_ELASTIC_URL and TEST_OPENSEARCH_URL add real
servers (and TEST_..._KEY what opens them).
"""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from application.documents.ports import VectorStore
from infrastructure.postgres import pool
from infrastructure.vectors.registry import open_store
from tests.stores import lucene, qdrant, weaviate
from tests.stores.serving import answers, free_port, served, wait_until


@dataclass(frozen=True, slots=True)
class Home:
    """Where a store is."""

    kind: str
    folder: Path
    url: str = ""
    key: str = ""

    @property
    def dead(self) -> "Home":
        """The same kind of store where nobody is."""
        if self.kind == "pgvector":
            return replace(self, url="host=127.0.0.1 port=1 dbname=x user=x")
        if self.kind == "chroma" and not self.url:
            nowhere = self.folder / "not-a-folder"
            nowhere.touch()
            return replace(self, folder=nowhere)
        return replace(self, url="http://127.0.0.1:1")


@asynccontextmanager
async def opened(home: Home) -> AsyncIterator[VectorStore]:
    """A store at its home, and its end."""
    lent = pool(home.url if home.kind == "pgvector" else "", size_max=4)
    if home.kind == "pgvector":
        await lent.open()
    store = open_store(home.kind, home.url, home.key, pool=lent, data_folder=home.folder)
    try:
        yield store
    finally:
        await store.close()
        await lent.close()


@contextmanager
def chroma_embedded(folder: Path) -> Iterator[Home]:
    yield Home("chroma", folder)


@contextmanager
def chroma_server(folder: Path) -> Iterator[Home]:
    command = [str(Path(sys.executable).parent / "chroma"), "run", "--path", str(folder / "c")]
    with running([*command, "--host", "127.0.0.1"]) as port:
        yield Home("chroma", folder, f"http://127.0.0.1:{port}")


@contextmanager
def milvus_server(folder: Path) -> Iterator[Home]:
    command = [sys.executable, "-m", "milvus_lite", "server", "--data-dir", str(folder / "m")]
    with running([*command, "--host", "127.0.0.1"]) as port:
        yield Home("milvus", folder, f"http://127.0.0.1:{port}")


@contextmanager
def qdrant_front(folder: Path) -> Iterator[Home]:
    front = qdrant.Qdrant()
    try:
        with served(front.app) as url:
            yield Home("qdrant", folder, url, qdrant.KEY)
    finally:
        front.close()


@contextmanager
def elastic_double(folder: Path) -> Iterator[Home]:
    with served(lucene.LuceneServer("elasticsearch", "8.15.0").app) as url:
        yield Home("elasticsearch", folder, url, lucene.KEYS["elasticsearch"])


@contextmanager
def opensearch_double(folder: Path) -> Iterator[Home]:
    with served(lucene.LuceneServer("opensearch", "2.17.0").app) as url:
        yield Home("opensearch", folder, url, lucene.KEYS["opensearch"])


@contextmanager
def weaviate_double(folder: Path) -> Iterator[Home]:
    with weaviate.weaviate_served(weaviate.Weaviate()) as url:
        yield Home("weaviate", folder, url, weaviate.KEY)


def real(kind: str, name: str) -> "dict[str, Callable[[Path], AbstractContextManager[Home]]]":
    """A real server, when the environment names one."""
    url, key = os.environ.get(f"TEST_{name}_URL", ""), os.environ.get(f"TEST_{name}_KEY", "")

    @contextmanager
    def home(folder: Path) -> Iterator[Home]:
        yield Home(kind, folder, url, key)

    return {f"{kind}-real": home} if url else {}


@contextmanager
def running(command: list[str]) -> Iterator[int]:
    """A server of another program, at a free port, until the end."""
    port = free_port()
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "ANONYMIZED_TELEMETRY": "false"},
    )
    try:
        wait_until(lambda: answers(port))
        yield port
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


HOMES: dict[str, Callable[[Path], AbstractContextManager[Home]]] = {
    "weaviate": weaviate_double,
    "qdrant": qdrant_front,
    "chroma": chroma_embedded,
    "chroma-server": chroma_server,
    "milvus": milvus_server,
    "elasticsearch": elastic_double,
    "opensearch": opensearch_double,
    **real("weaviate", "WEAVIATE"),
    **real("qdrant", "QDRANT"),
    **real("elasticsearch", "ELASTIC"),
    **real("opensearch", "OPENSEARCH"),
}
