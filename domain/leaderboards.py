"""Leaderboards that were published, so that anybody can make sure of them from the log."""

from __future__ import annotations

from typing import Any, Self
from uuid import UUID, uuid5

from domain.aggregate import Aggregate, Created
from domain.errors import Invalid

SPACE = UUID("3c6c5a7e-0a3f-5d0b-9b4f-4f8f7e1f2a11")
NAME_CHARACTERS_MAX = 100


class Leaderboard(Aggregate):
    """A table under a name: what was asked, at which position, and the sum of what it said."""

    TOPIC = "leaderboard"

    class Event(Aggregate.Event):
        """Anything that happens to a published table."""

    class Published(Event, Created):
        TOPIC = "leaderboard.published"
        name: str
        params: dict[str, str]
        position: int
        content_sha256: str

    def __init__(
        self, name: str, params: dict[str, str], position: int, content_sha256: str
    ) -> None:
        self.name = name
        self.params = params
        self.position = position
        self.content_sha256 = content_sha256

    @staticmethod
    def id_of(name: str) -> UUID:
        """One name is one table."""
        return uuid5(SPACE, name)

    @classmethod
    def publish(cls, name: str, **what: Any) -> Self:
        """Stand by a table; fields as in Published."""
        if not name.strip() or len(name) > NAME_CHARACTERS_MAX:
            raise Invalid(f"name has 1 to {NAME_CHARACTERS_MAX} characters.")
        return cls._create(cls.Published, id=cls.id_of(name), name=name, **what)
