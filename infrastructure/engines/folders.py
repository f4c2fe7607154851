"""The data folder: who holds it, and where its sockets are."""

import fcntl
import hashlib
import os
import stat
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from infrastructure.engines.owners import Owner, check_way, make_folder
from infrastructure.settings import CannotStart

SOCKET_PATH_BYTES_MAX = 107
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"
LOCK_PATIENCE_SECONDS = 1.0


class DataFolder:
    """A data folder that is ours alone while we live, however we die."""

    def __init__(self, path: Path, owner: Owner | None) -> None:
        self.path = path
        self.owner = owner
        self._lock: int | None = None

    def __enter__(self) -> Self:
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.chmod(0o700 if self.owner is None else 0o711)
            self._lock = os.open(self.path / "quire.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise CannotStart(
                f"The data folder {self.path} cannot be used: {error.strerror}. "
                "Choose another one with --data or QUIRE_DATA."
            ) from None
        self._hold(self._lock)
        if self.owner is not None:
            check_way(self.path, self.owner)
        (self.path / "logs").mkdir(exist_ok=True, mode=0o700)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _hold(self, lock: int) -> None:
        """The kernel lets go of it when we end, so neither zombies nor reused numbers matter."""
        end = time.monotonic() + LOCK_PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > end:
                    holder = os.pread(lock, 200, 0).decode(errors="replace").strip()
                    os.close(lock)
                    self._lock = None
                    raise CannotStart(
                        f"Another Quire uses {self.path}: {holder or 'it is just starting'}. "
                        "Stop that one first, or choose another folder with --data."
                    ) from None
                time.sleep(0.05)
            else:
                break
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"process {os.getpid()}, since {now}\n".encode(), 0)

    def runtime(self) -> Path:
        """Where the sockets are: inside, unless the path is longer than sockets allow."""
        return make_folder(runtime_folder(self.path), self.owner)

    def log(self, name: str) -> Path:
        return self.path / "logs" / f"{name}.log"


def runtime_folder(data: Path) -> Path:
    """The folder of a data folder's sockets, made or not."""
    inside = data / "run"
    if len(os.fsencode(inside / LONGEST_SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX:
        return inside
    mark = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    outside = Path(tempfile.gettempdir()) / f"quire-{mark}"
    if len(os.fsencode(outside / LONGEST_SOCKET_NAME)) > SOCKET_PATH_BYTES_MAX:
        outside = Path("/tmp") / outside.name  # noqa: S108 (its owner is checked below)
    if outside.is_symlink() or (outside.exists() and not _is_ours(outside, data)):
        raise CannotStart(f"{outside} belongs to somebody else. Choose a shorter --data.")
    return outside


def _is_ours(folder: Path, data: Path) -> bool:
    engines = (data / "postgres", data / "valkey")
    trusted = {os.geteuid(), *(each.stat().st_uid for each in engines if each.exists())}
    status = folder.stat()
    closed = not status.st_mode & 0o077
    return status.st_uid in trusted and stat.S_ISDIR(status.st_mode) and closed
