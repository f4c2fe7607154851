"""The database of an installation, whether `quire serve` is running or not."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infrastructure.engines.embedded import Engines
from infrastructure.engines.folders import runtime_folder
from infrastructure.engines.postgres import Postgres
from infrastructure.engines.supervisor import Supervisor
from infrastructure.engines.valkey import Valkey
from infrastructure.settings import Settings


def filled(settings: Settings) -> Settings:
    """Fill in the addresses of the embedded engines that are running for this data folder."""
    data = settings.data_folder
    run = runtime_folder(data)
    postgres = Postgres(data / "postgres", run, data, None, Path())
    valkey = Valkey(data / "valkey", run, data, None, Path())
    found: dict[str, str] = {}
    if not settings.database_url and postgres.ready():
        found["database_url"] = postgres.url
    if not settings.redis_url and valkey.ready():
        found["redis_url"] = valkey.url
    return settings.model_copy(update=found)


def is_complete(settings: Settings) -> bool:
    """Whether both engines have an address."""
    return bool(settings.database_url and settings.redis_url)


@contextmanager
def with_database(settings: Settings) -> Iterator[Settings]:
    """Settings with a database that answers; the embedded one is started when it rests.

    For commands such as `quire users`: they work beside `quire serve` and without it.
    """
    found = filled(settings)
    if found.database_url:
        yield found
        return
    with Engines(settings, Supervisor()) as engines:
        engines.start_postgres()
        yield settings.model_copy(update={"database_url": engines.database_url})
