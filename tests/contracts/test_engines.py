"""The embedded engines: killed in every way, refused where they must be. All real."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from infrastructure.engines.embedded import Engines, Options
from infrastructure.engines.folders import LONGEST_SOCKET_NAME, runtime_folder
from infrastructure.engines.supervisor import Supervisor
from infrastructure.settings import CannotStart, Settings

ROOT = Path(__file__).parent.parent.parent
HOST = """
import os, sys
from pathlib import Path
from infrastructure.engines.embedded import Engines
from infrastructure.engines.supervisor import Supervisor
from infrastructure.settings import Settings
supervisor = Supervisor()
supervisor.listen_to_signals()
with Engines(Settings.from_env({}, data=Path(sys.argv[1])), supervisor) as engines:
    engines.start()
    print(engines.database_url, engines.redis_url, flush=True)
    supervisor.run()
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes who the engines are")


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that the engines can reach; pytest's own is closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="quire-"))
    yield folder
    run = runtime_folder(folder)
    shutil.rmtree(folder)
    shutil.rmtree(run, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Host:
    """A process that runs both engines."""

    process: subprocess.Popen[str]
    database_url: str
    redis_url: str

    def pid_of(self, program: str) -> int:
        """The engine's process, a direct child."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        for pid in children.split():
            if program in Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0]:
                return int(pid)
        raise AssertionError(f"No {program} below {self.process.pid}: {children}")

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(20)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code


def host(data: Path) -> Host:
    """Start the engines in a process of their own."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOST, str(data)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline()
    if not line:
        pytest.fail(process.stderr.read())
    database_url, redis_url = line.split()
    return Host(process, database_url, redis_url)


@pytest.fixture
def running(data: Path) -> Iterator[Host]:
    """Both engines, running."""
    engines = host(data)
    yield engines
    if engines.process.poll() is None:
        engines.end()


@contextmanager
def embedded(data: Path, options: Options | None = None, **chosen: Any) -> Iterator[Engines]:
    """Engines that nobody has started yet."""
    settings = Settings.from_env({}, data=data, **chosen)
    supervisor = Supervisor(lambda _: None)
    with closing(supervisor), Engines(settings, supervisor, options) as engines:
        yield engines


def refused(data: Path, match: str, **chosen: Any) -> None:
    """The data folder is not even opened."""
    with pytest.raises(CannotStart, match=match), embedded(data, **chosen):
        pass


def eventually(check: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.05)


def rows(url: str) -> int:
    with psycopg.connect(url, connect_timeout=5) as db:
        found = db.execute("select count(*) from words").fetchone()
        assert found is not None
        return int(found[0])


def answers(url: str) -> bool:
    try:
        rows(url)
    except psycopg.OperationalError:
        return False
    return True


def write(url: str, count: int) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("create table if not exists words (word text)")
        for each in range(count):
            db.execute("insert into words values (%s)", [str(each)])


def key(url: str) -> bytes | None:
    with redis.Redis.from_url(url) as line:
        try:
            value: bytes | None = line.get("key")
        except redis.ConnectionError:
            return None
        return value


def processes_of(data: Path) -> list[str]:
    """Every process that names the data folder in its command line."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = each.read_text()
        except OSError:
            continue
        if str(data) in words:
            found.append(words)
    return found


def test_a_killed_database_server_comes_back_with_every_row(running: Host) -> None:
    write(running.database_url, 50)
    first = running.pid_of("postgres")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: answers(running.database_url))
    assert rows(running.database_url) == 50
    assert running.pid_of("postgres") != first


def test_what_a_killed_database_server_left_behind_does_not_stop_the_next(running: Host) -> None:
    """A backend that computes does not see that its server has gone, and holds its memory."""
    write(running.database_url, 1)
    with closing(psycopg.connect(running.database_url, autocommit=True)) as db:
        busy = db.info.backend_pid
        db.pgconn.send_query(b"do $$ begin loop perform 1; end loop; end $$")
        time.sleep(0.2)
        os.kill(running.pid_of("postgres"), signal.SIGKILL)
        time.sleep(0.5)
        assert Path(f"/proc/{busy}").exists()
        eventually(lambda: answers(running.database_url), 20)
    assert rows(running.database_url) == 1


def test_a_killed_valkey_comes_back_with_its_keys(running: Host) -> None:
    with redis.Redis.from_url(running.redis_url) as line:
        line.set("key", "value")
    time.sleep(1.5)  # its file is synchronised every second
    os.kill(running.pid_of("valkey"), signal.SIGKILL)
    eventually(lambda: key(running.redis_url) == b"value")


def test_a_killed_supervisor_leaves_nothing_and_the_next_start_works_at_once(data: Path) -> None:
    first = host(data)
    write(first.database_url, 20)
    first.end(signal.SIGKILL)
    second = host(data)
    assert rows(second.database_url) == 20
    assert second.end() == 0
    eventually(lambda: not processes_of(data))


def test_an_orderly_end_leaves_no_process_and_nothing_to_recover(data: Path) -> None:
    running = host(data)
    write(running.database_url, 1)
    assert running.end() == 0
    assert not processes_of(data)
    assert not (data / "postgres/postmaster.pid").exists()
    assert "shut down" in (data / "logs/postgres.log").read_text().splitlines()[-1]


def test_a_second_start_says_who_holds_the_data(running: Host, data: Path) -> None:
    refused(data, rf"process {running.process.pid}, since \d{{4}}-")


def test_the_engines_listen_to_nobody_on_the_network(running: Host) -> None:
    with psycopg.connect(running.database_url) as db:
        assert db.execute("show listen_addresses").fetchone() == ("",)
    with redis.Redis.from_url(running.redis_url) as line:
        assert line.config_get("port") == {"port": "0"}


def test_only_their_owner_looks_into_the_data(running: Host, data: Path) -> None:
    assert running.process.poll() is None
    for each in ("postgres", "valkey", "run", "logs"):
        assert (data / each).stat().st_mode & 0o777 == 0o700, each


def test_the_database_speaks_every_language(running: Host) -> None:
    with psycopg.connect(running.database_url) as db:
        assert db.execute("select lower('ÄΩЖ'), getdatabaseencoding()").fetchone() == (
            "äωж",
            "UTF8",
        )


def test_a_reused_process_number_does_not_stop_the_start(data: Path) -> None:
    first = host(data)
    mark = (data / "postgres/postmaster.pid").read_text().split("\n", 1)[1]
    first.end()
    (data / "postgres/postmaster.pid").write_text(f"{os.getpid()}\n{mark}")
    assert host(data).end() == 0


def test_a_half_made_database_is_made_anew(data: Path) -> None:
    (data / "postgres.new").mkdir()
    (data / "postgres.new/PG_VERSION").write_text("18\n")
    assert host(data).end() == 0


def test_a_long_path_finds_a_short_place_for_its_sockets(data: Path) -> None:
    long = data / ("x" * 100)
    data.chmod(0o755)
    engines = host(long)
    assert len(str(runtime_folder(long) / LONGEST_SOCKET_NAME)) < 107
    write(engines.database_url, 1)
    assert engines.end() == 0
    shutil.rmtree(runtime_folder(long))


def test_data_of_another_version_is_refused_and_left_alone(data: Path) -> None:
    (data / "postgres").mkdir()
    (data / "postgres/PG_VERSION").write_text("15\n")
    with embedded(data) as engines, pytest.raises(CannotStart, match="written by PostgreSQL 15"):
        engines.start_postgres()
    assert [each.name for each in (data / "postgres").iterdir()] == ["PG_VERSION"]


@as_root
def test_a_closed_parent_is_named_and_not_opened(data: Path) -> None:
    data.chmod(0o700)
    refused(data / "inside", f"chmod o\\+x {data}$")
    assert data.stat().st_mode & 0o777 == 0o700


@as_root
def test_root_never_is_who_the_engines_run_as(running: Host) -> None:
    for each in ("postgres", "valkey"):
        assert Path(f"/proc/{running.pid_of(each)}").stat().st_uid != 0


@as_root
@pytest.mark.parametrize("name", ["root", "nobody-at-all"])
def test_an_engine_user_that_will_not_do_is_refused(data: Path, name: str) -> None:
    refused(data, "ENGINE_USER", engine_user=name)


def test_a_program_that_is_not_there_is_named(data: Path) -> None:
    missing = pytest.raises(CannotStart, match="no `postgres` in /nowhere")
    with embedded(data, postgres_bin="/nowhere") as engines, missing:
        engines.start_postgres()


def test_an_engine_that_cannot_start_shows_its_last_words(data: Path) -> None:
    broken = Options(postgres={"shared_buffers": "nonsense"})
    last_words = pytest.raises(CannotStart, match="invalid value for parameter")
    with embedded(data, broken) as engines, last_words:
        engines.start_postgres()
