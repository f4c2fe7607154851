"""What a refusal looks like on the web: problem details, RFC 9457."""

import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import psycopg
import redis
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from application.ports import Stale, Unavailable
from domain.errors import LimitReached, Refusal
from infrastructure.reader import Lagging

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 1
ERRORS_SHOWN_MAX = 20

STATUS = {
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "conflict": 409,
    "stale": 409,
    "too_large": 413,
    "unsatisfiable": 416,
    "invalid": 422,
    "limit_reached": 429,
    "internal": 500,
    "unavailable": 503,
    "projection_lagging": 503,
}
BY_STATUS = {400: "invalid", 415: "invalid", 409: "conflict", 503: "unavailable"} | {
    STATUS[kind]: kind
    for kind in ("unauthenticated", "forbidden", "not_found", "method_not_allowed", "too_large")
}
PARAMETER = re.compile(r"\{[^}]*\}")
RETRIED = ("limit_reached", "unavailable", "projection_lagging")
AWAY = (
    Unavailable,
    TimeoutError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    redis.ConnectionError,
    redis.TimeoutError,
    redis.BusyLoadingError,
)

logger = logging.getLogger("quire.http")


class Unauthenticated(Refusal, kind="unauthenticated"):
    """We do not know who asks."""


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(BaseModel):
    """Why something was not done (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "/problems/not_found",
                "title": "Not Found",
                "status": 404,
                "detail": "There is no chat 0198c5a4-7d3e-7c11-b1a2-6c0d9a1f3e21.",
            }
        }
    )

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None
    received: int | None = None
    code: str | None = None


def problem(
    kind: str,
    detail: str,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    more: Mapping[str, Any] | None = None,
    retry_after: int = RETRY_SECONDS,
) -> JSONResponse:
    """One shape for every problem."""
    status = STATUS[kind]
    body: dict[str, Any] = {
        "type": f"/problems/{kind}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail.encode("utf-8", "replace").decode(),
        **(more or {}),
    }
    if errors:
        body["errors"] = list(errors)
    headers = {"Retry-After": str(retry_after)} if kind in RETRIED else {}
    if kind == "unauthenticated":
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def problems(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """The problems a route may answer with, for its description."""
    always = ("unauthenticated", "forbidden", "too_large", "invalid", "unavailable")
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    described: dict[int | str, dict[str, Any]] = {}
    for kind in (*always, *kinds):
        status = STATUS[kind]
        described[status] = {"description": HTTPStatus(status).phrase, "content": content}
    return described


def install(app: FastAPI) -> None:
    """Answer every way a request can fail with a problem, and bugs without a trace."""
    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(Stale, stale)
    app.add_exception_handler(Lagging, lagging)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, bug)
    for kind in AWAY:
        app.add_exception_handler(kind, away)


async def refused(_: Request, refusal: Exception) -> Response:
    """The domain said no."""
    assert isinstance(refusal, Refusal)
    retry_after = getattr(refusal, "retry_after", 60 if isinstance(refusal, LimitReached) else 0)
    more = getattr(refusal, "more", None)
    return problem(refusal.kind, str(refusal), more=more, retry_after=retry_after)


async def stale(_: Request, __: Exception) -> Response:
    """Somebody else was faster, again and again."""
    return problem("stale", "This changed while you were at it. Please try again.")


async def lagging(_: Request, __: Exception) -> Response:
    """A read model is not where the caller wants it."""
    return problem("projection_lagging", "Not all is visible yet. Please try again.")


async def away(_: Request, error: Exception) -> Response:
    """An engine is down for the moment."""
    logger.warning("unavailable: %s: %s", type(error).__name__, error)
    return problem("unavailable", "The service is not available for the moment.", retry_after=2)


async def invalid(_: Request, error: Exception) -> Response:
    """The request itself makes no sense; nothing of what was sent is repeated."""
    assert isinstance(error, RequestValidationError)
    found = [
        {"field": _field(each["loc"]), "message": _clean(str(each["msg"]))}
        for each in error.errors()[:ERRORS_SHOWN_MAX]
    ]
    first = found[0] if found else {"field": "body", "message": "Not understood."}
    return problem("invalid", f"{first['field']}: {first['message']}", errors=found)


async def http(request: Request, error: Exception) -> Response:
    """What the framework refuses."""
    assert isinstance(error, HTTPException)
    kind = BY_STATUS.get(error.status_code, "invalid")
    response = problem(kind, str(error.detail))
    if kind == "method_not_allowed":
        response.headers["Allow"] = ", ".join(methods_at(request) or ("GET", "HEAD"))
    return response


def methods_at(request: Request) -> list[str]:
    """What can be done at this address, by the API's description."""
    paths: dict[str, dict[str, Any]] = request.app.openapi()["paths"]
    for template, operations in paths.items():
        if re.fullmatch(PARAMETER.sub("[^/]+", template), request.url.path):
            return sorted(method.upper() for method in operations)
    return []


async def bug(request: Request, error: Exception) -> Response:
    """Something nobody thought of: told in the server's log, not to the caller."""
    logger.error("bug in %s %s", request.method, request.url.path, exc_info=error)
    response = problem("internal", "Something went wrong here. It has been noted.")
    response.headers.update({"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"})
    return response


def _field(place: Sequence[int | str]) -> str:
    """Where it is, as people write it: messages.0.role."""
    parts = [str(each) for each in place]
    if len(parts) > 1 and parts[0] in ("body", "query", "path", "header"):
        parts = parts[1:]
    return _clean(".".join(parts))[:200]


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", "")
