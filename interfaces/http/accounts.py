"""Signing up, in and out, and one's own account."""

from contextlib import suppress
from uuid import UUID, uuid4, uuid5

from fastapi import Request, Response
from pydantic import BaseModel

from application.ports import Actor
from application.sessions import EndSession
from application.users import RecordPassword, RenameMyself, SignUp
from domain.errors import Conflict, Invalid, NotFound
from domain.users import INSTALLATION, Installation, User, email_claim_id
from infrastructure.attempts import Subject
from interfaces.http.auth import address_of, clear_cookie
from interfaces.http.call import AccountCall, IdempotencyKey
from interfaces.http.doors import Door
from interfaces.http.errors import Unauthenticated, problems
from interfaces.http.fields import Body, When
from interfaces.http.proofs import begin_session, check_password
from interfaces.http.shapes import Account, Email, GivenPassword, Name, NewAccount, Password
from interfaces.services import Services

router = Door("/auth", tags=["accounts"])


class Options(BaseModel):
    """What somebody without an account can do."""

    first_run: bool
    signup_open: bool


class SignedIn(BaseModel):
    """A session token, and whose it is. The browser has it as a cookie already."""

    token: str
    user: Account


class Credentials(Body):
    """What somebody signs in with."""

    email: Email
    password: GivenPassword


class SessionShape(BaseModel):
    """The session one calls with."""

    id: UUID
    created_at: When
    expires_at: When


class Myself(BaseModel):
    """Who I am; `session` is null for an API key."""

    user: Account
    session: SessionShape | None


class NewName(Body):
    """Another name."""

    name: Name


class NewPassword(Body):
    """Another password, and the proof that it may be set."""

    current_password: GivenPassword
    new_password: Password


@router.get("/options", responses=problems())
async def read_options(request: Request) -> Options:
    """Whether this is the first start, and whether one may sign up."""
    services: Services = request.app.state.services
    try:
        installation = await services.log.get(Installation, INSTALLATION)
    except NotFound:
        return Options(first_run=True, signup_open=True)
    return Options(first_run=False, signup_open=installation.is_open)


@router.post("/signup", status_code=201, responses=problems("conflict", "limit_reached"))
async def sign_up(
    body: NewAccount, request: Request, response: Response, idempotency_key: IdempotencyKey = ""
) -> SignedIn:
    """Open an account. The first person becomes the administrator, and sign-up closes."""
    services: Services = request.app.state.services
    address = Subject.address(address_of(request))
    await services.attempts.admit([address])
    command_id = uuid5(email_claim_id(body.email), idempotency_key) if idempotency_key else uuid4()
    user_id = uuid5(command_id, "user")
    await must_be_open(services, user_id)
    await keep_password(services, user_id, body.password)
    command = SignUp(user_id, body.email, body.name)
    actor = Actor(user_id, auth="password", request_id=request.scope.get("request_id"))
    try:
        await services.execute(command, actor, command_id)
    except Conflict:
        await services.attempts.failed([address])
        raise
    user = await services.log.get(User, user_id)
    begun = await begin_session(request, response, user)
    return SignedIn(token=begun.token, user=Account.of(user))


async def must_be_open(services: Services, user_id: UUID) -> None:
    """Refuse before any work is done for somebody who cannot come in, unless he is in."""
    with suppress(NotFound):
        installation = await services.log.get(Installation, INSTALLATION)
        if not installation.is_open:
            with suppress(NotFound):
                await services.log.get(User, user_id)
                return
        installation.admit()


async def keep_password(services: Services, user_id: UUID, password: str) -> None:
    """Keep a first password; a repetition must bring the same one."""
    hashed = await services.passwords.hash(password)
    if await services.credentials.add_password(user_id, hashed):
        return
    kept = await services.credentials.password(user_id)
    if not await services.passwords.verify(password, kept):
        raise Conflict("This Idempotency-Key was used for another account.")


@router.post("/signin", responses=problems("limit_reached"))
async def sign_in(body: Credentials, request: Request, response: Response) -> SignedIn:
    """Begin a session; the same answer for a wrong address and a wrong password."""
    user = await check_password(request, body.email, body.password)
    begun = await begin_session(request, response, user)
    return SignedIn(token=begun.token, user=Account.of(user))


@router.post("/signout", status_code=204, responses=problems())
async def sign_out(call: AccountCall, request: Request, response: Response) -> None:
    """End this session, at once and everywhere. An API key is not affected."""
    session_id = call.identity.session_id
    if session_id:
        await call.services.credentials.drop_session(session_id, call.actor.id)
        call.services.access.forget(call.actor.id)
        await call.execute(EndSession(session_id))
    clear_cookie(request, response, call.services.settings)


@router.get("/session", responses=problems())
async def read_session(call: AccountCall) -> Myself:
    """Who I am, and until when."""
    user = await call.services.log.get(User, call.actor.id)
    who = call.identity
    session = None
    if who.session_id and who.expires_at:
        session = SessionShape(
            id=who.session_id, created_at=who.created_at, expires_at=who.expires_at
        )
    return Myself(user=Account.of(user), session=session)


@router.patch("/account", responses=problems("stale"))
async def change_account(body: NewName, call: AccountCall) -> Account:
    """Go by another name."""
    return Account.of(await call.execute(RenameMyself(body.name)))


@router.post("/password", status_code=204, responses=problems("limit_reached", "stale"))
async def change_password(body: NewPassword, call: AccountCall) -> None:
    """Set another password; all other sessions end."""
    services, me = call.services, call.actor.id
    user = await services.log.get(User, me)
    try:
        await check_password(call.request, user.email, body.current_password)
    except Unauthenticated:
        raise Invalid("current_password: the password is wrong.") from None
    hashed = await services.passwords.hash(body.new_password)
    ended = await services.credentials.change_password(me, hashed, keep=call.identity.session_id)
    services.access.forget(me)
    await call.execute(RecordPassword(me, tuple(ended)))
