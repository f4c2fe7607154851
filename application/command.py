"""How a wish becomes fact: open, decide, append; all of it or nothing."""

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID, uuid4

from application.ports import Actor, Envelope, Log, Stale
from domain.aggregate import Aggregate
from domain.errors import NotFound, Refusal

A = TypeVar("A", bound=Aggregate)
R = TypeVar("R")

ATTEMPTS_MAX = 5
JITTER_SECONDS = 0.01


class Work:
    """One unit of work: who acts, and which aggregates are open on the table.

    The first attempt is hopeful: it works on remembered aggregates and takes new ids for new,
    which saves the round trips; the log refuses what was decided on an old state, and the
    next attempt looks again.
    """

    def __init__(self, log: Log, actor: Actor, command_id: UUID, *, hopeful: bool = False) -> None:
        self.actor = actor
        self.command_id = command_id
        self._log = log
        self.hopeful = hopeful
        self._open: dict[UUID, Aggregate] = {}
        self._guards: dict[UUID, UUID | None] = {}

    async def get(self, kind: type[A], key: UUID, *, fresh: bool = False) -> A:
        """Open an existing aggregate, or raise NotFound; with fresh=True always as it is now."""
        if key not in self._open:
            self._open[key] = await self._log.get(kind, key, fresh=fresh or not self.hopeful)
        found = self._open[key]
        if not isinstance(found, kind):
            raise NotFound(kind.__name__.lower(), key)
        return found

    async def find(self, kind: type[A], key: UUID, *, fresh: bool = False) -> A | None:
        """Open an aggregate if there is one."""
        try:
            return await self.get(kind, key, fresh=fresh)
        except NotFound:
            return None

    async def known(self, kind: type[A], key: UUID) -> A | None:
        """The aggregate of an id that is new as a rule; a hopeful attempt does not even look."""
        if self.hopeful and key not in self._open:
            return None
        return await self.find(kind, key)

    def add(self, aggregate: Aggregate) -> None:
        """Put a new aggregate on the table."""
        self._open[aggregate.id] = aggregate

    def require(self, key: UUID, *, root: UUID | None = None) -> None:
        """Have the log refuse everything unless that stream exists, below root, and is open."""
        self._guards[key] = root

    async def commit(self, envelope: Envelope) -> int | None:
        """Append what changed, in one transaction."""
        changed = [each for each in self._open.values() if each.pending_events]
        if not changed:
            return None
        return await self._log.append(changed, tuple(self._guards.items()), envelope)


class Command(ABC, Generic[R]):
    """A wish as data. Subclasses are frozen dataclasses; their fields are JSON-friendly."""

    @abstractmethod
    async def execute(self, work: Work) -> R:
        """Decide, by calling aggregates. Must be safe to run again from the start."""


@dataclass(frozen=True, slots=True)
class Receipt(Generic[R]):
    """What a command returned, and where in the log its last event stands."""

    result: R
    position: int | None


async def carry_out(
    command: Command[R],
    *,
    log: Log,
    actor: Actor,
    command_id: UUID | None = None,
    causation_id: UUID | None = None,
) -> Receipt[R]:
    """Run a command, looking again when somebody else was faster."""
    command_id = command_id or uuid4()
    envelope = Envelope(actor, command_id, causation_id or command_id, causation_id)
    for attempt in range(ATTEMPTS_MAX):
        work = Work(log, actor, command_id, hopeful=attempt == 0)
        try:
            receipt = await _attempt(command.execute(work), work, envelope)
            if attempt or receipt.position is not None:
                return receipt  # what is decided from memory, to do nothing, is looked at again
        except Refusal:
            if attempt:
                raise  # a hopeful attempt may have been refused for what is no longer so
        except Stale:
            if attempt == ATTEMPTS_MAX - 1:
                raise
            await asyncio.sleep(random.random() * JITTER_SECONDS * attempt)  # noqa: S311
    raise AssertionError("unreachable")


async def _attempt(deciding: Awaitable[R], work: Work, envelope: Envelope) -> Receipt[R]:
    result = await deciding
    return Receipt(result, await work.commit(envelope))
