"""Ways to kill the worker: the supervisor's own, or one of ours that starts again at once."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.bench.writing import resting
from tests.product import ROOT, Product, environment, kill

STOP_SECONDS_MAX = 30.0
WORDS = (sys.executable, "-P", "-m", "interfaces.cli.main", "worker")

Strike = Callable[[], None]


@dataclass(slots=True)
class Worker:
    """A worker beside `quire serve`, as another machine would have one."""

    product: Product
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        env = {**environment(), **self.product.env, "QUIRE_DATA": str(self.product.folder)}
        with (self.product.folder / "worker.log").open("ab") as output:
            self.process = subprocess.Popen(
                WORDS, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env
            )

    def strike(self) -> None:
        """Kill it, and start another one."""
        assert self.process is not None
        assert self.process.poll() is None, "The worker ended by itself."
        self.process.kill()
        self.process.wait()
        self.start()

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


@contextmanager
def killing(product: Product, *, own: bool) -> Iterator[Strike]:
    """How to kill the worker.

    The supervisor waits longer and longer before it starts again who dies at once. For very many
    kills its worker stands still, and ours works instead.
    """
    if not own:
        yield lambda: kill(product.pids("worker"))
        return
    worker = Worker(product)
    with resting(product.pids("worker")):
        worker.start()
        try:
            yield worker.strike
        finally:
            worker.stop()


def command(product: Product, *words: str) -> tuple[int, str]:
    """What a command of ours says, beside the running product."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "interfaces.cli.main", "--data", str(product.folder), *words],
        cwd=ROOT,
        env={**os.environ, **environment()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout
