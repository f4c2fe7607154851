"""Sessions and API keys: the ways a person proves who he is. The proofs are not here."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from domain.aggregate import Aggregate, Created
from domain.errors import NotFound
from domain.users import checked_name


class Session(Aggregate):
    """One sign-in on one device."""

    TOPIC = "session"

    class Event(Aggregate.Event):
        """Anything that happens to a session."""

    class Started(Event, Created):
        TOPIC = "session.started"
        PERSONAL = ("address", "user_agent")
        user_id: UUID
        address: str
        user_agent: str

    class Ended(Event):
        TOPIC = "session.ended"
        reason: str

        def apply(self, session: Session) -> None:
            session.ended = True

    def __init__(self, user_id: UUID) -> None:
        self.user_id = user_id
        self.ended = False

    @property
    def owner_id(self) -> UUID:
        return self.user_id

    @property
    def is_closed(self) -> bool:
        return self.ended

    @classmethod
    def start(cls, session_id: UUID, *, user_id: UUID, address: str, user_agent: str) -> Self:
        """Let somebody in."""
        return cls._create(
            cls.Started, id=session_id, user_id=user_id, address=address, user_agent=user_agent
        )

    def end(self, reason: str) -> None:
        """Let the session count no more."""
        if not self.ended:
            self.trigger_event(self.Ended, reason=reason)


class ApiKey(Aggregate):
    """A key for programs of a person."""

    TOPIC = "api_key"

    class Event(Aggregate.Event):
        """Anything that happens to a key."""

    class Created(Event, Created):
        TOPIC = "api_key.created"
        PERSONAL = ("name",)
        user_id: UUID
        name: str
        prefix: str

    class Revoked(Event):
        TOPIC = "api_key.revoked"

        def apply(self, key: ApiKey) -> None:
            key.revoked = True

    def __init__(self, user_id: UUID) -> None:
        self.user_id = user_id
        self.revoked = False

    @property
    def owner_id(self) -> UUID:
        return self.user_id

    @property
    def is_closed(self) -> bool:
        return self.revoked

    @classmethod
    def create(cls, key_id: UUID, *, user_id: UUID, name: str, prefix: str) -> Self:
        """Make a key known; its first characters tell it from others."""
        return cls._create(
            cls.Created, id=key_id, user_id=user_id, name=checked_name(name), prefix=prefix
        )

    def revoke(self, *, by: UUID) -> None:
        """Let the key open nothing more."""
        if by != self.user_id:
            raise NotFound("API key", self.id)
        if not self.revoked:
            self.trigger_event(self.Revoked)
