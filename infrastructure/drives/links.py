"""Which drives are linked, and what opens them: sealed, and renewed by one at a time."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import LiteralString, TypeVar
from uuid import UUID

from application.command import carry_out
from application.documents.drives import DriveRefused, DriveServer, TokenRejected, Tokens
from application.drives import UnlinkDrive
from application.ports import Actor, Log, Unavailable
from domain.drives import NAMES, Kind
from domain.errors import Conflict
from infrastructure.blobs.locks import one_at_a_time
from infrastructure.credentials import digest
from infrastructure.documents.engines import DocumentEngines
from infrastructure.drives.client import DriveClient
from infrastructure.drives.google import ENDPOINTS as GOOGLE
from infrastructure.drives.google import GoogleDrive
from infrastructure.drives.microsoft import ENDPOINTS as MICROSOFT
from infrastructure.drives.microsoft import OneDrive
from infrastructure.drives.oauth import App, Endpoints, challenge_of, new_verifier
from infrastructure.lines import Lines, Row
from infrastructure.postgres import Connection, Pool
from infrastructure.secrets import Vault

T = TypeVar("T")

STATE_BYTES = 32
ANSWER_MINUTES = 10
QUESTIONS_MAX = 20
EARLY_SECONDS = 60
RENEWED_AT_ONCE = 2

ASK: LiteralString = """
    with old as (
        delete from credentials.drive_questions
        where expires_at < now() or (user_id = %(user)s and digest not in (
            select digest from credentials.drive_questions where user_id = %(user)s
            order by expires_at desc limit %(max)s))
    )
    insert into credentials.drive_questions (digest, user_id, session, kind, sealed, expires_at)
    values (%(digest)s, %(user)s, %(session)s, %(kind)s, %(sealed)s,
            now() + make_interval(mins => %(minutes)s))
"""
ANSWERED: LiteralString = """
    delete from credentials.drive_questions
    where digest = %(digest)s and user_id = %(user)s and session = %(session)s
        and kind = %(kind)s and expires_at > now()
    returning sealed
"""
KEPT: LiteralString = """
    select sealed, expires_at from credentials.drives
    where user_id = %(user)s and kind = %(kind)s
"""
KEEP: LiteralString = """
    insert into credentials.drives (user_id, kind, sealed, expires_at)
    values (%(user)s, %(kind)s, %(sealed)s, %(expires_at)s)
    on conflict (user_id, kind) do update
    set sealed = excluded.sealed, expires_at = excluded.expires_at
"""
DROP: LiteralString = """
    delete from credentials.drives where user_id = %(user)s and kind = %(kind)s
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What opens a drive."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime

    def serves(self, rejected: str) -> bool:
        """Whether the access token will do; not one that was just rejected."""
        early = datetime.now(UTC) + timedelta(seconds=EARLY_SECONDS)
        return self.access != rejected and self.expires_at > early


@dataclass(frozen=True, slots=True)
class Places:
    """Where the drives are, and where a person comes back to from there."""

    public_url: str
    google: Endpoints = GOOGLE
    microsoft: Endpoints = MICROSOFT

    def redirect_uri(self, kind: Kind) -> str:
        """What has to be registered there; empty while the public address is not known."""
        base = self.public_url.rstrip("/")
        return f"{base}/api/v1/drives/{kind}/callback" if base else ""


@dataclass(frozen=True, slots=True)
class DriveLinks:
    """The drives of everybody."""

    pool: Pool
    log: Log
    vault: Vault
    engines: DocumentEngines
    client: DriveClient
    places: Places
    renewing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(RENEWED_AT_ONCE))

    async def enabled(self, kind: Kind) -> bool:
        """Whether people may link drives of a kind."""
        app = getattr((await self.engines.settings()).drives, kind)
        return bool(app.enabled and app.has_key and self.places.public_url)

    async def server(self, kind: Kind) -> DriveServer:
        """A kind of drive, if administrators want it."""
        settings = await self.engines.settings()
        redirect_uri = self.places.redirect_uri(kind)
        if not await self.enabled(kind):
            raise Conflict(f"{NAMES[kind]} is not set up here.", code="drive_off")
        secret = await self.engines.key(settings, f"drives.{kind}")
        if kind == "google":
            app = App(settings.drives.google.client_id, secret, redirect_uri)
            return GoogleDrive(app, self.client, self.places.google)
        chosen = settings.drives.microsoft
        app = App(chosen.client_id, secret, redirect_uri, chosen.tenant)
        return OneDrive(app, self.client, self.places.microsoft)

    async def ask(self, kind: Kind, user: UUID, session: str) -> str:
        """Where to send a person to say yes."""
        server = await self.server(kind)
        state, verifier = secrets.token_urlsafe(STATE_BYTES), new_verifier()
        what = self._question(kind, user, session, state)
        sealed = self.vault.seal(verifier.encode(), f"drive question {user} {kind}")
        more = {"sealed": sealed, "minutes": ANSWER_MINUTES, "max": QUESTIONS_MAX}
        await Lines(self.pool).run(ASK, {**what, **more})
        return server.address(state, challenge_of(verifier))

    async def take(self, kind: Kind, user: UUID, session: str, state: str) -> str | None:
        """The verifier of a question that was asked of this person here; good once."""
        row = await Lines(self.pool).row(ANSWERED, self._question(kind, user, session, state))
        if row is None:
            return None
        return self.vault.open(row[0], f"drive question {user} {kind}").decode()

    async def link(self, kind: Kind, user: UUID, code: str, verifier: str) -> str:
        """Keep what a yes opens; return whose drive it is."""
        server = await self.server(kind)
        tokens = await server.exchange(code, verifier)
        try:
            account = await server.account(tokens.access)
        except TokenRejected:
            raise DriveRefused("setup", f"{NAMES[kind]} does not take its own token.") from None
        async with self._alone(kind, user) as line:
            await self._keep(line, kind, user, kept_of(tokens))
        return account

    async def forget(self, kind: Kind, user: UUID) -> None:
        """Drop what opens a drive, and tell the drive so, as far as it listens."""
        async with self._alone(kind, user) as line:
            known = await self._kept(line, kind, user)
            await line.execute(DROP, {"user": user, "kind": kind})
        if known:
            with suppress(Unavailable, DriveRefused, Conflict):
                await (await self.server(kind)).revoke(known.refresh)

    async def use(
        self, kind: Kind, user: UUID, act: Callable[[DriveServer, str], Awaitable[T]]
    ) -> T:
        """Do something with a drive; with a newer token when the drive wants one."""
        server = await self.server(kind)
        token = await self._token(server, kind, user)
        try:
            return await act(server, token)
        except TokenRejected:
            token = await self._token(server, kind, user, rejected=token)
        try:
            return await act(server, token)
        except TokenRejected:
            raise await self._lapsed(kind, user, token) from None

    async def _token(
        self, server: DriveServer, kind: Kind, user: UUID, *, rejected: str = ""
    ) -> str:
        row = await Lines(self.pool).row(KEPT, {"user": user, "kind": kind})
        known = self._opened(row, kind, user)
        if known and known.serves(rejected):
            return known.access
        try:
            # A slow drive must not take the connections of everybody else.
            async with self.renewing, self._alone(kind, user) as line:
                return await self._renewed(line, server, kind, user, rejected)
        except DriveRefused as error:
            if error.kind != "expired":
                raise
        raise await self._lapsed(kind, user, known.access if known else "")

    async def _renewed(
        self, line: Connection, server: DriveServer, kind: Kind, user: UUID, rejected: str
    ) -> str:
        """A token that serves; perhaps somebody else has just got it."""
        known = await self._kept(line, kind, user)
        if known is None:
            raise DriveRefused("expired", f"{NAMES[kind]} is not linked.")
        if known.serves(rejected):
            return known.access
        tokens = await server.refresh(known.refresh)
        await self._keep(line, kind, user, kept_of(tokens, known.refresh))
        return tokens.access

    async def _lapsed(self, kind: Kind, user: UUID, access: str) -> DriveRefused:
        """Note that a drive opens no more until it is linked again, if it was not meanwhile."""
        async with self._alone(kind, user) as line:
            known = await self._kept(line, kind, user)
            if known and known.access != access:
                return DriveRefused("refused", f"{NAMES[kind]} has changed. Try again.")
            await line.execute(DROP, {"user": user, "kind": kind})
        await carry_out(UnlinkDrive(kind, "expired"), log=self.log, actor=Actor(user))
        return DriveRefused("expired", f"The link to {NAMES[kind]} has ended. Link it again.")

    def _alone(self, kind: Kind, user: UUID) -> AbstractAsyncContextManager[Connection]:
        return one_at_a_time(self.pool, f"drive {user} {kind}")

    def _question(self, kind: Kind, user: UUID, session: str, state: str) -> dict[str, object]:
        return {"digest": digest(state), "user": user, "session": session, "kind": kind}

    async def _kept(self, line: Connection, kind: Kind, user: UUID) -> Kept | None:
        row = await (await line.execute(KEPT, {"user": user, "kind": kind})).fetchone()
        return self._opened(row, kind, user)

    def _opened(self, row: Row | None, kind: Kind, user: UUID) -> Kept | None:
        if row is None:
            return None
        plain = json.loads(self.vault.open(row[0], label(user, kind)))
        return Kept(plain["access"], plain["refresh"], row[1])

    async def _keep(self, line: Connection, kind: Kind, user: UUID, kept: Kept) -> None:
        plain = json.dumps({"access": kept.access, "refresh": kept.refresh})
        sealed = self.vault.seal(plain.encode(), label(user, kind))
        what = {"user": user, "kind": kind, "sealed": sealed, "expires_at": kept.expires_at}
        await line.execute(KEEP, what)


def kept_of(tokens: Tokens, refresh: str = "") -> Kept:
    """Tokens as they are kept; a drive that gives no newer refresh token means the old one."""
    until = datetime.now(UTC) + timedelta(seconds=tokens.seconds)
    return Kept(tokens.access, tokens.refresh or refresh, until)


def label(user: UUID, kind: Kind) -> str:
    """What sealed tokens say they are."""
    return f"drive {user} {kind}"


KINDS: Sequence[Kind] = ("google", "microsoft")
