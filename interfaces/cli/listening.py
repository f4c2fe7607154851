"""The socket the web server listens at."""

import errno
import socket
import time

from infrastructure.settings import CannotStart, Settings

BACKLOG = 2048
PATIENCE_SECONDS = 1.0


def listening_socket(settings: Settings) -> socket.socket:
    """The inherited socket, else a new one at host and port.

    `quire serve` opens it for its web processes: they share it, and while one starts again,
    callers wait a moment instead of being refused.
    """
    if settings.listen_fd >= 0:
        return socket.socket(fileno=settings.listen_fd)
    try:
        return _bind(settings)
    except socket.gaierror:
        raise CannotStart(f"{settings.host!r} is not an address of this machine.") from None
    except OSError as error:
        where = f"{settings.host}, port {settings.port}"
        raise CannotStart(f"{_reason(error, settings.port)} ({where})") from None


def _bind(settings: Settings) -> socket.socket:
    """Bind; what is left of a Quire that was killed has a moment to go."""
    family, _, _, _, address = socket.getaddrinfo(
        settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return socket.create_server(address[:2], family=family, backlog=BACKLOG)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > end:
                raise
            time.sleep(0.1)


def _reason(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is taken by another program. Choose another one with --port or "
            "QUIRE_PORT, or stop that program."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than we have. Choose one above 1023 with --port."
    return f"Cannot listen: {error.strerror}."
