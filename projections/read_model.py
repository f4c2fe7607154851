"""The base of every read model."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg import AsyncCursor
from psycopg.types.json import Jsonb

from domain.reactions import Reactions

Db = AsyncCursor[dict[str, Any]]

NOBODY = UUID(int=0)


class Writes:
    """What handlers want written. It is only collected; the follower writes it, in order.

    `position` and `root_id` belong to the event that is being handled.
    """

    def __init__(self, position: int = 0, root_id: UUID = NOBODY) -> None:
        self.position = position
        self.root_id = root_id
        self.statements: list[tuple[str, Mapping[str, Any]]] = []

    def execute(self, sql: str, params: Mapping[str, Any]) -> None:
        """Have one statement run. It cannot answer: what depends on rows is said in SQL."""
        self.statements.append((sql, params))

    async def after_commit(self) -> None:
        """Nothing: a read model has no effects."""


class ReadModel(Reactions[Writes]):
    """Tables that can be thrown away and told again from the log.

    To change the tables or a handler, raise the version: the new version fills a schema
    of its own beside the old one, and takes over when it has caught up. No migration.
    Queries see the tables of all read models of their lane; `beside` names those they need.
    """

    def __init__(
        self,
        name: str,
        *,
        version: int,
        tables: str,
        lane: str = "core",
        beside: tuple[str, ...] = (),
    ) -> None:
        super().__init__(name)
        self.version = version
        self.tables = tables
        self.lane = lane
        self.beside = beside

    @property
    def schema(self) -> str:
        """Where this version of the read model lives, unless it was told anew."""
        return f"{self.name}_v{self.version}"


def clean(text: str) -> str:
    """A text that PostgreSQL can keep: no NUL, no halves of characters."""
    return text.replace("\x00", "").encode(errors="replace").decode()


def as_json(value: Any) -> Jsonb | None:
    """A value for a jsonb column; None stays NULL."""
    return None if value is None else Jsonb(value, dumps=_dumps)


def _dumps(value: Any) -> str:
    return json.dumps(_cleaned(value), ensure_ascii=False)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): _cleaned(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(each) for each in value]
    return value
