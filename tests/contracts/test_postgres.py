"""Connections that are lent."""

import psycopg
import pytest

from infrastructure.postgres import connect, pool


async def test_who_gets_a_connection_never_gets_one_the_server_has_left(database: str) -> None:
    async with (
        pool(database, size_max=2, size_min=2) as lent,
        await connect(database, autocommit=True) as other,
    ):
        await lent.wait()
        seen: set[int] = set()
        for _ in range(5):
            async with lent.connection() as line:
                assert (await (await line.execute("select 1")).fetchone()) == (1,)
                pid = line.info.backend_pid
            assert pid not in seen
            seen.add(pid)
            await other.execute("select pg_terminate_backend(%s, 5000)", (pid,))


async def test_a_connection_is_lent_without_a_question(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pool(database, size_min=1) as lent:
        await lent.wait()
        asked: list[str] = []

        async def execute(_: object, query: str, *__: object) -> None:
            asked.append(query)

        monkeypatch.setattr(psycopg.AsyncConnection, "execute", execute)
        async with lent.connection():
            assert asked == []
