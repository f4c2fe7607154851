"""The description of the API, complete: also of headers and problems."""

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
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            complete(path, method, operation)
    return found


def complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Add what holds for every operation of its kind."""
    for status, response in operation["responses"].items():
        if status in RETRIED:
            response["headers"] = {"Retry-After": RETRY_AFTER}
        elif status.startswith("2") and method in COMMANDS and path.startswith("/api/"):
            response["headers"] = {"Position": POSITION}
    wanted = "idempotency-key" if method == "post" else "read-after" if method == "get" else ""
    operation["parameters"] = [
        each
        for each in operation.get("parameters", [])
        if each["in"] != "header"
        or each["name"] not in ("idempotency-key", "read-after")
        or each["name"] == wanted
    ]
    if not operation["parameters"]:
        del operation["parameters"]
