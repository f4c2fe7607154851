"""How a person lets this installation into a drive: OAuth 2.0 with a code and PKCE."""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from application.documents.drives import DriveRefused, Tokens
from infrastructure.drives.client import Answer, DriveClient, Request

VERIFIER_BYTES = 48
SECONDS_DEFAULT = 3_600
SECONDS_MAX = 24 * 60 * 60
DETAIL_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a drive is. `{tenant}` stands for the tenant; `revoke` is empty where there is none."""

    authorize: str
    token: str
    api: str
    revoke: str = ""


@dataclass(frozen=True, slots=True)
class App:
    """How this installation is known to a drive."""

    client_id: str
    secret: str = field(repr=False)
    redirect_uri: str
    tenant: str = "common"


@dataclass(frozen=True, slots=True)
class OAuth:
    """The half of a drive that gives out tokens."""

    name: str
    app: App
    endpoints: Endpoints
    client: DriveClient
    scopes: tuple[str, ...]

    def address(self, state: str, challenge: str, more: Mapping[str, str]) -> str:
        """Where a person says yes."""
        query = {
            "client_id": self.app.client_id,
            "redirect_uri": self.app.redirect_uri,
            "response_type": "code",
            "scope": " ".join(self.scopes),
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **more,
        }
        return f"{self._at(self.endpoints.authorize)}?{urlencode(query)}"

    async def exchange(self, code: str, verifier: str) -> Tokens:
        """The tokens for a yes; there must be one to come back with later."""
        found = await self._tokens(
            {
                "grant_type": "authorization_code",
                "code": code,
                "code_verifier": verifier,
                "redirect_uri": self.app.redirect_uri,
            }
        )
        if not found.refresh:
            raise DriveRefused("setup", f"{self.name} gave no lasting permission. Link it again.")
        return found

    async def refresh(self, token: str, more: Mapping[str, str]) -> Tokens:
        """Newer tokens."""
        return await self._tokens({"grant_type": "refresh_token", "refresh_token": token, **more})

    async def revoke(self, token: str) -> None:
        """Have a token open nothing more, where that is possible."""
        if self.endpoints.revoke:
            await self.client.ask(Request(self.endpoints.revoke, form={"token": token}))

    async def _tokens(self, form: Mapping[str, str]) -> Tokens:
        app = {"client_id": self.app.client_id, "client_secret": self.app.secret}
        url = self._at(self.endpoints.token)
        answer = await self.client.ask(Request(url, form={**form, **app}))
        if not answer.ok:
            raise self._refused(answer)
        body = answer.body
        access, refresh = body.get("access_token"), body.get("refresh_token", "")
        if not isinstance(access, str) or not access or not isinstance(refresh, str):
            raise DriveRefused("setup", f"{self.name} gave no token.")
        self._check_scopes(body.get("scope"))
        return Tokens(access, refresh, seconds_of(body.get("expires_in")))

    def _check_scopes(self, given: object) -> None:
        """Whoever says yes may still leave out what is needed."""
        if not isinstance(given, str):
            return  # then it is what was asked for (RFC 6749, 5.1)
        short = {each.rpartition("/")[2].lower() for each in given.split()}
        needed = {each.rpartition("/")[2].lower() for each in self.scopes} - {"offline_access"}
        if not needed <= short:
            raise DriveRefused(
                "refused", f"{self.name} was linked without the permission to read files."
            )

    def _refused(self, answer: Answer) -> DriveRefused:
        kind = answer.body.get("error")
        if kind == "invalid_grant":
            return DriveRefused("expired", f"The link to {self.name} has ended. Link it again.")
        told = kind if isinstance(kind, str) else str(answer.status)
        return DriveRefused(
            "setup",
            f"{self.name} does not accept this installation ({told[:DETAIL_CHARACTERS_MAX]}). "
            "An administrator should look at the client id and its secret.",
        )

    def _at(self, url: str) -> str:
        return url.replace("{tenant}", self.app.tenant)


def seconds_of(value: object) -> int:
    """How long a token lasts, as far as that was told."""
    if isinstance(value, int) and not isinstance(value, bool):
        return min(max(value, 1), SECONDS_MAX)
    return SECONDS_DEFAULT


def new_verifier() -> str:
    """A secret for one link (RFC 7636)."""
    return secrets.token_urlsafe(VERIFIER_BYTES)


def challenge_of(verifier: str) -> str:
    """What is told of it beforehand."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")
