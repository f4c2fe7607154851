"""`quire serve` as an administrator meets it: a real process with all its children."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-P", "-m", "interfaces.cli.main")
READY = re.compile(r"^Quire is ready at (\S+) \(\d+\.\d s\)$", re.MULTILINE)
START_SECONDS_MAX = 60
ROLES = ("web", "worker", "projector")


@dataclass(frozen=True, slots=True)
class Serving:
    """A running installation."""

    process: subprocess.Popen[bytes]
    data: Path
    url: str
    output: Path

    def pid_of(self, role: str) -> int | None:
        """The process of a role, or nothing while it starts again."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        for pid in children.split():
            words = command_line(pid)
            if words and words[-1] == role:
                return int(pid)
        return None

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False


def command_line(pid: str) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
    except OSError:
        return []


def environment(**more: str) -> dict[str, str]:
    """Ours without any setting of whoever runs the tests; nothing is looked for outside."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("QUIRE_")}
    return {**clean, "QUIRE_OLLAMA_BASE_URL": "off", **more}


def quire(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*COMMAND, *words],
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def eventually(check: Callable[[], object], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.05)


def serve(data: Path) -> Serving:
    """Start and wait until it says that it is ready."""
    output = data / "output"
    with output.open("w") as file:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--data", str(data / "quire"), "--port", "0"],
            env=environment(),
            stdout=file,
            stderr=file,
        )
    eventually(
        lambda: READY.search(output.read_text()) or process.poll() is not None, START_SECONDS_MAX
    )
    found = READY.search(output.read_text())
    assert found is not None, output.read_text()
    return Serving(process, data / "quire", found[1], output)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="quire-serve-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def serving(folder: Path) -> Iterator[Serving]:
    running = serve(folder)
    yield running
    running.process.terminate()
    assert running.process.wait(40) == 0, running.output.read_text()


def test_it_says_where_the_data_lives_and_where_it_is(serving: Serving) -> None:
    assert f"Quire keeps its data in {serving.data}." in serving.output.read_text()
    assert serving.is_ready()


@pytest.mark.parametrize("role", ROLES)
def test_a_killed_role_is_started_again(serving: Serving, role: str) -> None:
    first = serving.pid_of(role)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    eventually(lambda: serving.pid_of(role) not in {None, first})
    eventually(serving.is_ready)


def test_a_second_start_on_the_same_data_is_refused(serving: Serving) -> None:
    told = quire("serve", "--data", str(serving.data), "--port", "0")
    assert told.returncode == 2
    assert f"process {serving.process.pid}" in told.stderr


def test_a_taken_port_is_refused(serving: Serving, folder: Path) -> None:
    port = serving.url.rsplit(":", 1)[1]
    told = quire("serve", "--data", str(folder / "other"), "--port", port)
    assert told.returncode == 2
    assert f"Port {port} is taken" in told.stderr
    assert not (folder / "other").exists()


def test_the_database_is_open_to_its_administrator(serving: Serving) -> None:
    told = quire("--data", str(serving.data), "db", "psql", "-Atc", "select 6 * 7")
    assert told.stdout.strip() == "42"


def test_a_killed_installation_leaves_nothing_and_starts_again(folder: Path) -> None:
    data = folder / "killed"
    data.mkdir()
    first = serve(data)
    first.process.kill()
    first.process.wait()
    second = serve(data)
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # in the background of a shell
    second.process.send_signal(signal.SIGTERM if ignored else signal.SIGINT)
    assert ended(second) == 0, second.output.read_text()
    assert "Quire has stopped." in second.output.read_text()
    eventually(lambda: not [each for each in Path("/proc").iterdir() if is_of(each.name, data)])


def ended(serving: Serving) -> int | None:
    """How it ended; None when it had to be killed."""
    try:
        return serving.process.wait(60)
    except subprocess.TimeoutExpired:
        serving.process.kill()
        serving.process.wait()
        return None


def is_of(pid: str, data: Path) -> bool:
    return pid.isdigit() and any(str(data) in word for word in command_line(pid))


def test_mistakes_are_told_without_a_stack_trace(folder: Path) -> None:
    for more in (
        {"QUIRE_PROT": "80"},
        {"QUIRE_PORT": "many"},
        {"QUIRE_HOST": "no.such.host.invalid"},
        {"QUIRE_DATABASE_URL": "postgresql://127.0.0.1:1/quire"},
        {"QUIRE_REDIS_URL": "redis://127.0.0.1:1"},
    ):
        chosen = {"QUIRE_DATA": str(folder / "mistakes"), "QUIRE_PORT": "0", **more}
        told = quire("serve", **chosen)
        assert told.returncode == 2, more
        assert "Traceback" not in told.stderr
        assert next(iter(more)) in told.stderr or "no.such.host" in told.stderr


def test_a_role_alone_says_what_it_needs(folder: Path) -> None:
    told = quire("--data", str(folder / "nothing"), "worker")
    assert told.returncode == 2
    assert "QUIRE_DATABASE_URL" in told.stderr


def test_a_free_port_is_really_served(serving: Serving) -> None:
    host, port = serving.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5):
        pass
