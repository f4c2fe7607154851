"""Vectors in Weaviate, which also searches words: one collection for each index."""

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import grpc  # type: ignore[import-untyped]
import httpx
from weaviate import WeaviateAsyncClient
from weaviate.classes.config import Configure, DataType, Property, Tokenization, VectorDistances
from weaviate.classes.data import DataObject
from weaviate.classes.init import AdditionalConfig, Auth, Timeout
from weaviate.classes.query import Filter, HybridFusion, MetadataQuery
from weaviate.collections import CollectionAsync
from weaviate.connect import ConnectionParams
from weaviate.exceptions import (
    AuthenticationFailedError,
    UnexpectedStatusCodeError,
    WeaviateBaseError,
    WeaviateClosedClientError,
    WeaviateConnectionError,
    WeaviateGRPCUnavailableError,
    WeaviateInsertManyAllFailedError,
    WeaviateRetryError,
    WeaviateStartUpError,
    WeaviateTimeoutError,
)

from application.documents.ports import Hit, Listed, Point, Unfit, Vectors
from application.ports import Unavailable
from infrastructure.models.refusals import plain
from infrastructure.vectors.rest import BROKEN, LATER, NO_ENTRY, checked_key, checked_url
from infrastructure.vectors.shared import (
    Settled,
    batches,
    checked_dimension,
    checked_name,
    checked_vectors,
    missing,
    pieces,
    same_dimension,
    similarity,
)

SECONDS = 30.0
SEARCH_SECONDS = 10.0
CONNECT_SECONDS = 5.0
GRPC_PORT = 50051
CLOUD = (".weaviate.cloud", ".weaviate.network")
IDS_EACH = 5_000
PAGE_MAX = 1_000
DELETED_MAX = 10_000  # what one request deletes at most
ROUNDS_MAX = 1_000
VECTOR = "passage"
NOTE = re.compile(r"passages of (\d+) dimensions")
NO_CLASS = re.compile(r"(could not find|no such|unknown) (class|collection)", re.IGNORECASE)
AWAY = (
    httpx.TransportError,
    TimeoutError,
    WeaviateClosedClientError,
    WeaviateConnectionError,
    WeaviateGRPCUnavailableError,
    WeaviateRetryError,
    WeaviateTimeoutError,
)
AWAY_STATUS = frozenset(
    (
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.CANCELLED,
    )
)
NO_ENTRY_STATUS = frozenset((grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED))
NOT_FOUND = 404

Passages = CollectionAsync[Any, Any]


class WeaviateStore(Settled):
    """A Weaviate server, 1.27 or newer.

    Collections are made without tenants. A tenant would have to be one person or one knowledge
    base, but a file may be in many knowledge bases and shared with many people, so each of them
    would need a copy of its vectors, and one search would have to ask many tenants. Who may see
    what is decided before the search, and comes as the list of files to search in.
    """

    kind = "weaviate"
    is_hybrid = True

    def __init__(self, url: str, key: str = "") -> None:
        self._params = where(url)
        self._key = checked_key(key)
        self._name = f"Weaviate at {self._params.http.host}:{self._params.http.port}"
        self._client: WeaviateAsyncClient | None = None
        self._connecting = asyncio.Lock()

    async def check(self) -> str:
        """Which version it is, and whether both of its doors let us in."""
        async with self._work() as client:
            meta = await client.get_meta()
            await client.collections.list_all()
            if not await client.is_ready():
                raise Unavailable(f"{self._name} is not ready.")
            await self._grpc_answers(client)
        return f"Weaviate {meta['version']}"

    async def create(self, index: str, dimension: int) -> None:
        """Make a collection that remembers its dimension in its description."""
        name, size = class_of(index), checked_dimension(dimension)
        async with self._work(index) as client:
            if not await client.collections.exists(name):
                try:
                    await make(client, name, size)
                except UnexpectedStatusCodeError:  # somebody was faster, or not
                    if not await client.collections.exists(name):
                        raise
            same_dimension(index, await dimension_of(client, name), size)

    async def drop(self, index: str) -> None:
        """Remove the collection."""
        async with self._work(index) as client:
            await client.collections.delete(class_of(index))

    async def upsert(self, index: str, points: Sequence[Point], vectors: Vectors) -> None:
        """Import in batches; an object with a known id takes the place of the old one."""
        async with self._work(index) as client:
            has = await dimension_of(client, class_of(index))
            passages = client.collections.use(class_of(index))
            for some, rows in batches(points, vectors):
                same_dimension(index, has, rows.shape[1])
                result = await passages.data.insert_many(list(objects(some, rows)))
                for error in result.errors.values():
                    raise Unavailable(f"{self._name} did not take a point: {self._shown(error)}")

    async def delete_files(self, index: str, file_ids: Collection[UUID]) -> None:
        """Remove all points of these files."""
        for some in pieces(file_ids, IDS_EACH):
            await self._delete(index, of_files(some))

    async def delete(self, index: str, ids: Collection[UUID]) -> None:
        """Remove these points."""
        for some in pieces(ids, IDS_EACH):
            await self._delete(index, Filter.by_id().contains_any(some))

    async def search(
        self, index: str, vector: Vectors, *, limit: int, file_ids: Collection[UUID] | None
    ) -> list[Hit]:
        """The nearest points; Weaviate filters while it walks its graph."""
        row = checked_vectors(vector).tolist()
        name = class_of(index)
        if limit < 1 or (file_ids is not None and not file_ids):
            return []
        async with self._work(index, SEARCH_SECONDS) as client:
            found = await client.collections.use(name).query.near_vector(
                row,
                limit=limit,
                target_vector=VECTOR,
                filters=None if file_ids is None else of_files(file_ids),
                return_metadata=MetadataQuery(distance=True),
                return_properties=[],
            )
        distances = ((each.uuid, each.metadata.distance) for each in found.objects)
        return [
            Hit(UUID(str(id_)), similarity(1 - distance))
            for id_, distance in distances
            if distance is not None
        ]

    async def hybrid(
        self,
        index: str,
        text: str,
        vector: Vectors,
        *,
        limit: int,
        file_ids: Collection[UUID] | None,
    ) -> list[Hit]:
        """The best points by words and meaning, each counting for a half."""
        row = checked_vectors(vector).tolist()
        name = class_of(index)
        if limit < 1 or (file_ids is not None and not file_ids):
            return []
        async with self._work(index, SEARCH_SECONDS) as client:
            found = await client.collections.use(name).query.hybrid(
                text,
                vector=row,
                alpha=0.5,
                query_properties=["text"],
                fusion_type=HybridFusion.RELATIVE_SCORE,
                limit=limit,
                target_vector=VECTOR,
                filters=None if file_ids is None else of_files(file_ids),
                return_metadata=MetadataQuery(score=True),
                return_properties=[],
            )
        return [
            Hit(UUID(str(each.uuid)), similarity(each.metadata.score or 0.0))
            for each in found.objects
        ]

    async def count(self, index: str) -> int:
        """How many points there are."""
        async with self._work(index) as client:
            passages = client.collections.use(class_of(index))
            found = await passages.aggregate.over_all(total_count=True)
            return int(found.total_count or 0)

    async def listing(self, index: str, *, after: UUID | None, limit: int) -> list[Listed]:
        """A page of points; a cursor goes through them in the order of their ids."""
        listed: list[Listed] = []
        after = after or UUID(int=0)
        async with self._work(index) as client:
            passages = client.collections.use(class_of(index))
            while len(listed) < limit:
                size = min(PAGE_MAX, limit - len(listed))
                page = await passages.query.fetch_objects(
                    limit=size, after=after, return_properties=["file_id"]
                )
                listed += [
                    Listed(UUID(str(each.uuid)), UUID(str(each.properties["file_id"])))
                    for each in page.objects
                ]
                if len(page.objects) < size:
                    break
                after = listed[-1].id
        return listed

    async def close(self) -> None:
        """Let connections go."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _delete(self, index: str, chosen: Any) -> None:
        """Delete until nothing is left: one request deletes only so many."""
        name = class_of(index)
        async with self._work(index) as client:
            if not await client.collections.exists(name):
                return
            passages = client.collections.use(name)
            for _ in range(ROUNDS_MAX):
                result = await passages.data.delete_many(chosen)
                if result.failed:
                    raise Unavailable(f"{self._name} could not delete everything.")
                if result.matches < DELETED_MAX:
                    return

    @asynccontextmanager
    async def _work(
        self, index: str = "", seconds: float = SECONDS
    ) -> AsyncIterator[WeaviateAsyncClient]:
        """Work with the client, and tell plainly what goes wrong."""
        try:
            async with asyncio.timeout(seconds):
                yield await self._connected()
        except (*AWAY, WeaviateBaseError) as error:
            raise self._failure(error, index) from error

    async def _connected(self) -> WeaviateAsyncClient:
        async with self._connecting:
            if self._client is None:
                client = WeaviateAsyncClient(
                    connection_params=self._params,
                    auth_client_secret=Auth.api_key(self._key) if self._key else None,
                    additional_config=AdditionalConfig(
                        timeout=Timeout(init=CONNECT_SECONDS, query=SECONDS, insert=SECONDS)
                    ),
                    skip_init_checks=True,  # they would also ask the package index
                )
                try:
                    await client.connect()
                except BaseException:
                    await client.close()
                    raise
                self._client = client
            return self._client

    async def _grpc_answers(self, client: WeaviateAsyncClient) -> None:
        """Ask for what is not there, by gRPC: a refusal is an answer."""
        try:
            await client.collections.use("QuireProbe").query.fetch_objects(limit=1)
        except WeaviateBaseError as error:
            if isinstance(self._failure(error, ""), Unavailable):
                raise Unavailable(
                    f"{self._name} does not answer by gRPC at {self._params.grpc.host}:"
                    f"{self._params.grpc.port}. Is the port right? Add ?grpc=PORT to the address."
                ) from error

    def _failure(self, error: Exception, index: str) -> Exception:
        status = rpc_status(error)
        http = error.status_code if isinstance(error, UnexpectedStatusCodeError) else 0
        starts = isinstance(error, WeaviateStartUpError) and "not supported" not in str(error)
        away = isinstance(error, AWAY) or starts or status in AWAY_STATUS or http in LATER
        if away or http >= BROKEN or isinstance(error, WeaviateInsertManyAllFailedError):
            return Unavailable(f"{self._name} cannot be reached or is busy.")
        failed_entry = isinstance(error, AuthenticationFailedError) or http in NO_ENTRY
        if failed_entry or status in NO_ENTRY_STATUS:
            return Unfit(f"{self._name} refused the key.")
        if http == NOT_FOUND or NO_CLASS.search(str(error)):
            return missing(index)
        return Unfit(f"{self._name} refused: {self._shown(error)}")

    def _shown(self, error: object) -> str:
        text = str(getattr(error, "message", error))
        return plain(text, (self._key,) if self._key else ())


def where(url: str) -> ConnectionParams:
    """Both doors of a server: HTTP, and gRPC at a port that "?grpc=" may name."""
    parts = urlsplit(url)
    checked = urlsplit(checked_url(parts._replace(query="").geturl()))
    host, secure = checked.hostname or "", checked.scheme == "https"
    in_cloud = secure and host.endswith(CLOUD)
    named = parse_qs(parts.query).get("grpc", [""])[0]
    if checked.path or (named and not (named.isdigit() and 0 < int(named) < 2**16)):
        raise Unfit("The address must be like http://weaviate:8080 or with ?grpc=50051 behind it.")
    try:
        return ConnectionParams.from_params(
            http_host=host,
            http_port=checked.port or (443 if secure else 80),
            http_secure=secure,
            grpc_host=f"grpc-{host}" if in_cloud else host,
            grpc_port=int(named) if named else 443 if in_cloud else GRPC_PORT,
            grpc_secure=secure,
        )
    except ValueError:
        raise Unfit("The ports for HTTP and gRPC must be different.") from None


async def make(client: WeaviateAsyncClient, name: str, dimension: int) -> None:
    """Make a collection for vectors that come from outside."""
    await client.collections.create(
        name,
        description=f"Quire: passages of {dimension} dimensions",
        properties=[
            Property(
                name="file_id",
                data_type=DataType.TEXT,
                tokenization=Tokenization.FIELD,
                index_filterable=True,
                index_searchable=False,
            ),
            Property(
                name="text",
                data_type=DataType.TEXT,
                tokenization=Tokenization.WORD,
                index_filterable=False,
                index_searchable=True,
            ),
        ],
        vector_config=Configure.Vectors.self_provided(
            name=VECTOR,
            vector_index_config=Configure.VectorIndex.hnsw(
                distance_metric=VectorDistances.COSINE, ef_construction=128, max_connections=32
            ),
        ),
        multi_tenancy_config=Configure.multi_tenancy(enabled=False),
    )


async def dimension_of(client: WeaviateAsyncClient, name: str) -> object:
    """The dimension that a collection's description tells."""
    config = await client.collections.use(name).config.get(simple=True)
    found = NOTE.search(config.description or "")
    return int(found[1]) if found else None


def class_of(index: str) -> str:
    """The name of a collection; those of Weaviate begin with a capital."""
    return f"Quire_{checked_name(index)}"


def objects(points: Sequence[Point], vectors: Vectors) -> Iterator[DataObject[Any, None]]:
    """Points as Weaviate takes them."""
    for point, row in zip(points, vectors.tolist(), strict=True):
        properties = {"file_id": str(point.file_id), "text": point.text}
        yield DataObject(properties=properties, uuid=point.id, vector={VECTOR: row})


def of_files(file_ids: Collection[UUID]) -> Any:
    """Only points of these files."""
    return Filter.by_property("file_id").contains_any([str(each) for each in file_ids])


def rpc_status(error: BaseException) -> Any:
    """What gRPC said underneath, if it was gRPC."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, grpc.aio.AioRpcError):
            return inner.code()
        if isinstance(inner, WeaviateRetryError):
            return grpc.StatusCode.UNAVAILABLE
        inner = inner.__cause__ or inner.__context__
    return None
