"""How people prove who they are, and stop doing so."""

from dataclasses import dataclass
from uuid import UUID

from application.command import Command, Work
from domain.errors import NotFound
from domain.sessions import ApiKey, Session


@dataclass(frozen=True, slots=True)
class StartSession(Command[None]):
    """Let somebody in on one device."""

    session_id: UUID
    user_id: UUID
    address: str
    user_agent: str

    async def execute(self, work: Work) -> None:
        if await work.known(Session, self.session_id) is None:
            work.add(
                Session.start(
                    self.session_id,
                    user_id=self.user_id,
                    address=self.address,
                    user_agent=self.user_agent,
                )
            )


@dataclass(frozen=True, slots=True)
class EndSession(Command[None]):
    """Let one of one's sessions count no more."""

    session_id: UUID
    reason: str = "signed out"

    async def execute(self, work: Work) -> None:
        session = await work.get(Session, self.session_id)
        if session.user_id != work.actor.id:
            raise NotFound("session", self.session_id)
        session.end(self.reason)


@dataclass(frozen=True, slots=True)
class CreateApiKey(Command[None]):
    """Make a key for one's programs."""

    key_id: UUID
    name: str
    prefix: str

    async def execute(self, work: Work) -> None:
        if known := await work.known(ApiKey, self.key_id):
            if known.user_id != work.actor.id:
                raise NotFound("API key", self.key_id)
            return
        key = ApiKey.create(self.key_id, user_id=work.actor.id, name=self.name, prefix=self.prefix)
        work.add(key)


@dataclass(frozen=True, slots=True)
class RevokeApiKey(Command[None]):
    """Let one of one's keys open nothing more."""

    key_id: UUID

    async def execute(self, work: Work) -> None:
        (await work.get(ApiKey, self.key_id)).revoke(by=work.actor.id)
