"""Connections to PostgreSQL, and whether a server will do."""

import select
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import AsyncConnectionPool

from infrastructure.settings import PREFIX, CannotStart

VERSION_MIN = 150000
CONNECT_SECONDS_MAX = 5

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
Pool = AsyncConnectionPool[Connection]


async def connect(url: str, *, autocommit: bool = False, name: str = "quire") -> Connection:
    """One connection of one's own; it fails within seconds when the server is away."""
    return await psycopg.AsyncConnection.connect(
        url,
        autocommit=autocommit,
        application_name=name,
        **options(url),
    )


def pool(url: str, *, size_max: int = 10, size_min: int = 1, name: str = "quire") -> Pool:
    """Make a pool that is not yet open: `async with` opens it.

    A connection is looked at before it is lent, so a server that was away for a moment costs
    one reconnection and no failed request; see `check_line`.
    """
    return AsyncConnectionPool(
        url,
        connection_class=psycopg.AsyncConnection[tuple[Any, ...]],
        min_size=size_min,
        max_size=size_max,
        timeout=CONNECT_SECONDS_MAX,
        reconnect_timeout=30,
        max_idle=300,
        check=check_line,
        open=False,
        name=name,
        kwargs={
            "application_name": name,
            **options(url),
        },
    )


async def check_line(line: Connection) -> None:
    """Raise when the server has hung up.

    A server that hangs up can be heard: there is an end to read. So nothing is asked, which would
    be a round trip each time a connection is lent, unless there is something to hear.
    """
    ears = select.poll()
    ears.register(line.fileno(), select.POLLIN)
    if ears.poll(0):
        await AsyncConnectionPool.check_connection(line)


def options(url: str) -> dict[str, Any]:
    """How we connect: over a network, notice within ten seconds that the other side is gone."""
    common: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS_MAX,
        "client_encoding": "utf8",
    }
    host = str(conninfo_to_dict(url).get("host") or "")
    if not host or host.startswith("/"):
        return common
    return common | {
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    }


async def check(url: str) -> None:
    """Raise CannotStart, with the way out, unless this database will do."""
    try:
        line = await connect(url, autocommit=True, name="quire check")
    except psycopg.ProgrammingError as error:
        raise CannotStart(f"{PREFIX}DATABASE_URL cannot be read: {error}") from None
    except psycopg.OperationalError as error:
        raise CannotStart(_explain(url, str(error))) from None
    async with line:
        await _check_server(line)


async def _check_server(line: Connection) -> None:
    version = line.info.server_version
    if version < VERSION_MIN:
        raise CannotStart(
            f"The database server is PostgreSQL {version // 10000}; Quire needs 15 or newer. "
            f"Upgrade it, or leave {PREFIX}DATABASE_URL empty for an embedded one."
        )
    cursor = await line.execute(
        "select getdatabaseencoding(), current_database(), current_user, "
        "has_database_privilege(current_database(), 'create'), pg_is_in_recovery()"
    )
    row = await cursor.fetchone()
    assert row is not None
    encoding, database, user, may_create, is_replica = row
    if encoding != "UTF8":
        raise CannotStart(
            f"The database {database!r} has the encoding {encoding}; Quire needs UTF8. Make a new "
            f"one: create database quire encoding 'UTF8' template template0"
        )
    if is_replica:
        raise CannotStart(
            f"{PREFIX}DATABASE_URL names a read-only replica. Name the primary server."
        )
    if not may_create:
        raise CannotStart(
            f"{user!r} may not create schemas in the database {database!r}. As its owner: "
            f'grant create on database "{database}" to "{user}"'
        )


def _explain(url: str, error: str) -> str:
    parts = conninfo_to_dict(url)
    database = parts.get("dbname") or parts.get("user") or ""
    where = f"{parts.get('host') or 'the local socket'}:{parts.get('port') or 5432}"
    lines = [f"The database at {where} ({PREFIX}DATABASE_URL) cannot be used."]
    lines += [f"  | {line.strip()}" for line in error.splitlines() if line.strip()]
    if "does not exist" in error and "database" in error:
        lines.append(
            f"Create it: create database \"{database}\" encoding 'UTF8' template template0"
        )
    elif "password" in error or "authentication" in error or "pg_hba" in error:
        lines.append("Look at the user, the password and the server's pg_hba.conf.")
    else:
        lines.append("Is the server running, and do the host, the port and any firewall agree?")
    return "\n".join(lines)
