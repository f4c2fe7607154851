"""Engines that an installation brings: what will not do is refused with the way out."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from infrastructure import redis
from infrastructure.postgres import check, connect, pool
from infrastructure.settings import CannotStart
from tests.engines import TestEngines, admin


@pytest.fixture
def stranger(engines: TestEngines) -> Iterator[str]:
    """Somebody who may connect and nothing else."""
    name = f"stranger_{uuid4().hex}"
    with admin(engines.postgres_url) as db:
        db.execute(SQL("create role {} login").format(Identifier(name)))
        yield name
        db.execute(SQL("drop role {}").format(Identifier(name)))


async def test_a_good_database_will_do(empty_database: str) -> None:
    await check(empty_database)


async def test_a_server_that_is_away_is_named() -> None:
    with pytest.raises(CannotStart, match=r"(?s)127\.0\.0\.1:1 \(QUIRE_DATABASE_URL\).*running"):
        await check("postgresql://quire:secret@127.0.0.1:1/quire")


async def test_no_password_is_ever_shown() -> None:
    with pytest.raises(CannotStart) as refusal:
        await check("postgresql://quire:secret@127.0.0.1:1/quire")
    assert "secret" not in str(refusal.value)


async def test_a_malformed_address_is_refused() -> None:
    with pytest.raises(CannotStart, match="cannot be read"):
        await check("postgresql://[::1")


async def test_a_missing_database_comes_with_the_command_that_makes_it(
    engines: TestEngines,
) -> None:
    with pytest.raises(CannotStart, match='create database "not_there"'):
        await check(make_conninfo(engines.postgres_url, dbname="not_there"))


async def test_a_database_of_another_encoding_is_refused(engines: TestEngines) -> None:
    name = f"ascii_{uuid4().hex}"
    make = (
        "create database {} encoding 'SQL_ASCII' template template0 locale_provider libc locale 'C'"
    )
    with admin(engines.postgres_url) as db:
        db.execute(SQL(make).format(Identifier(name)))
        with pytest.raises(CannotStart, match="SQL_ASCII; Quire needs UTF8"):
            await check(make_conninfo(engines.postgres_url, dbname=name))
        db.execute(SQL("drop database {}").format(Identifier(name)))


async def test_who_may_not_create_schemas_is_told_what_to_grant(
    empty_database: str, stranger: str
) -> None:
    with pytest.raises(CannotStart, match=f'to "{stranger}"'):
        await check(make_conninfo(empty_database, user=stranger))


async def test_a_pool_replaces_connections_that_were_cut(empty_database: str) -> None:
    async with pool(empty_database, size_max=1) as connections:
        async with connections.connection() as db:
            cut = db.info.backend_pid
        with psycopg.connect(empty_database, autocommit=True) as other:
            other.execute("select pg_terminate_backend(%s, 1000)", [cut])
        async with connections.connection() as db:
            cursor = await db.execute("select 1")
            assert await cursor.fetchone() == (1,)


async def test_a_connection_tells_its_name(empty_database: str) -> None:
    async with await connect(empty_database, name="quire test") as db:
        cursor = await db.execute("select current_setting('application_name')")
        assert await cursor.fetchone() == ("quire test",)
    assert conninfo_to_dict(empty_database)["dbname"]


def test_a_good_redis_will_do(redis_url: str) -> None:
    warnings: list[str] = []
    redis.check(redis_url, warnings.append)
    assert warnings == []


def test_a_redis_that_is_away_is_named_without_its_password() -> None:
    with pytest.raises(CannotStart, match=r"(?s)127\.0\.0\.1:1 \(QUIRE_REDIS_URL\).*running") as no:
        redis.check("redis://:secret@127.0.0.1:1/0", lambda _: None)
    assert "secret" not in str(no.value)


def test_a_malformed_redis_address_is_refused() -> None:
    with pytest.raises(CannotStart, match="cannot be read"):
        redis.check("http://127.0.0.1", lambda _: None)
