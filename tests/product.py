"""The whole product as its users start it: `quire serve` in a folder of its own."""

import http.client
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from infrastructure.settings import Settings

ROOT = Path(__file__).parent.parent
READY_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 45.0
TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
FOREIGN = ("QUIRE_", "PYTHONDONTWRITEBYTECODE")
DESCRIPTORS = 65536


@dataclass(frozen=True, slots=True)
class Process:
    """One process of the product, as the kernel tells."""

    pid: int
    parent: int
    role: str
    cpu_seconds: float


class Product:
    """Starts `quire serve`, finds its processes, and ends only those."""

    def __init__(self, folder: Path | None = None, env: Mapping[str, str] | None = None) -> None:
        self.own = folder is None
        self.folder = folder or temporary_folder()
        self.port = free_port()
        self.env = dict(env or {})
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        """The embedded database, for looking into it beside the product."""
        from interfaces.cli.running import filled  # noqa: PLC0415 (not needed by every user)

        return filled(Settings.from_env({}, data=self.folder, port=self.port)).database_url

    def start(self) -> float:
        """Start and wait until it is ready; how many seconds that took."""
        began = time.monotonic()
        allow_descriptors()
        with (self.folder / "output.log").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "interfaces.cli.main", "serve", "--port", str(self.port)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**environment(), "QUIRE_DATA": str(self.folder), **self.env},
            )
        self.wait_ready()
        return time.monotonic() - began

    def wait_ready(self, seconds: float = READY_SECONDS_MAX) -> float:
        """Wait until /readyz says 200; how many seconds that took."""
        began = time.monotonic()
        while not self.is_ready():
            code = self.process.poll() if self.process is not None else None
            if code is not None or time.monotonic() - began > seconds:
                raise AssertionError(f"Not ready (code {code}):\n{self.output()[-3000:]}")
            time.sleep(0.02)
        return time.monotonic() - began

    def is_ready(self) -> bool:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("GET", "/readyz")
            return line.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()

    def output(self) -> str:
        """What it said so far."""
        return (self.folder / "output.log").read_text(errors="replace")

    def processes(self) -> list[Process]:
        """Itself and all below it, down to the backends of the database."""
        if self.process is None:
            return []
        every = {each.pid: each for each in all_processes()}
        family = {self.process.pid}
        news = set(family)
        while news:
            news = {pid for pid, each in every.items() if each.parent in news}
            family |= news
        return [each for pid, each in every.items() if pid in family]

    def pids(self, role: str) -> list[int]:
        """Processes of a role: web, worker, projector, postgres, valkey-server."""
        return [each.pid for each in self.processes() if each.role == role]

    def postmaster(self) -> int:
        """The database's first process."""
        assert self.process is not None
        family = self.processes()
        return next(
            each.pid
            for each in family
            if each.role == "postgres" and each.parent == self.process.pid
        )

    def cpu_seconds(self) -> float:
        """What all its processes have used so far, the ended ones included."""
        return sum(each.cpu_seconds for each in self.processes())

    def memory_bytes(self) -> dict[str, int]:
        """Proportional set size by role: shared pages count once."""
        sizes: dict[str, int] = {}
        for each in self.processes():
            sizes[each.role] = sizes.get(each.role, 0) + proportional_bytes(each.pid)
        return sizes

    def ask_to_stop(self) -> None:
        """What an init system sends."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> float:
        """End in good order; how many seconds that took."""
        if self.process is None:
            return 0.0
        began = time.monotonic()
        family = self.processes()
        if self.process.poll() is None:
            self.ask_to_stop()
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            kill(each.pid for each in family)
            self.process.wait()
            raise AssertionError(f"Did not stop:\n{self.output()[-2000:]}") from None
        self.process = None
        return time.monotonic() - began

    def kill(self) -> None:
        """End everything at once, as a power cut would."""
        if self.process is None:
            return
        kill(each.pid for each in self.processes())
        self.process.wait()
        self.process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.stop()
        finally:
            if self.own and error is None:
                shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(slots=True)
class Helper:
    """A process of ours beside the product that says its port on its first line."""

    module: str
    port: int = 0
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def __enter__(self) -> Self:
        allow_descriptors()
        self.process = subprocess.Popen(
            [sys.executable, "-m", self.module, str(self.port)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        pid = self.process.pid if self.process is not None else 0
        return next(each.cpu_seconds for each in all_processes() if each.pid == pid)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()


def environment() -> dict[str, str]:
    """Our environment, without what would configure another Quire or have Python compile anew."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)},
        "QUIRE_OLLAMA_BASE_URL": "off",
    }


def all_processes() -> list[Process]:
    """Every process of this machine that can be seen."""
    found = []
    for each in PROC.glob("[0-9]*"):
        try:
            stat = (each / "stat").read_text()
            words = (each / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # gone meanwhile
        fields = stat.rpartition(")")[2].split()
        ticks = sum(int(fields[place]) for place in range(11, 15))
        found.append(Process(int(each.name), int(fields[1]), role_of(words), ticks / TICKS))
    return found


def role_of(words: list[str]) -> str:
    """What a process of ours is, by its command line."""
    for each in ("web", "worker", "projector", "migrate", "serve"):
        if "interfaces.cli.main" in words and each in words:
            return each
    return Path(words[0].split(":")[0].split(" ")[0]).name


def proportional_bytes(pid: int) -> int:
    """The memory a process is to be charged with."""
    try:
        text = (PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return 0
    line = next((each for each in text.splitlines() if each.startswith("Pss:")), "Pss: 0 kB")
    return int(line.split()[1]) * 1024


def kill(pids: Iterable[int]) -> None:
    """Kill -9, whoever is still there."""
    for pid in list(pids):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def allow_descriptors() -> None:
    """Thousands of streams need as many descriptors on both ends."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = min(DESCRIPTORS, most) if most != resource.RLIM_INFINITY else DESCRIPTORS
    resource.setrlimit(resource.RLIMIT_NOFILE, (enough, most))


def temporary_folder() -> Path:
    """A folder the engines can walk into, also when they run as somebody else."""
    folder = Path(tempfile.mkdtemp(prefix="quire-"))
    folder.chmod(0o711)
    return folder


def free_port() -> int:
    """A port nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port: int = door.getsockname()[1]
        return port
