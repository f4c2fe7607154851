"""Archives can be unpacked anywhere, and are never in memory as a whole."""

import io
import os
import tracemalloc
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from zipfile import ZipFile

import pytest

from infrastructure.archives import Member, Paths, safe_name, zipped

AT = datetime(2026, 1, 31, 12, 30, 44, tzinfo=UTC)


async def pieces(*found: bytes) -> AsyncGenerator[bytes, None]:
    for each in found:
        yield each


async def members(*found: Member) -> AsyncGenerator[Member, None]:
    for each in found:
        yield each


async def test_what_went_in_comes_out() -> None:
    random = os.urandom(700_000)
    whole = b"".join(
        [
            each
            async for each in zipped(
                members(
                    Member("empty/", AT),
                    Member("t\u00e9/a.bin", AT, len(random), pieces(random[:9], random[9:])),
                    Member("nothing.txt", datetime(1970, 1, 1, tzinfo=UTC), 0, pieces()),
                )
            )
        ]
    )
    with ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["empty/", "t\u00e9/a.bin", "nothing.txt"]
        assert archive.read("t\u00e9/a.bin") == random
        assert archive.read("nothing.txt") == b""
        assert archive.getinfo("t\u00e9/a.bin").date_time == (2026, 1, 31, 12, 30, 44)


async def test_a_large_file_needs_little_memory() -> None:
    async def large() -> AsyncGenerator[bytes, None]:
        for _ in range(24):
            yield os.urandom(1024 * 1024)

    tracemalloc.start()
    size = 0
    async for each in zipped(members(Member("large", AT, 24 * 1024 * 1024, large()))):
        size += len(each)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 24 * 1024 * 1024
    assert peak < 8 * 1024 * 1024


async def test_a_reader_may_leave_at_any_time() -> None:
    left = []

    async def endless() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield os.urandom(1024 * 1024)
        finally:
            left.append(True)

    archive = zipped(members(Member("endless", AT, 0, endless())))
    assert await anext(archive)
    await archive.aclose()
    assert left == [True]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("tea.txt", "tea.txt"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("..", "_"),
        ("", "_"),
        (".hidden", ".hidden"),
        ('a<b>:"|?*\\\x00\n', "a_b_________"),
        ("dots... ", "dots"),
        ("CON.txt", "_CON.txt"),
        ("nul", "_nul"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("\ud800", "_"),
    ],
)
def test_a_name_means_nothing_elsewhere(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_long_name_keeps_its_end() -> None:
    name = safe_name("\u00e9" * 255 + ".pdf")
    assert name.endswith("\u00e9.pdf")
    assert len(name.encode()) <= 200
    assert len(safe_name("x." + "y" * 255).encode()) <= 200


def test_every_path_is_given_once() -> None:
    paths = Paths()
    assert paths.directory(("A", "b")) == "A/b/"
    assert paths.directory(("A", "b")) == "A/b/"
    assert paths.directory(("a",)) == "a (2)/"
    assert paths.file(("A", "b", "Tea.txt")) == "A/b/Tea.txt"
    assert paths.file(("A", "b", "tea.TXT")) == "A/b/tea (2).TXT"
    assert paths.file(("A", "b", "tea (2).txt")) == "A/b/tea (2) (2).txt"
    assert paths.file(("a", "tea.txt")) == "a (2)/tea.txt"
    assert paths.file(("A", "b")) == "A/b (2)"
    assert len({paths.file(("x",)).casefold() for _ in range(500)}) == 500
