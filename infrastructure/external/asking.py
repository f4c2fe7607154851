"""The external knowledge there is, asked with its own model and its own key."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg_pool import PoolTimeout

from application.documents.ports import Unfit, Vectors
from application.ports import Unavailable
from application.retrieval.external import Base, Piece
from application.retrieval.sources import Source, SourceKind, source_of
from infrastructure.documents.engines import DocumentEngines
from infrastructure.embeddings.texts import clean
from infrastructure.external.http import ask_http
from infrastructure.external.mapping import Found, pieces_of
from infrastructure.external.pgvector import ask_pgvector
from infrastructure.external.qdrant import ask_qdrant
from infrastructure.reader import Lagging, Reader
from projections import knowledge_sources as projection

QUERY_CHARACTERS_MAX = 8_000

Asker = Callable[[Source, str, str, Vectors | None, int], Awaitable[Sequence[Found]]]


async def ask_milvus(
    source: Source, key: str, query: str, vector: Vectors | None, limit: int
) -> Sequence[Found]:
    """Milvus, by an optional package."""
    try:
        from infrastructure.external import milvus  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise Unfit(
            f"Milvus needs a package that is not installed ({error.name}): "
            "pip install quire[milvus]"
        ) from error
    return await milvus.ask_milvus(source, key, query, vector, limit)


ASKERS: Mapping[SourceKind, Asker] = {
    "http": ask_http,
    "qdrant": ask_qdrant,
    "milvus": ask_milvus,
    "pgvector": ask_pgvector,
}


@dataclass(frozen=True, slots=True)
class ExternalKnowledge:
    """The `Externals` port."""

    reader: Reader
    engines: DocumentEngines

    async def readable(self, user_id: UUID, knowledge_ids: Collection[UUID]) -> Sequence[Base]:
        """Those of these knowledge bases that are external, and that this person may ask now."""
        try:
            async with self.reader.read(projection.knowledge_sources) as db:
                rows = await projection.readable(db, user_id, knowledge_ids)
        except (Lagging, TimeoutError, PoolTimeout) as error:
            raise Unavailable("It cannot be looked up for the moment.") from error
        return [Base(row.knowledge_id, row.name, source_of(row.source)) for row in rows]

    async def ask(self, base: Base, query: str, limit: int) -> Sequence[Piece]:
        """What fits best, best first."""
        key = await self.engines.credentials.secret(secret_name(base.id, base.source))
        found = await ask(self.engines, base.source, key, query, limit)
        return pieces_of(found, base.source.fields, base.name)


async def ask(
    engines: DocumentEngines, source: Source, key: str, query: str, limit: int
) -> Sequence[Found]:
    """What a source answers. Raises Unavailable or Unfit."""
    query = clean(query[:QUERY_CHARACTERS_MAX])
    vector = None
    if source.kind != "http":
        embedder = await engines.embedder(source.embedding)
        vector = (await embedder.embed([query], "query"))[0]
    return await ASKERS[source.kind](source, key, query, vector, limit)


def secret_name(knowledge_id: UUID, source: Source) -> str:
    """What a key is kept under: another server never gets it."""
    return f"{secrets_of(knowledge_id)}{source.kind} {source.place}"


def secrets_of(knowledge_id: UUID) -> str:
    """How the names of all keys of a knowledge base begin, also those of earlier places."""
    return f"knowledge source {knowledge_id} "
