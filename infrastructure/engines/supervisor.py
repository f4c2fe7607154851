"""Looks after children: starts them, starts them again, ends them in order."""

import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from infrastructure.engines.child import Child, Program, StillHeld, last_words
from infrastructure.settings import CannotStart

PROGRESS_SECONDS = 5.0
EARLY_DEATHS_MAX = 4
CODE_REFUSED = 2  # a role of ours that said why it cannot start


class Interrupted(Exception):
    """Somebody asked us to stop."""


class Supervisor:
    """One thread that sleeps until a child ends or somebody wants it to stop."""

    def __init__(self, tell: Callable[[str], None] | None = None) -> None:
        self.children: list[Child] = []
        self.stopping = False
        self._tell = tell or _to_stderr
        self._listening = False
        self._ear, self._mouth = socket.socketpair()
        self._ear.setblocking(False)  # noqa: FBT003
        self._mouth.setblocking(False)  # noqa: FBT003

    def listen_to_signals(self) -> None:
        """Make SIGTERM and SIGINT end `run`, and the end of a child wake it."""
        signal.set_wakeup_fd(self._mouth.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(each) is not signal.SIG_IGN:  # as under nohup
                signal.signal(each, lambda *_: self.ask_to_stop())
        self._listening = True

    def ask_to_stop(self) -> None:
        self.stopping = True

    def start(self, program: Program) -> Child:
        """Begin to look after a program."""
        child = Child(program)
        self.children.append(child)
        try:
            child.start()
        except StillHeld:
            self._tell(f"An earlier {program.name} has not ended yet; waiting for it.")
        return child

    def wait_ready(self, child: Child, ready: Callable[[], bool], log: Path | None = None) -> None:
        """Wait as long as the child lives: a recovery after a crash may be long."""
        began = told = time.monotonic()
        deaths = 0
        while not (child.alive and ready()):
            self.rest(0.02 if time.monotonic() - began < PROGRESS_SECONDS else 0.25)
            if self.stopping:
                raise Interrupted
            deaths += _check_death(child, deaths, log)
            self.tend()
            now = time.monotonic()
            if now - told > PROGRESS_SECONDS:
                told = now
                line = last_words(log, 1) if log is not None else ""
                self._tell(f"{child.program.name} is not ready yet ({now - began:.0f} s).{line}")

    def tend(self) -> None:
        """Look after every child once."""
        for child in self.children:
            told = child.tend()
            if told is not None:
                self._tell(told)

    def rest(self, seconds: float) -> None:
        """Sleep; wake early when a child ends or a signal comes."""
        self._ear.settimeout(seconds)
        try:
            self._ear.recv(1024)
        except TimeoutError:
            return

    def run(self, idle_seconds: float = 1.0) -> None:
        """Look after the children until somebody wants an end."""
        while not self.stopping:
            self.tend()
            waiting = any(child.process is None for child in self.children)
            self.rest(0.1 if waiting else idle_seconds)

    def stop(self, children: Sequence[Child]) -> None:
        """End some children together, and stop looking after them."""
        self.children = [each for each in self.children if each not in children]
        for child in children:
            child.ask_to_stop()
        for child in children:
            if not child.wait_stopped():
                self._tell(f"{child.program.name} had to be killed.")

    def close(self) -> None:
        """End what still lives, the youngest first."""
        for child in reversed(list(self.children)):
            self.stop([child])
        if self._listening:
            signal.set_wakeup_fd(-1)
        self._ear.close()
        self._mouth.close()


def _check_death(child: Child, deaths: int, log: Path | None) -> int:
    """1 when the child has just died; raise CannotStart when there is no hope."""
    if child.process is None or child.alive:
        return 0
    name = child.program.name
    if child.process.returncode == CODE_REFUSED and log is None:
        raise CannotStart(f"{name} refused to start; its reason stands above.")
    if deaths < EARLY_DEATHS_MAX:
        return 1
    words = f" Its last words:\n{last_words(log)}" if log is not None else " See above."
    raise CannotStart(f"{name} does not start.{words}")


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 (what a terminal shows)
