"""Doors: groups of routes that are made once and stand in one flat list."""

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

API = "/api/v1"


def operation_id(route: APIRoute) -> str:
    """The name of an operation in generated clients: that of its function."""
    return route.name


class Door(APIRouter):
    """Routes below one path.

    An included router makes all its routes once more, and looks through them twice for each
    request. So a door knows its whole path itself, and is not included but opened.
    """

    def __init__(
        self,
        prefix: str = "",
        *,
        root: str = API,
        tags: list[str] | None = None,
        include_in_schema: bool = True,
    ) -> None:
        super().__init__(
            prefix=root + prefix,
            tags=[*(tags or ())],
            include_in_schema=include_in_schema,
            generate_unique_id_function=operation_id,
        )


def open_doors(app: FastAPI, doors: Iterable[Door]) -> None:
    """Put the routes of all doors into the application; the first that fits a request counts."""
    for door in doors:
        app.router.routes.extend(door.routes)
