"""Stands in for servers: real HTTP on loopback, from a thread of its own."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from pydantic import BaseModel, ConfigDict
from starlette.types import ASGIApp

SECONDS_MAX = 40.0


class Form(BaseModel):
    """A published form of a request: what it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Refusal(Exception):
    """What a server says no with."""

    def __init__(self, status: int, kind: str, why: str) -> None:
        super().__init__(why)
        self.status, self.kind, self.why = status, kind, why


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve while inside; yields the address."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", lifespan="off", access_log=False, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    wait_until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(SECONDS_MAX)
        listening.close()


def wait_until(done: Callable[[], bool]) -> None:
    """Wait for something that takes a moment."""
    end = time.monotonic() + SECONDS_MAX
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


def free_port() -> int:
    """A port where nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def answers(port: int) -> bool:
    """Whether somebody listens at a port."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
