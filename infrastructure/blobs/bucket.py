"""Bytes in a bucket: S3 and what is like it, Azure, Google Cloud."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url

from application.documents.blobs import Gone
from application.ports import Unavailable
from infrastructure.blobs.scratch import Scratch
from infrastructure.settings import PREFIX, CannotStart, Settings

SCHEMES = ("s3", "az", "gs")
WINDOW_BYTES = 4 * 1024 * 1024
SECRET = re.compile(r"\?\S*")
CLIENT: dict[str, Any] = {"connect_timeout": "5s", "timeout": "60s"}
RETRY: dict[str, Any] = {
    "max_retries": 2,
    "retry_timeout": timedelta(seconds=6),
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=1),
        "base": 2,
    },
}

logger = logging.getLogger(__name__)


class BucketStore:
    """Keeps bytes as objects. They are fetched in windows, so slow readers hold no line open."""

    def __init__(self, store: ObjectStore, scratch: Scratch) -> None:
        self._store = store
        self._scratch = scratch

    async def put(self, key: str, source: Path) -> None:
        """Send a file; the object appears when all of it has arrived."""
        with told():
            await obstore.put_async(self._store, key, source)
        await asyncio.to_thread(source.unlink, missing_ok=True)

    async def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Yield a part of an object, window by window."""
        while start < end:
            stop = min(end, start + WINDOW_BYTES)
            with told():
                piece = await obstore.get_range_async(self._store, key, start=start, end=stop)
            yield bytes(piece)
            start = stop

    @asynccontextmanager
    async def local_path(self, key: str) -> AsyncIterator[Path]:
        """A copy of the object, removed afterwards."""
        size = await self.size(key)
        if size is None:
            raise Gone(key)
        async with self._scratch.file() as draft:
            await draft.write_all(self.read(key, 0, size))
            yield draft.path

    async def size(self, key: str) -> int | None:
        """How large the object is."""
        try:
            with told():
                return (await obstore.head_async(self._store, key))["size"]
        except Gone:
            return None

    async def delete(self, key: str) -> None:
        """Remove the object."""
        try:
            with told():
                await obstore.delete_async(self._store, key)
        except Gone:
            return

    async def clear(self, prefix: str) -> None:
        """Remove all objects below a prefix."""
        with told():
            async for page in obstore.list(self._store, prefix=prefix):
                for each in page:
                    await self.delete(each["path"])


@contextmanager
def told() -> Iterator[None]:
    """Say plainly that the bucket is away, and in the log why."""
    try:
        yield
    except FileNotFoundError as error:
        raise Gone(SECRET.sub("", str(error).partition("\n")[0])) from None
    except (BaseError, OSError) as error:
        why = SECRET.sub("", str(error).partition("\n")[0])[:300]
        logger.warning("the store of files is away: %s: %s", type(error).__name__, why)
        raise Unavailable("The store of files is away for the moment.") from None


def open_bucket(settings: Settings, scratch: Scratch) -> BucketStore:
    """The bucket an installation chose. What its URL does not say comes from the environment."""
    url = settings.blobs_url
    scheme = url.partition("://")[0]
    if scheme not in SCHEMES:
        raise CannotStart(f"{PREFIX}BLOBS_URL must begin with s3://, az:// or gs://.")
    client, config = CLIENT.copy(), s3_config(settings) if scheme == "s3" else {}
    if settings.s3_endpoint.startswith("http://"):
        client["allow_http"] = True
    make: Any = from_url
    try:
        store = make(url, config=config, client_options=client, retry_config=RETRY)
    except (BaseError, ValueError) as error:
        raise CannotStart(f"{PREFIX}BLOBS_URL cannot be used: {error}") from None
    return BucketStore(store, scratch)


def s3_config(settings: Settings) -> dict[str, str]:
    """What was said of the server and the key."""
    given = {
        "endpoint": settings.s3_endpoint,
        "access_key_id": settings.s3_access_key,
        "secret_access_key": settings.s3_secret_key,
        "region": settings.s3_region,
    }
    return {name: value for name, value in given.items() if value}
