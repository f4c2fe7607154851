"""Both engines together, as an installation needs them: bundled ones where none is named."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from infrastructure.engines import postgres, valkey
from infrastructure.engines.child import Child
from infrastructure.engines.folders import DataFolder
from infrastructure.engines.owners import Owner, find_owner
from infrastructure.engines.postgres import Postgres
from infrastructure.engines.supervisor import Supervisor
from infrastructure.engines.valkey import Valkey
from infrastructure.settings import Settings


@dataclass(frozen=True, slots=True)
class Options:
    """What tests want different from the product."""

    postgres: Mapping[str, str] = field(default_factory=dict)
    valkey: Mapping[str, str] = field(default_factory=dict)


class Engines:
    """The engines of one installation, running from `start` to the end of the `with`."""

    def __init__(
        self, settings: Settings, supervisor: Supervisor, options: Options | None = None
    ) -> None:
        self.settings = settings
        self.supervisor = supervisor
        self.options = options or Options()
        self.database_url = settings.database_url
        self.redis_url = settings.redis_url
        embedded = not (settings.database_url and settings.redis_url)
        self.owner: Owner | None = find_owner(settings.engine_user) if embedded else None
        self.folder = DataFolder(settings.data_folder, self.owner)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self.folder)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.supervisor.close()
        self._stack.close()

    def start(self) -> None:
        """Start what is not named by a URL, both at once, and wait until they answer."""
        store = self.folder.path / "programs"
        waits: list[tuple[Child, Postgres | Valkey]] = []
        if not self.redis_url:
            waits.append(self._start_valkey(store))
        if not self.database_url:
            waits.append(self._start_postgres(store))
        for child, server in waits:
            self.supervisor.wait_ready(child, server.ready, server.log)

    def start_postgres(self) -> None:
        """Start PostgreSQL alone."""
        if not self.database_url:
            child, server = self._start_postgres(self.folder.path / "programs")
            self.supervisor.wait_ready(child, server.ready, server.log)

    def _start_valkey(self, store: Path) -> tuple[Child, Valkey]:
        server = Valkey(
            self.folder.path / "valkey",
            self.folder.runtime(),
            self.folder.log("valkey"),
            self.owner,
            valkey.find_binary(self.settings.valkey_bin, self.owner, store),
            tuple(self.options.valkey.items()),
        )
        server.make()
        self.redis_url = server.url
        return self.supervisor.start(server.program()), server

    def _start_postgres(self, store: Path) -> tuple[Child, Postgres]:
        server = Postgres(
            self.folder.path / "postgres",
            self.folder.runtime(),
            self.folder.log("postgres"),
            self.owner,
            postgres.find_bin(self.settings.postgres_bin, self.owner, store),
            tuple(self.options.postgres.items()),
        )
        server.make()
        self.database_url = server.url
        return self.supervisor.start(server.program()), server
