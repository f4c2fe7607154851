"""Uploads and holdings on the real database, with the bytes on a disk or in a bucket."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.command import carry_out
from application.files import AddFile, Content, DeleteFile, ReplaceFile, TrashFile
from application.ports import Actor, Unavailable
from domain.errors import NotFound
from infrastructure.blobs.stores import FileStores
from infrastructure.blobs.uploads import Cut, Upload, WrongOffset
from infrastructure.event_log import EventLog
from infrastructure.postgres import Pool, pool
from infrastructure.secrets import master_key
from infrastructure.settings import Settings
from tests import buckets

ANA = UUID(int=10)
TEA = b"Green tea at 70 degrees. " * 40


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of an S3-compatible server on loopback."""
    with buckets.serving() as address:
        yield address


@pytest.fixture(params=["disk", "s3"])
def settings(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Settings:
    chosen: dict[str, Any] = {"data": tmp_path / "data", "database_url": database}
    if request.param == "s3":
        chosen |= {
            "blobs_url": f"s3://{buckets.BUCKET}/{uuid4()}",
            "s3_endpoint": request.getfixturevalue("s3"),
            "s3_access_key": "ana",
            "s3_secret_key": "hush-hush",
            "s3_region": "us-east-1",
        }
    return Settings(**chosen)


@pytest.fixture
async def lines(settings: Settings) -> AsyncIterator[Pool]:
    async with pool(settings.database_url) as own:
        yield own


@pytest.fixture
def stores(settings: Settings, lines: Pool) -> FileStores:
    return FileStores.of(settings, lines)


@pytest.fixture
async def log(settings: Settings) -> AsyncIterator[EventLog]:
    async with EventLog(settings.database_url, master_key(settings)) as log:
        yield log


def wanted(content: bytes = TEA) -> Upload:
    return Upload(uuid4(), ANA, "Tea.txt", len(content), "text/plain")


async def pieces(*content: bytes, cut: bool = False) -> AsyncGenerator[bytes, None]:
    for each in content:
        yield each
    if cut:
        raise Cut


async def send(stores: FileStores, upload: Upload, content: bytes, start: int) -> Upload:
    return await stores.uploads.receive(upload, start, pieces(content))


def tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


async def test_any_process_can_go_on(settings: Settings, stores: FileStores) -> None:
    upload = await stores.uploads.open(wanted())
    async with pool(settings.database_url) as other:
        elsewhere = settings.model_copy(update={"data": settings.data.parent / "elsewhere"})
        if not settings.blobs_url:
            elsewhere = settings
        beside = FileStores.of(elsewhere, other)
        upload = await send(stores, upload, TEA[:100], 0)
        upload = await send(beside, upload, TEA[100:500], 100)
        upload = await send(stores, upload, TEA[500:], 500)
        async with beside.uploads.whole(upload) as draft:
            assert draft.path.read_bytes() == TEA
            assert (draft.size, draft.sha256) == (len(TEA), sha256(TEA))


@pytest.mark.parametrize("at", [1, 7, 500, len(TEA)])
async def test_what_came_before_a_cut_counts(stores: FileStores, at: int) -> None:
    upload = await stores.uploads.open(wanted())
    upload = await stores.uploads.receive(upload, 0, pieces(TEA[:at], cut=True))
    assert upload.received == at
    if at < len(TEA):
        upload = await send(stores, upload, TEA[at:], at)
    async with stores.uploads.whole(upload) as draft:
        assert draft.sha256 == sha256(TEA)


async def test_a_cut_before_the_first_byte_changes_nothing(stores: FileStores) -> None:
    upload = await stores.uploads.open(wanted())
    upload = await stores.uploads.receive(upload, 0, pieces(cut=True))
    assert upload.received == 0


async def test_of_many_at_one_place_one_counts(stores: FileStores) -> None:
    upload = await stores.uploads.open(wanted())
    sends = [send(stores, upload, TEA[: 10 + n], 0) for n in range(5)]
    found = await asyncio.gather(*sends, return_exceptions=True)
    assert [type(each) for each in found].count(Upload) == 1
    assert [type(each) for each in found].count(WrongOffset) == 4
    now = await stores.uploads.get(upload.id, ANA)
    await send(stores, now, TEA[now.received :], now.received)
    async with stores.uploads.whole(await stores.uploads.get(upload.id, ANA)) as draft:
        assert draft.sha256 == sha256(TEA)


async def test_only_what_is_abandoned_expires(stores: FileStores) -> None:
    upload = await stores.uploads.open(wanted())
    await send(stores, upload, TEA[:10], 0)
    assert await stores.uploads.expire(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert (await stores.uploads.get(upload.id, ANA)).received == 10
    assert await stores.uploads.expire(tomorrow()) == 1
    with pytest.raises(NotFound):
        await stores.uploads.get(upload.id, ANA)


async def test_what_became_of_an_upload_is_remembered_once(stores: FileStores) -> None:
    upload = await stores.uploads.open(wanted(b"x"))
    upload = await send(stores, upload, b"x", 0)
    first, second = uuid4(), uuid4()
    await stores.uploads.end(upload, first)
    await stores.uploads.end(upload, second)
    assert (await stores.uploads.get(upload.id, ANA)).file_id == first


async def kept(stores: FileStores, file_id: UUID, content: bytes = TEA) -> str:
    what = Content("Tea.txt", "text/plain", len(content), sha256(content))
    await stores.keep(content, what, file_id)
    return what.sha256


async def test_bytes_go_with_the_last_file_that_has_them(stores: FileStores) -> None:
    first, second = uuid4(), uuid4()
    key = await kept(stores, first)
    await kept(stores, second)
    other = await kept(stores, first, b"other")
    await stores.holdings.release(first)
    assert await stores.blobs.exists(key)
    assert not await stores.blobs.exists(other)
    await stores.holdings.release(second)
    await stores.holdings.release(second)
    assert not await stores.blobs.exists(key)


async def test_bytes_that_come_while_they_go_stay(stores: FileStores) -> None:
    """However uploads and deletions of the same bytes meet, who has a holding has the bytes."""
    for _ in range(10):
        old, new = uuid4(), uuid4()
        await kept(stores, old)
        await asyncio.gather(stores.holdings.release(old), kept(stores, new))
        assert await stores.blobs.exists(sha256(TEA))
        await stores.holdings.release(new)
        assert not await stores.blobs.exists(sha256(TEA))


async def test_what_came_to_nothing_is_swept_away(stores: FileStores, log: EventLog) -> None:
    ana = Actor(ANA)
    contents = {name: f"{name} tea".encode() for name in ("kept", "new", "old", "gone", "lost")}
    keys = {name: sha256(each) for name, each in contents.items()}
    files = {name: uuid4() for name in contents} | {"new": UUID(int=7), "old": UUID(int=7)}
    for name, content in contents.items():
        await kept(stores, files[name], content)
        if name != "lost":
            what = Content(f"{name}.txt", "text/plain", len(content), keys[name])
            add = AddFile if name != "old" else ReplaceFile
            await carry_out(add(files[name], what), log=log, actor=ana)
    for wish in (TrashFile(files["gone"]), DeleteFile(files["gone"])):
        await carry_out(wish, log=log, actor=ana)
    assert await stores.holdings.sweep(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert await stores.holdings.sweep(tomorrow()) == 3
    there = {name for name, key in keys.items() if await stores.blobs.exists(key)}
    assert there == {"kept", "old"}  # `old` came in place of `new`
    assert await stores.holdings.sweep(tomorrow()) == 0


async def test_scratch_is_swept_of_what_is_old(stores: FileStores) -> None:
    async with stores.scratch.file() as old, stores.scratch.file() as new:
        os.utime(old.path, (time.time() - 5000,) * 2)
        assert await stores.scratch.sweep(3600) == 1
        assert not old.path.exists()
        assert new.path.exists()


@pytest.mark.parametrize("settings", ["s3"], indirect=True)
async def test_a_bucket_that_is_away_loses_nothing(
    settings: Settings, stores: FileStores, lines: Pool
) -> None:
    upload = await stores.uploads.open(wanted())
    upload = await send(stores, upload, TEA[:100], 0)
    away = FileStores.of(settings.model_copy(update={"s3_endpoint": "http://127.0.0.1:9"}), lines)
    with pytest.raises(Unavailable):
        await send(away, upload, TEA[100:], 100)
    with pytest.raises(Unavailable):
        async with away.uploads.whole(replace(upload, received=upload.size)):
            pass
    with pytest.raises(Unavailable):
        await kept(away, uuid4())
    upload = await send(stores, upload, TEA[100:], 100)
    async with stores.uploads.whole(upload) as draft:
        assert draft.sha256 == sha256(TEA)
