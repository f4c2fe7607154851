"""Drives for tests: real HTTP servers on loopback, as strict as their published interfaces.

Another path, method, header or parameter than the published ones is refused, and so is a code,
a verifier, a secret, a redirect address or a token that is not the right one.
"""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

from infrastructure.drives.client import DriveClient
from infrastructure.drives.links import Places
from infrastructure.drives.oauth import Endpoints
from interfaces.services import Services
from tests.plain_http import Asked, Reply, serving

CLIENT_ID = "quire-test.apps"
SECRET = "client-secret"
PUBLIC_URL = "https://quire.example.org"
PAGE = 3
JSON = {"content-type": "application/json"}
Json = dict[str, Any]


@dataclass(slots=True)
class Kept:
    """A file or a folder of a double; `native` is a kind of document that has no bytes."""

    id: str
    name: str
    parent: str = "root"
    media_type: str = "text/plain"
    body: bytes = b""
    is_folder: bool = False
    native: str = ""
    open: bool = True
    there: str = ""


@dataclass(slots=True)
class Permission:
    """What a person was asked, and said yes to."""

    challenge: str
    redirect_uri: str
    scope: str


class Refused(Exception):
    """The double does not take a request."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(str(body))
        self.reply = Reply(status, JSON, json.dumps(body).encode())


@dataclass
class DriveDouble:
    """What all drives have: a page that asks, a token endpoint, and files."""

    redirect_uri: str
    scopes: str
    asks: Mapping[str, str]
    rotates: bool
    files: dict[str, Kept] = field(default_factory=dict)
    codes: dict[str, Permission] = field(default_factory=dict)
    refreshes: set[str] = field(default_factory=set)
    accesses: set[str] = field(default_factory=set)
    revoked: list[str] = field(default_factory=list)
    refreshed: int = 0
    seconds: int = 3600
    given: str | None = None
    trouble: tuple[int, Json] | None = None
    port: int = 0
    refused: list[str] = field(default_factory=list)

    def put(self, *kept: Kept) -> None:
        self.files |= {each.id: each for each in kept}

    def expire(self) -> None:
        """Take no access token any more."""
        self.accesses.clear()

    def reply(self, asked: Asked) -> Reply:
        try:
            return self.answer(asked)
        except Refused as refused:
            self.refused.append(f"{asked.method} {asked.path}: {refused}")
            return refused.reply

    def answer(self, asked: Asked) -> Reply:
        raise NotImplementedError

    def authorize(self, asked: Asked) -> Reply:
        """A person who says yes to whatever is asked rightly."""
        query = asked.query
        wanted = {"state", "code_challenge", *self.asks}
        needed = {
            "client_id": CLIENT_ID,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": self.scopes,
            "code_challenge_method": "S256",
            **self.asks,
        }
        is_right = all(query.get(name) == value for name, value in needed.items())
        if asked.method != "GET" or set(query) != wanted | set(needed) or not is_right:
            raise Refused(400, {"error": "invalid_request"})
        if len(query["code_challenge"]) != 43 or len(query["state"]) < 32:
            raise Refused(400, {"error": "invalid_request"})
        code = uuid4().hex
        self.codes[code] = Permission(query["code_challenge"], query["redirect_uri"], self.scopes)
        back = urlencode({"state": query["state"], "code": code})
        return Reply(302, {"location": f"{self.redirect_uri}?{back}"}, b"")

    def token(self, asked: Asked, more: frozenset[str]) -> Reply:
        """Tokens for a code, once, or for a refresh token."""
        if asked.method != "POST" or asked.query:
            raise Refused(405, {"error": "invalid_request"})
        if not asked.headers["content-type"].startswith("application/x-www-form-urlencoded"):
            raise Refused(400, {"error": "invalid_request"})
        form = dict(parse_qsl(asked.body.decode()))
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, SECRET):
            raise Refused(401, {"error": "invalid_client"})
        common = {"grant_type", "client_id", "client_secret"}
        if form["grant_type"] == "authorization_code":
            self.check_names(form, common | {"code", "code_verifier", "redirect_uri"})
            return self.tokens(self.redeemed(form))
        self.check_names(form, common | {"refresh_token"} | more)
        if form["grant_type"] != "refresh_token" or form["refresh_token"] not in self.refreshes:
            raise Refused(400, {"error": "invalid_grant"})
        self.refreshed += 1
        if not self.rotates:
            return self.tokens("")
        self.refreshes.remove(form["refresh_token"])
        return self.tokens(uuid4().hex)

    def redeemed(self, form: Mapping[str, str]) -> str:
        permission = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = urlsafe_b64encode(digest).decode().rstrip("=")
        if permission is None or permission.challenge != challenge:
            raise Refused(400, {"error": "invalid_grant"})
        if permission.redirect_uri != form["redirect_uri"]:
            raise Refused(400, {"error": "redirect_uri_mismatch"})
        return uuid4().hex

    def tokens(self, refresh: str) -> Reply:
        access = uuid4().hex
        self.accesses.add(access)
        body: Json = {"access_token": access, "token_type": "Bearer", "expires_in": self.seconds}
        body["scope"] = self.scopes if self.given is None else self.given
        if refresh:
            self.refreshes.add(refresh)
            body["refresh_token"] = refresh
        return said(body)

    def check_names(self, found: Mapping[str, str], allowed: set[str]) -> None:
        if set(found) != allowed:
            raise Refused(400, {"error": "invalid_request", "names": sorted(found)})

    def check_token(self, asked: Asked, denied: Json) -> None:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if asked.method != "GET" or token not in self.accesses:
            raise Refused(401, denied)
        if self.trouble:
            raise Refused(*self.trouble)


def said(body: Json) -> Reply:
    return Reply(200, JSON, json.dumps(body).encode())


def page_of(rows: list[Kept], start: int) -> tuple[list[Kept], int | None]:
    """Three at once, and where the next ones begin."""
    more = start + PAGE
    return rows[start:more], more if more < len(rows) else None


@asynccontextmanager
async def drives_at(
    services: Services, google: DriveDouble, microsoft: DriveDouble, public_url: str
) -> AsyncIterator[Services]:
    """The same services, for which drives are here; other places stay closed."""
    async with AsyncExitStack() as stack:
        for each in (google, microsoft):
            each.port = await stack.enter_async_context(serving(each.reply))
        ports = [google.port, microsoft.port]
        client = await stack.enter_async_context(DriveClient(allowed=["127.0.0.1"], ports=ports))
        here = [f"http://127.0.0.1:{port}" for port in ports]
        places = Places(
            public_url,
            Endpoints(
                f"{here[0]}/o/oauth2/v2/auth",
                f"{here[0]}/token",
                f"{here[0]}/drive/v3",
                f"{here[0]}/revoke",
            ),
            Endpoints(
                f"{here[1]}/{{tenant}}/oauth2/v2.0/authorize",
                f"{here[1]}/{{tenant}}/oauth2/v2.0/token",
                f"{here[1]}/v1.0",
            ),
        )
        links = replace(services.drives, client=client, places=places)
        yield replace(services, drives=links)
