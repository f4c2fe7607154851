"""Buckets behind real HTTP: an S3-compatible server on loopback, and Azurite.

The latter, Azure's own emulator, when TEST_AZURE_URL names one that was started by
`azurite-blob --inMemoryPersistence --disableTelemetry`.
"""

import base64
import email.utils
import hashlib
import hmac
import http.client
from collections.abc import Iterator
from contextlib import contextmanager

from moto.server import ThreadedMotoServer

BUCKET = "quire"
# The account of every Azurite, as its manual prints it.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


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


def make_container(address: str) -> None:
    """Make the container of an Azurite, signed as its "Authorize with Shared Key" says."""
    date, of = email.utils.formatdate(usegmt=True), f"/{ACCOUNT}/{BUCKET}"
    said = f"x-ms-date:{date}\nx-ms-version:2021-08-06\n/{ACCOUNT}{of}\nrestype:container"
    digest = hmac.new(base64.b64decode(KEY), ("PUT" + "\n" * 12 + said).encode(), hashlib.sha256)
    line = http.client.HTTPConnection(address.removeprefix("http://"), timeout=5)
    line.request(
        "PUT",
        f"{of}?restype=container",
        headers={
            "x-ms-date": date,
            "x-ms-version": "2021-08-06",
            "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(digest.digest()).decode()}",
            "Content-Length": "0",
        },
    )
    assert line.getresponse().status in {201, 409}
    line.close()
