"""Passwords and sessions at the door: proving, starting, ending."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from fastapi import Request, Response

from application.ports import Actor
from application.sessions import StartSession
from domain.errors import NotFound
from domain.users import EmailClaim, User, email_claim_id
from infrastructure.attempts import Subject
from infrastructure.credentials import new_token
from interfaces.http.auth import address_of, set_cookie
from interfaces.http.errors import Unauthenticated
from interfaces.services import Services

USER_AGENT_CHARACTERS_MAX = 300


@dataclass(frozen=True, slots=True)
class Begun:
    """A session that has just begun."""

    token: str
    session_id: UUID
    created_at: datetime
    expires_at: datetime
    position: int


async def check_password(request: Request, email: str, password: str) -> User:
    """The person with this password; the same work and the same no for anybody else."""
    services: Services = request.app.state.services
    account = Subject.account(email_claim_id(email))
    subjects = (account, Subject.address(address_of(request)))
    user = await _user(services, email)
    kept = await services.credentials.password(user.id if user else uuid4())
    async with services.passwords.turn():
        await services.attempts.admit(subjects)
        if not await services.passwords.verify(password, kept) or user is None:
            await services.attempts.failed(subjects)
            raise Unauthenticated("The e-mail address or the password is wrong.")
    await services.attempts.succeeded(account)
    if kept and services.passwords.is_outdated(kept):
        await services.credentials.refresh_password(
            user.id, await services.passwords.hash(password)
        )
    return user


async def _user(services: Services, email: str) -> User | None:
    try:
        claim = await services.log.get(EmailClaim, email_claim_id(email))
        return await services.log.get(User, claim.user_id)
    except NotFound:
        return None


async def begin_session(request: Request, response: Response, user: User) -> Begun:
    """Let somebody in. The token is kept first: without its event it opens nothing."""
    services: Services = request.app.state.services
    token, session_id = new_token(), uuid4()
    created, expires = await services.credentials.add_session(
        token, session_id, user.id, services.settings.session_days
    )
    agent = request.headers.get("user-agent", "")[:USER_AGENT_CHARACTERS_MAX]
    command = StartSession(session_id, user.id, address_of(request), agent)
    actor = Actor(
        user.id,
        session_id=str(session_id),
        auth="password",
        role=user.role,
        request_id=request.scope.get("request_id"),
    )
    receipt = await services.execute(command, actor)
    assert receipt.position is not None
    response.headers["Position"] = str(receipt.position)
    set_cookie(request, response, token, services.settings)
    return Begun(token, session_id, created, expires, receipt.position)
