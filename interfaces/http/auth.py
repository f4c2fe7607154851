"""Who is calling: a session in a cookie, or a bearer token that is a session or an API key."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from infrastructure.access import Identity
from infrastructure.settings import Settings
from interfaces.http.errors import Unauthenticated
from interfaces.services import Services

COOKIE = "quire_session"
TOKEN_CHARACTERS_MAX = 200
DAY_SECONDS = 24 * 60 * 60

bearer = HTTPBearer(
    scheme_name="bearer", description="A session token or an API key.", auto_error=False
)
cookie = APIKeyCookie(
    name=COOKIE, scheme_name="cookie", description="Set by sign-in.", auto_error=False
)


@dataclass(frozen=True, slots=True)
class Proof:
    """A token, and whose it is."""

    token: str
    identity: Identity


async def prove(
    request: Request,
    sent: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    kept: Annotated[str | None, Depends(cookie)],
) -> Proof:
    """Find out who calls, or refuse; a bearer token goes before a cookie."""
    services: Services = request.app.state.services
    token = (sent.credentials if sent else kept) or ""
    if not token or len(token) > TOKEN_CHARACTERS_MAX:
        raise Unauthenticated("Sign in first.")
    identity = await services.access.who(token)
    if identity is None:
        raise Unauthenticated("Your session has ended. Sign in again.")
    return Proof(token, identity)


def set_cookie(request: Request, response: Response, token: str, settings: Settings) -> None:
    """Give a browser its session; no script can read it."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=settings.session_days * DAY_SECONDS,
        httponly=True,
        samesite="lax",
        path="/",
        secure=is_secure(request, settings),
    )


def clear_cookie(request: Request, response: Response, settings: Settings) -> None:
    """Take a browser's session away."""
    response.delete_cookie(
        COOKIE, path="/", httponly=True, samesite="lax", secure=is_secure(request, settings)
    )


def is_secure(request: Request, settings: Settings) -> bool:
    """Whether the browser speaks https to us."""
    return request.url.scheme == "https" or settings.public_url.startswith("https://")


def address_of(request: Request) -> str:
    """Where a call comes from; behind trusted proxies, where they say."""
    return request.client.host if request.client else "unknown"
