"""The database of the tests at a TCP port, as others would have theirs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from psycopg.conninfo import conninfo_to_dict

CHUNK_BYTES = 65_536


@asynccontextmanager
async def reachable(url: str) -> AsyncIterator[str]:
    """The address of a database without its password; a socket in a folder gets a port."""
    known = conninfo_to_dict(url)
    host, port = str(known.get("host") or "127.0.0.1"), known.get("port") or 5432
    if not host.startswith("/"):
        yield f"postgresql://{known['user']}@{host}:{port}/{known['dbname']}?sslmode=prefer"
        return

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, questions = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        await asyncio.gather(carry(reader, questions), carry(answers, writer))

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    try:
        there = server.sockets[0].getsockname()[1]
        yield f"postgresql://{known['user']}@127.0.0.1:{there}/{known['dbname']}?sslmode=prefer"
    finally:
        server.close()


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    writer.close()
