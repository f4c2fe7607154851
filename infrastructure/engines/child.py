"""One process that we look after: an engine, or a role of the product."""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infrastructure.engines.owners import Owner

PR_SET_PDEATHSIG = 1
LOG_BYTES_MAX = 10_000_000
HELD_SECONDS_MAX = 5.0  # what is left of an earlier process may take that long to go
CALM_SECONDS = 10.0  # who lived that long begins again with the shortest pause


class StillHeld(Exception):
    """An earlier process of the same engine has not gone yet."""


@dataclass(frozen=True, slots=True)
class Program:
    """How a child is started and ended. `lock` is held by the process and all it forks."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    owner: Owner | None = None
    log: Path | None = None
    lock: Path | None = None
    inherited: tuple[int, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    stop_seconds: float = 15.0
    pause_seconds_max: float = 10.0
    prepare: Callable[[], None] | None = None
    evict: Callable[[], None] | None = None


class Child:
    """A program that is started again, after a growing pause, whenever it ends."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self._began = 0.0
        self._next = 0.0
        self._pause = 0.1
        self._held_since: float | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process is not None and self.alive else None

    def start(self) -> None:
        """Start now, or raise StillHeld."""
        program = self.program
        lock = self._take_lock(program)
        output = _open_log(program.log) if program.log is not None else None
        try:
            if program.prepare is not None:
                program.prepare()
            self.process = _spawn(program, lock, output)
        finally:
            for descriptor in (lock, output):
                if descriptor is not None:
                    os.close(descriptor)
        self.starts += 1
        self._began = time.monotonic()

    def _take_lock(self, program: Program) -> int | None:
        if program.lock is None:
            return None
        now = time.monotonic()
        try:
            lock = _take(program.lock)
        except StillHeld:
            self._held_since = now if self._held_since is None else self._held_since
            if now - self._held_since > HELD_SECONDS_MAX and program.evict is not None:
                program.evict()
            raise
        self._held_since = None
        return lock

    def tend(self) -> str | None:
        """Start again if it ended and its pause is over; tell what is worth telling."""
        if self.alive:
            return None
        if self.process is not None:
            return self._mourn(self.process.returncode)
        if time.monotonic() < self._next:
            return None
        return self._start_again()

    def _start_again(self) -> str | None:
        try:
            self.start()
        except StillHeld:
            self._next = time.monotonic() + 0.1
            return None
        return f"{self.program.name} started again (process {self.pid})."

    def _mourn(self, code: int) -> str:
        self.process = None
        now = time.monotonic()
        calm = now - self._began > CALM_SECONDS
        self._pause = 0.1 if calm else min(self._pause * 2, self.program.pause_seconds_max)
        self._next = now + self._pause
        how = f"by signal {-code}" if code < 0 else f"with code {code}"
        return f"{self.program.name} ended {how}; it starts again in {self._pause:.1f} s."

    def ask_to_stop(self) -> None:
        if self.process is not None and self.alive:
            self.process.send_signal(self.program.stop_signal)

    def wait_stopped(self, seconds: float | None = None) -> bool:
        """Wait for the end; who takes too long is killed. True: it went by itself."""
        if self.process is None:
            return True
        try:
            self.process.wait(self.program.stop_seconds if seconds is None else seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False
        finally:
            self.process = None
        return True


def last_words(log: Path, lines: int = 8) -> str:
    """The end of a log, for a message."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(f"  | {line}" for line in text.splitlines()[-lines:])


def _spawn(program: Program, lock: int | None, output: int | None) -> subprocess.Popen[bytes]:
    owner = program.owner
    # preexec_fn is safe here: the supervisor has one thread. A child of a killed supervisor
    # must not live on, and only the child itself can ask for that.
    return subprocess.Popen(  # noqa: S603
        program.command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env={**os.environ, **program.env},
        cwd=None if owner is None else "/",
        user=None if owner is None else owner.uid,
        group=None if owner is None else owner.gid,
        extra_groups=None if owner is None else [],
        pass_fds=program.inherited if lock is None else (*program.inherited, lock),
        start_new_session=True,
        preexec_fn=_tied_to(os.getpid(), program.orphan_signal),  # noqa: PLW1509
    )


def _take(path: Path) -> int:
    """Hold a lock that lives as long as any process that inherits it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StillHeld from None
    return descriptor


def _open_log(path: Path) -> int:
    if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
        path.replace(path.with_suffix(".log.1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _tied_to(parent: int, orphan_signal: signal.Signals) -> Callable[[], None]:
    """What the child does before it becomes its program: die when its parent dies."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def tie() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return tie
