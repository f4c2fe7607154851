"""The description of the API, complete: also of headers and problems."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from interfaces.http.errors import Problem

POSITION = {
    "description": "Where in the log the effect stands; send it back as `Read-After`.",
    "schema": {"type": "integer"},
}
RETRY_AFTER = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
COMMANDS = ("post", "put", "patch", "delete")
RETRIED = ("429", "503")


SERVER_SENT_EVENT = {
    "title": "ServerSentEvent",
    "description": "One event of a stream; what `data` holds depends on `event`.",
    "type": "object",
    "properties": {
        "event": {"type": "string"},
        "id": {"type": "string"},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
}
EVENT_STREAM = "text/event-stream"
OPENAI_STATUSES = (400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504)


def describe(app: FastAPI) -> None:
    """Have the application give the description, made once when it is first asked for."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = described(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def described(app: FastAPI) -> dict[str, Any]:
    """The framework's description, and what it does not know."""
    found = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    schemas = found["components"]["schemas"]
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    schemas["ServerSentEvent"] = SERVER_SENT_EVENT
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            complete(path, method, operation)
    return found


def complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Add what holds for every operation of its kind."""
    if path.startswith("/v1/"):
        complete_openai(operation["responses"])
    for status, response in operation["responses"].items():
        if EVENT_STREAM in response.get("content", {}):
            stream = {"schema": {"$ref": "#/components/schemas/ServerSentEvent"}}
            response["content"][EVENT_STREAM] = stream
        if status in RETRIED:
            response["headers"] = {"Retry-After": RETRY_AFTER}
        elif status.startswith("2") and method in COMMANDS and path.startswith("/api/"):
            response["headers"] = {"Position": POSITION}
    # `Read-After` works on every read and is told once, in the general description.
    unwanted = {"read-after"} if method == "post" else {"read-after", "idempotency-key"}
    operation["parameters"] = [
        each
        for each in operation.get("parameters", [])
        if each["in"] != "header" or each["name"] not in unwanted
    ]
    if not operation["parameters"]:
        del operation["parameters"]


def complete_openai(responses: dict[str, Any]) -> None:
    """Add the errors of the compatible routes: in OpenAI's words, or as our problems."""
    content = {
        "application/json": {"schema": {"type": "object"}},
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
    }
    for status in OPENAI_STATUSES:
        known = {"description": HTTPStatus(status).phrase, "content": dict(content)}
        responses.setdefault(str(status), known)
