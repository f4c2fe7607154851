"""An S3-compatible server on loopback, behind real HTTP."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager

from moto.server import ThreadedMotoServer

BUCKET = "quire"


@contextmanager
def serving() -> Iterator[str]:
    """The address of a server that has one empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        line = http.client.HTTPConnection("127.0.0.1", port)
        line.request("PUT", f"/{BUCKET}")
        assert line.getresponse().status == 200
        line.close()
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
