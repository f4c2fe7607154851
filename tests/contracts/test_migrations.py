"""What migrations promise."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infrastructure import migrations
from infrastructure.migrations import migrate
from infrastructure.postgres import Connection, connect

ALL = sorted(path.name for path in (Path(__file__).parents[2] / "migrations").glob("*.sql"))


@pytest.fixture
async def db(empty_database: str) -> AsyncIterator[Connection]:
    async with await connect(empty_database, autocommit=True) as line:
        yield line


async def ask(db: Connection, sql: Any) -> Any:
    row = await (await db.execute(sql)).fetchone()
    return row and row[0]


async def test_each_is_applied_once_and_in_order(empty_database: str) -> None:
    assert await migrate(empty_database) == ALL
    assert await migrate(empty_database) == []


async def test_several_may_start_at_once(empty_database: str) -> None:
    applied = await asyncio.gather(*(migrate(empty_database) for _ in range(5)))
    assert sorted(applied) == [[], [], [], [], ALL]


async def test_a_broken_one_leaves_no_trace(
    empty_database: str, db: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [("0001.sql", b"create table a (b int);"), ("0002.sql", b"create tabel c (d int);")]
    monkeypatch.setattr(migrations, "scripts", lambda: broken)
    with pytest.raises(psycopg.errors.SyntaxError):
        await migrate(empty_database)
    assert await ask(db, "select to_regclass('a')") is None
    assert await ask(db, "select to_regclass('public.migrations')") is None


async def test_a_new_version_adds_what_is_new(
    empty_database: str, db: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(empty_database)
    more = [*migrations.scripts(), ("9999_more.sql", b"create table more (id int);")]
    monkeypatch.setattr(migrations, "scripts", lambda: more)
    assert await migrate(empty_database) == ["9999_more.sql"]
    assert await ask(db, "select count(*) from more") == 0
