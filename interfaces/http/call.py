"""One HTTP call: who makes it, and what it may use."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar
from uuid import UUID, uuid5

from fastapi import Depends, Header, Request, Response

from application.command import Command
from application.ports import Actor
from domain.errors import Forbidden, Invalid
from infrastructure.access import Identity
from interfaces.http.auth import Proof, prove
from interfaces.services import Services
from projections.read_model import Db, ReadModel

R = TypeVar("R")

READ_SECONDS_MAX = 8.0
POSITION_MAX = 2**63 - 1

ReadAfter = Annotated[
    int, Header(ge=0, le=POSITION_MAX, description="Wait until what is read has this `Position`.")
]
IdempotencyKey = Annotated[
    str,
    Header(max_length=200, description="The same key has one effect and one answer."),
]


class _Call:
    """What every route of somebody with an account gets."""

    def __init__(
        self, request: Request, response: Response, proof: Proof, read_after: int, key: str
    ) -> None:
        self.request = request
        self.services: Services = request.app.state.services
        self.proof = proof
        self.identity: Identity = proof.identity
        self.read_after = read_after
        self.position = 0
        self._response = response
        self.key = key
        self.actor = Actor(
            self.identity.user_id,
            session_id=str(self.identity.session_id or self.identity.key_id),
            auth="session" if self.identity.session_id else "api_key",
            role=self.identity.role,
            request_id=request.scope.get("request_id"),
        )
        self.command_id = uuid5(self.actor.id, self.key) if self.key else uuid7()

    async def check_key(self) -> None:
        """Refuse an Idempotency-Key that was used for something else before."""
        if self.key:
            what = f"{self.request.method} {self.request.url.path}\n".encode()
            content = what + await self.request.body()
            if not await self.services.credentials.claim_request(self.command_id, content):
                raise Invalid("This Idempotency-Key was used for another request.")

    async def execute(self, command: Command[R], part: str = "") -> R:
        """Carry out a command; its position lets the caller read their own write.

        `part` tells apart several commands of one request.
        """
        command_id = uuid5(self.command_id, part) if part else self.command_id
        receipt = await self.services.execute(command, self.actor, command_id)
        self.respond(receipt.position or await self.services.log.head())
        return receipt.result

    def respond(self, position: int) -> None:
        """Tell the caller where in the log his write stands."""
        self.position = max(position, self.position)
        self._response.headers["Position"] = str(self.position)

    def new_id(self, what: str) -> UUID:
        """An id that comes out the same when the request is repeated under the same key."""
        return uuid5(self.command_id, what) if self.key else uuid7()

    @asynccontextmanager
    async def read(self, model: ReadModel, *, own: bool = False) -> AsyncIterator[Db]:
        """Look at a read model, at least as new as the caller asks.

        With own=True also as new as what this process wrote last for the same person.
        """
        after = self.read_after
        if own:
            after = max(after, self.services.written.of(self.actor.id))
        async with (
            asyncio.timeout(READ_SECONDS_MAX),
            self.services.reader.read(model, after=after) as db,
        ):
            yield db

    async def is_still_admitted(self) -> bool:
        """Whether the session or key still counts; for streams that stay open."""
        found = await self.services.access.who(self.proof.token)
        return found is not None and found.role != "pending"


async def any_call(
    request: Request,
    response: Response,
    proof: Annotated[Proof, Depends(prove)],
    read_after: ReadAfter = 0,
    idempotency_key: IdempotencyKey = "",
) -> _Call:
    """The call itself. A coroutine, since FastAPI makes anything else in a thread."""
    return _Call(request, response, proof, read_after, idempotency_key)


async def account_call(call: Annotated[_Call, Depends(any_call)]) -> _Call:
    """For everybody with an account, also those who still wait to be let in."""
    await call.check_key()
    return call


async def user_call(call: Annotated[_Call, Depends(any_call)]) -> _Call:
    """For people who were let in."""
    if call.identity.role == "pending":
        raise Forbidden("Your account waits for an administrator to let you in.")
    await call.check_key()
    return call


async def streaming_call(call: Annotated[_Call, Depends(any_call)]) -> _Call:
    """For people who were let in and send what is not held in memory; keys count nothing here."""
    if call.identity.role == "pending":
        raise Forbidden("Your account waits for an administrator to let you in.")
    return call


async def administrator_call(call: Annotated[_Call, Depends(any_call)]) -> _Call:
    """For administrators."""
    if not call.actor.is_administrator:
        raise Forbidden("Only administrators may do this.")
    await call.check_key()
    return call


AccountCall = Annotated[_Call, Depends(account_call)]
Call = Annotated[_Call, Depends(user_call)]
StreamingCall = Annotated[_Call, Depends(streaming_call)]
AdministratorCall = Annotated[_Call, Depends(administrator_call)]


def uuid7() -> UUID:
    """An id that sorts by time (RFC 9562), so that indexes grow at one end."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10))
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    return UUID(int=(value & ~(0x3 << 62)) | (0x2 << 62))
