"""Numbers for whoever watches the house, in the words of Prometheus."""

import logging
import time
from uuid import uuid4

from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client import generate_latest as written
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import Forbidden
from interfaces.http.auth import bearer, cookie, prove
from interfaces.http.doors import Door
from interfaces.services import Services

router = Door(root="")
logger = logging.getLogger("quire.http")

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


class Metrics:
    """What is counted in this process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "quire_http_requests",
            "Requests.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "quire_http_seconds",
            "Time until a response began.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self.open = Gauge(
            "quire_http_open", "Requests that are being answered.", registry=self.registry
        )
        self.head = Gauge("quire_log_position", "The end of the log.", registry=self.registry)
        self.position = Gauge(
            "quire_projection_position",
            "How far a read model has come.",
            ("name", "version", "state"),
            registry=self.registry,
        )
        self.lag = Gauge(
            "quire_projection_lag_events",
            "How many events a read model has yet to see.",
            ("name", "version", "state"),
            registry=self.registry,
        )


class Observed:
    """Counts requests, and gives each an id that is written into every event it leads to."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, and take the time."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        scope["request_id"] = request_id = str(uuid4())

        async def observed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-request-id", request_id.encode()))
                self._count(scope, message["status"], time.perf_counter() - began)
            await send(message)

        self.metrics.open.inc()
        try:
            await self.app(scope, receive, observed)
        finally:
            self.metrics.open.dec()

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.metrics.requests.labels(method, route, str(status)).inc()
        self.metrics.seconds.observe(seconds)
        logger.debug("%s %s %s %.1f ms", method, route, status, seconds * 1000)


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@router.get("/metrics", include_in_schema=False)
async def read_metrics(request: Request) -> Response:
    """Counters and gauges; for administrators, and for programs on this very machine."""
    services: Services = request.app.state.services
    if not is_local(request):
        proof = await prove(request, await bearer(request), await cookie(request))
        if proof.identity.role != "administrator":
            raise Forbidden("Only administrators may do this.")
    metrics: Metrics = request.app.state.metrics
    metrics.head.set(await services.log.head())
    for each in await services.lags():
        labels = (each.name, str(each.version), each.state)
        metrics.position.labels(*labels).set(each.position)
        metrics.lag.labels(*labels).set(each.lag_events)
    return Response(written(metrics.registry), media_type=CONTENT_TYPE_LATEST)


def is_local(request: Request) -> bool:
    """Whether a program of this machine asks, and not somebody through a proxy on it."""
    host = request.client.host if request.client else ""
    came_through = any(each in request.headers for each in FORWARDED)
    return host in ("127.0.0.1", "::1") and not came_through
