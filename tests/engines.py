"""Real engines for tests: one PostgreSQL and one Valkey, shared by all who test right now.

The first test process starts them in a process of their own (`python -m tests.engines FOLDER`);
each user holds a shared lock, and when nobody holds it any more, the engines end and their
folder goes. So a killed test run leaves nothing behind. TEST_POSTGRES_URL and TEST_REDIS_URL
name others instead.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import redis
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from infrastructure.engines.embedded import Engines, Options
from infrastructure.engines.supervisor import Supervisor
from infrastructure.settings import Settings

ROOT = Path(__file__).parent.parent
START_SECONDS_MAX = 60
DATABASES_EACH = 4  # numbers n to n+3 belong to one test process
TEST_PROCESSES_MAX = 64
# Tests may lose their data in a power cut.
FAST = Options(
    postgres={
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        "max_connections": "400",
        "shared_buffers": "64MB",
    },
    valkey={
        "databases": str(DATABASES_EACH * TEST_PROCESSES_MAX),
        "appendonly": "no",
    },
)


@dataclass(frozen=True, slots=True)
class TestEngines:
    """Where the engines of the tests are."""

    __test__ = False
    postgres_url: str
    redis_url: str
    folder: Path


@pytest.fixture(scope="session")
def engines() -> Iterator[TestEngines]:
    """Both engines, real, for as long as somebody tests."""
    folder = shared_folder()
    postgres_url = os.environ.get("TEST_POSTGRES_URL", "")
    redis_url = os.environ.get("TEST_REDIS_URL", "")
    if postgres_url and redis_url:
        yield TestEngines(postgres_url, redis_url, folder)
        return
    with in_use(folder):
        urls = (folder / "ready").read_text().split()
        yield TestEngines(postgres_url or urls[0], redis_url or urls[1], folder)


@pytest.fixture(scope="session")
def template(engines: TestEngines) -> str:
    """The name of a database that has every migration, made by the first who needs it."""
    migrations = sorted((ROOT / "migrations").glob("*.sql"))
    mark = hashlib.sha256(b"".join(each.read_bytes() for each in migrations)).hexdigest()[:16]
    name = f"template_{mark}"
    with locked(engines.folder / "template.lock"), admin(engines.postgres_url) as db:
        if not db.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            draft = f"draft_{uuid4().hex}"
            db.execute(SQL("create database {}").format(Identifier(draft)))
            migrate_all(make_conninfo(engines.postgres_url, dbname=draft))
            db.execute(
                SQL("alter database {} rename to {}").format(Identifier(draft), Identifier(name))
            )
    return name


@pytest.fixture
def empty_database(engines: TestEngines) -> Iterator[str]:
    """A database without anything, gone afterwards."""
    yield from fresh(engines.postgres_url, "template0")


@pytest.fixture
def database(engines: TestEngines, template: str) -> Iterator[str]:
    """A database with every migration, gone afterwards; so tests can run side by side."""
    yield from fresh(engines.postgres_url, template)


@pytest.fixture(scope="session")
def redis_number(engines: TestEngines) -> Iterator[int]:
    """The first of four Redis databases that only this test process uses."""
    for each in range(TEST_PROCESSES_MAX):
        with (engines.folder / f"redis-{each}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield each * DATABASES_EACH
            return
    pytest.fail("Too many test processes at once.")


@pytest.fixture
def redis_url(engines: TestEngines, redis_number: int) -> str:
    """An empty Redis database; the three numbers after it are empty and ours too."""
    base = engines.redis_url.split("?")[0]
    for each in range(redis_number, redis_number + DATABASES_EACH):
        with redis.Redis.from_url(f"{base}?db={each}") as line:
            line.flushdb()
    return f"{base}?db={redis_number}"


def fresh(url: str, template: str) -> Iterator[str]:
    """A database made from a template, and its end."""
    name = f"test_{uuid4().hex}"
    with admin(url) as db:
        copy = SQL("create database {} template {}").format(Identifier(name), Identifier(template))
        db.execute(copy)
    yield make_conninfo(url, dbname=name)
    with admin(url) as db:
        db.execute(SQL("drop database {} with (force)").format(Identifier(name)))


def migrate_all(url: str) -> None:
    """Bring a database up to date; in a plain one while there are no migrations yet."""
    if find_spec("infrastructure.migrations") is not None:
        asyncio.run(import_module("infrastructure.migrations").migrate(url))


@contextmanager
def admin(url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A short connection for making and dropping databases."""
    with psycopg.connect(url, autocommit=True) as db:
        yield db


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else does this at the same time."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def shared_folder() -> Path:
    """One folder for one working tree and person."""
    mark = hashlib.sha256(str(ROOT).encode()).hexdigest()[:10]
    folder = Path(tempfile.gettempdir()) / f"quire-tests-{os.getuid()}-{mark}"
    folder.mkdir(mode=0o711, exist_ok=True)
    return folder


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Hold the engines while inside, after starting them when nobody else has."""
    with (folder / "users.lock").open("w") as users:
        with locked(folder / "start.lock"):
            fcntl.flock(users, fcntl.LOCK_SH)
            if not (folder / "ready").exists() or not is_running(folder):
                start(folder)
        yield


def is_running(folder: Path) -> bool:
    """Whether the process that looks after the engines lives: it holds a lock as long."""
    with (folder / "alive.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def start(folder: Path) -> None:
    """Start the engines in a process of their own and wait for them."""
    (folder / "ready").unlink(missing_ok=True)
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.engines", str(folder)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    end = time.monotonic() + START_SECONDS_MAX
    while not (folder / "ready").exists():
        if process.poll() is not None or time.monotonic() > end:
            pytest.exit(f"No engines for tests: {(folder / 'output').read_text()}", 2)
        time.sleep(0.02)
    process.returncode = 0  # it outlives us when others still test


def serve(folder: Path) -> None:
    """Run the engines until nobody has tested for a moment."""
    with (folder / "alive.lock").open("w") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        shutil.rmtree(folder / "data", ignore_errors=True)
        settings = Settings.from_env({}, data=folder / "data")
        supervisor = Supervisor()
        supervisor.listen_to_signals()
        with Engines(settings, supervisor, FAST) as running:
            running.start()
            draft = folder / "ready.new"
            draft.write_text(f"{running.database_url}\n{running.redis_url}\n")
            draft.rename(folder / "ready")
            while not supervisor.stopping and is_used(folder):
                supervisor.tend()
                supervisor.rest(1.0)
            (folder / "ready").unlink(missing_ok=True)
        shutil.rmtree(folder / "data", ignore_errors=True)


def is_used(folder: Path) -> bool:
    """Whether somebody tests, or is about to. If not, nobody can begin until we are gone."""
    with (folder / "start.lock").open("w") as starting, (folder / "users.lock").open("w") as users:
        try:
            fcntl.flock(starting, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        (folder / "ready").unlink(missing_ok=True)
        return False


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
