"""`quire web`: serve the HTTP interface and the web UI, in one process."""

import asyncio
import logging
from types import FrameType

import uvicorn
import uvloop
from fastapi import FastAPI

from infrastructure.settings import Settings
from interfaces.cli.listening import listening_socket
from interfaces.http.app import build
from interfaces.http.first import ensure_administrator, tidy_often
from interfaces.services import Services, open_services

DRAIN_SECONDS_MAX = 8
KEEP_ALIVE_SECONDS = 75


def run(settings: Settings) -> int:
    """Serve until told to stop; then let requests end and send streams elsewhere."""
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings))
    return 0


async def serve(settings: Settings) -> None:
    """Open everything, serve, and close everything."""
    async with open_services(settings, name="quire web") as services:
        await ensure_administrator(services)
        tidying = asyncio.create_task(tidy_often(services))
        try:
            await listen(services)
        finally:
            tidying.cancel()


async def listen(services: Services) -> None:
    """Answer requests at the socket of the settings."""
    settings = services.settings
    app = build(services)
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS_MAX,
        backlog=2048,
    )
    with listening_socket(settings) as door:
        await DrainingServer(config, app).serve([door])


class DrainingServer(uvicorn.Server):
    """A server that tells open streams when it is going to stop."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app
        self._loop = asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; said a second time, at once. The signal is not raised again: we end orderly."""
        del sig, frame
        self.force_exit = self.should_exit
        self.should_exit = True
        self._loop.call_soon_threadsafe(drain, self._app)


def drain(app: FastAPI) -> None:
    """Tell everybody who reads a stream to come back, to another process or a later one."""
    app.state.draining.set()
    app.state.services.streams.go_down()
