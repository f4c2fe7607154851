"""What every store of bytes promises: a folder, and a bucket behind real HTTP."""

import asyncio
import hashlib
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from obstore.store import AzureStore, GCSStore

from application.documents.blobs import Damaged, Gone
from application.ports import Unavailable
from infrastructure.blobs.bucket import WINDOW_BYTES, open_bucket
from infrastructure.blobs.content import ContentBlobs, key_of
from infrastructure.blobs.disk import DiskStore
from infrastructure.blobs.scratch import Scratch
from infrastructure.blobs.store import Store
from infrastructure.settings import CannotStart, Settings
from tests import buckets

TEA = b"Tea is drunk hot. " * 10
LARGE = os.urandom(WINDOW_BYTES + 1234)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of an S3-compatible server on loopback."""
    with buckets.serving() as address:
        yield address


def bucket(endpoint: str, folder: Path, prefix: str) -> Store:
    settings = Settings(
        data=folder,
        blobs_url=f"s3://{buckets.BUCKET}/{prefix}",
        s3_endpoint=endpoint,
        s3_access_key="ana",
        s3_secret_key="hush-hush",
        s3_region="us-east-1",
    )
    return open_bucket(settings, Scratch(folder))


def container(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Azure Blob Storage as its emulator has it."""
    address = os.environ.get("TEST_AZURE_URL", "")
    if not address:
        pytest.skip("TEST_AZURE_URL names no Azurite")
    monkeypatch.setenv("AZURE_STORAGE_USE_EMULATOR", "true")
    monkeypatch.setenv("AZURITE_BLOB_STORAGE_URL", address)
    buckets.make_container(address)
    url = f"az://{buckets.BUCKET}/{folder.name}"
    return open_bucket(Settings(data=folder, blobs_url=url), Scratch(folder))


@pytest.fixture(params=["disk", "s3", "azure"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    if request.param == "disk":
        return DiskStore(tmp_path)
    if request.param == "azure":
        return container(tmp_path, monkeypatch)
    return bucket(request.getfixturevalue("s3"), tmp_path, tmp_path.name)


@pytest.fixture
def blobs(store: Store, tmp_path: Path) -> ContentBlobs:
    return ContentBlobs(store, Scratch(tmp_path))


async def read(blobs: ContentBlobs, key: str, start: int = 0, end: int | None = None) -> bytes:
    async with aclosing(blobs.open(key, start, end)) as pieces:
        return b"".join([each async for each in pieces])


def files_in(folder: Path) -> set[str]:
    return {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}


@pytest.mark.parametrize("content", [b"", b"x", TEA, LARGE], ids=len)
async def test_what_is_put_is_there(blobs: ContentBlobs, tmp_path: Path, content: bytes) -> None:
    key = sha256(content)
    assert not await blobs.exists(key)
    source = tmp_path / "source"
    source.write_bytes(content)
    await blobs.put(source, key, len(content))
    assert not source.exists()
    assert await blobs.exists(key)
    assert await read(blobs, key) == content
    async with blobs.local_path(key) as path:
        assert path.read_bytes() == content
    assert not list((tmp_path / "scratch").glob("*"))


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, 1), (5, 17), (0, None), (100, None), (7, 7), (0, 10**9), (len(TEA), None), (900, 901)],
)
async def test_any_part_can_be_read(blobs: ContentBlobs, start: int, end: int | None) -> None:
    await blobs.put(TEA, sha256(TEA), len(TEA))
    assert await read(blobs, sha256(TEA), start, end) == TEA[start:end]


async def test_parts_may_cross_windows(blobs: ContentBlobs) -> None:
    await blobs.put(LARGE, sha256(LARGE), len(LARGE))
    start, end = WINDOW_BYTES - 10, WINDOW_BYTES + 10
    assert await read(blobs, sha256(LARGE), start, end) == LARGE[start:end]


async def test_what_is_put_again_is_kept_once(blobs: ContentBlobs) -> None:
    key = sha256(TEA)
    await asyncio.gather(*(blobs.put(TEA, key, len(TEA)) for _ in range(5)))
    await blobs.put(TEA, key, len(TEA))
    assert await read(blobs, key) == TEA


async def test_other_bytes_than_announced_are_refused(blobs: ContentBlobs, tmp_path: Path) -> None:
    for key, size in ((sha256(b"other"), len(TEA)), (sha256(TEA), len(TEA) - 1)):
        with pytest.raises(Damaged):
            await blobs.put(TEA, key, size)
        assert not await blobs.exists(key)
    assert files_in(tmp_path) == set()


async def test_what_is_deleted_is_gone(blobs: ContentBlobs) -> None:
    key = sha256(TEA)
    await blobs.delete(key)
    await blobs.put(TEA, key, len(TEA))
    await blobs.delete(key)
    await blobs.delete(key)
    assert not await blobs.exists(key)
    with pytest.raises(Gone):
        await read(blobs, key)
    with pytest.raises(Gone):
        async with blobs.local_path(key):
            pass


async def test_a_prefix_is_cleared_and_nothing_else(store: Store, tmp_path: Path) -> None:
    for key in ("uploads/1/a", "uploads/1/b", "uploads/12/a"):
        source = tmp_path / "source"
        source.write_bytes(TEA)
        await store.put(key, source)
    await store.clear("uploads/1/")
    await store.clear("uploads/nothing/")
    sizes = [await store.size(f"uploads/{key}") for key in ("1/a", "1/b", "12/a")]
    assert sizes == [None, None, len(TEA)]


async def test_files_on_disk_are_for_their_owner_alone(tmp_path: Path) -> None:
    blobs = ContentBlobs(DiskStore(tmp_path), Scratch(tmp_path))
    await blobs.put(TEA, sha256(TEA), len(TEA))
    path = tmp_path / key_of(sha256(TEA))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert files_in(tmp_path) == {key_of(sha256(TEA))}


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ContentBlobs:
    """A disk on which nothing can be made safe any more."""

    def no_room(_: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", no_room)
    return ContentBlobs(DiskStore(tmp_path), Scratch(tmp_path))


async def test_a_full_disk_keeps_nothing_by_halves(full: ContentBlobs, tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        await full.put(TEA, sha256(TEA), len(TEA))
    assert files_in(tmp_path) == set()


async def test_a_bucket_that_is_away_is_told_of_in_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    blobs = ContentBlobs(bucket(f"http://127.0.0.1:{port}", tmp_path, "x"), Scratch(tmp_path))
    key = sha256(TEA)
    async with asyncio.timeout(9):
        for wish in (blobs.exists(key), blobs.delete(key), read(blobs, key)):
            with pytest.raises(Unavailable):
                await wish
        with pytest.raises(Unavailable):
            await blobs.put(TEA, key, len(TEA))
    assert "hush" not in caplog.text
    assert files_in(tmp_path) == set()


async def test_an_outage_passes(s3: str, tmp_path: Path) -> None:
    """The same bucket after it was away has what was put before."""
    key = sha256(TEA)
    before = ContentBlobs(bucket(s3, tmp_path, "passing"), Scratch(tmp_path))
    await before.put(TEA, key, len(TEA))
    wrong = ContentBlobs(
        bucket(s3.replace("127.0.0.1", "127.0.0.2"), tmp_path, "passing"), Scratch(tmp_path)
    )
    with pytest.raises(Unavailable):
        await read(wrong, key)
    assert await read(before, key) == TEA


@pytest.mark.parametrize("url", ["ftp://x/y", "quire", "/folder"])
def test_what_is_no_bucket_stops_the_start(tmp_path: Path, url: str) -> None:
    with pytest.raises(CannotStart, match="QUIRE_BLOBS_URL"):
        open_bucket(Settings(data=tmp_path, blobs_url=url), Scratch(tmp_path))


@pytest.mark.parametrize(
    ("url", "kind"), [("az://container/files", AzureStore), ("gs://bucket/files", GCSStore)]
)
def test_other_clouds_are_plugged_in_the_same_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, kind: type
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "quire")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "aGFsbG8=")
    monkeypatch.setenv("GOOGLE_SKIP_SIGNATURE", "true")
    store = open_bucket(Settings(data=tmp_path, blobs_url=url), Scratch(tmp_path))
    assert isinstance(store._store, kind)  # noqa: SLF001
    assert store._store.prefix == "files"  # type: ignore[union-attr]  # noqa: SLF001
