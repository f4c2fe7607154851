"""`quire serve`: everything on one machine, looked after by one supervisor."""

import argparse
import os
import socket
import sys
import time
from pathlib import Path

from infrastructure.engines.child import Child, Program
from infrastructure.engines.embedded import Engines
from infrastructure.engines.supervisor import Interrupted, Supervisor
from infrastructure.settings import PREFIX, CannotStart, Settings, secret_key
from interfaces.cli.listening import listening_socket

ROLE_SECONDS_MAX = 15.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 (only compared)


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `quire serve`."""
    text = "Run everything on this machine, with embedded engines where none are named."
    parser = subparsers.add_parser("serve", help=text, description=text)
    parser.add_argument(
        "--data", type=Path, default=argparse.SUPPRESS, help="the data folder (QUIRE_DATA)"
    )
    parser.add_argument("--host", help="the address to listen at (QUIRE_HOST)")
    parser.add_argument("--port", type=int, help="the port to listen at (QUIRE_PORT)")
    parser.set_defaults(run=lambda _, settings: run(settings))


def run(settings: Settings) -> int:
    """Serve until somebody wants an end."""
    began = time.monotonic()
    supervisor = Supervisor()
    supervisor.listen_to_signals()
    with listening_socket(settings) as door, Engines(settings, supervisor) as engines:
        say(f"Quire keeps its data in {settings.data_folder}.")
        secret_key(settings)
        roles = Roles(engines, door)
        try:
            engines.start()
            roles.migrate()
            roles.start()
            say(f"Quire is ready at {roles.url} ({time.monotonic() - began:.1f} s)")
            supervisor.run()
        except Interrupted:
            pass
        finally:
            say("Quire is stopping.")
            roles.stop()
    say("Quire has stopped.")
    return 0


class Roles:
    """The product's own processes, on top of the engines."""

    def __init__(self, engines: Engines, door: socket.socket) -> None:
        self.engines = engines
        self.settings = engines.settings
        self.supervisor = engines.supervisor
        self.door = door
        self.hosts: list[Child] = []
        self.projectors: list[Child] = []

    @property
    def url(self) -> str:
        """Where a browser finds us."""
        host, port = self._address()
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def migrate(self) -> None:
        """Check the engines and bring the database up to date, in a process that goes again."""
        child = self.supervisor.start(self._program("migrate"))
        while child.alive and not self.supervisor.stopping:
            self.supervisor.rest(0.2)
        process = child.process
        self.supervisor.stop([child])
        if self.supervisor.stopping:
            raise Interrupted
        if process is None or process.returncode != 0:
            raise CannotStart("The database could not be brought up to date; see above.")

    def start(self) -> None:
        """Start every role and wait until the first web process says that all is well."""
        settings, start = self.settings, self.supervisor.start
        self.projectors = [start(self._program("projector"))]
        web = [start(self._program("web")) for _ in range(settings.web_processes)]
        workers = [start(self._program("worker")) for _ in range(settings.worker_processes)]
        self.hosts = [*web, *workers]
        self.supervisor.wait_ready(web[0], self.ready)

    def stop(self) -> None:
        """End web and workers together, then the projector. The engines come after us."""
        self.door.close()
        self.supervisor.stop(self.hosts)
        self.supervisor.stop(self.projectors)

    def ready(self) -> bool:
        """Whether /readyz answers 200."""
        request = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        try:
            with socket.create_connection(self._address(), timeout=2) as line:
                line.sendall(request)
                return line.recv(64).split(b" ")[1:2] == [b"200"]
        except OSError:
            return False

    def _address(self) -> tuple[str, int]:
        host, port = self.door.getsockname()[:2]
        return ANYWHERE.get(host, host), port

    def _program(self, role: str) -> Program:
        engines, settings = self.engines, self.settings
        env = {
            "DATA": str(settings.data_folder),
            "HOST": settings.host,
            "PORT": str(self._address()[1]),
            "DATABASE_URL": engines.database_url,
            "REDIS_URL": engines.redis_url,
        }
        if role == "web":
            env["LISTEN_FD"] = str(self.door.fileno())
        return Program(
            role,
            (sys.executable, "-P", "-m", "interfaces.cli.main", role),
            # Two arenas are enough for processes with few threads, and save memory. Matrices here
            # are small: threads that wait for each other cost more than they save.
            env={
                "MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "2"),
                "OPENBLAS_NUM_THREADS": os.environ.get("OPENBLAS_NUM_THREADS", "1"),
                **{f"{PREFIX}{name}": value for name, value in env.items()},
            },
            inherited=(self.door.fileno(),) if role == "web" else (),
            stop_seconds=ROLE_SECONDS_MAX,
        )


def say(line: str) -> None:
    """Show a line to whoever started us."""
    print(line, flush=True)  # noqa: T201 (what a terminal shows)
