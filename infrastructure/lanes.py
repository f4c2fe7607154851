"""Lanes: each moves its read models and policies along the log, with one owner at a time."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

import psycopg

from application.ports import Unavailable
from domain.reactions import Reactions
from infrastructure.base_log import BaseLog
from infrastructure.follower import Context, Fenced, Member, explained
from infrastructure.postgres import Connection, connect
from infrastructure.rebuilds import SETTINGS
from infrastructure.tenure import Tenure
from projections.read_model import ReadModel

logger = logging.getLogger("quire.lanes")

LOCK = 7105
RIVAL_SECONDS = 1.0
FROZEN_SECONDS = 10.0
PAUSE_SECONDS = 0.1
PAUSE_SECONDS_MAX = 5.0
LOST = (psycopg.Error, Unavailable, Fenced, TimeoutError)

OWN = """
    insert into log.lanes as l (name, epoch) values (%(lane)s, 1)
    on conflict (name) do update set epoch = l.epoch + 1 returning epoch
"""
PROGRESS = """
    select l.position, h.position > l.position, o.pid
    from log.head h
    left join log.lanes l on l.name = %(lane)s
    left join pg_locks o on o.locktype = 'advisory' and o.granted and o.objsubid = 2
        and o.database = (select oid from pg_database where datname = current_database())
        and o.classid = %(lock)s and o.objid = hashtext(%(lane)s)::bit(32)::bigint
"""


@dataclass(frozen=True, slots=True)
class Policy:
    """Reactions with effects, and what makes the context their handlers work with."""

    reactions: Reactions[Any]
    context: Callable[[], Context]


class Lane:
    """Follows the log whenever nobody else does; `run` in as many processes as you like.

    A lane nobody waits for lets news gather for `gather_seconds` before it reads them: fewer
    transactions, and what people do wait for goes first.
    """

    def __init__(
        self,
        name: str,
        log: BaseLog,
        url: str,
        *,
        models: Iterable[ReadModel] = (),
        policies: Iterable[Policy] = (),
        gather_seconds: float = 0.0,
    ) -> None:
        self.name = name
        self._log = log
        self._url = url
        self._models = tuple(models)
        self._policies = tuple(policies)
        self._gather_seconds = gather_seconds

    async def run(self, stop: asyncio.Event) -> None:
        """Own the lane and move it until told to stop; whatever is lost is sought again."""
        pause = PAUSE_SECONDS
        while not stop.is_set():
            try:
                async with self._owned(stop) as tenure:
                    if tenure is not None:
                        await tenure.work(stop)
                        pause = PAUSE_SECONDS
            except LOST as error:
                logger.warning("lane %s is lost: %s", self.name, explained(error))
                await rest(stop, pause)
                pause = min(2 * pause, PAUSE_SECONDS_MAX)

    @asynccontextmanager
    async def _owned(self, stop: asyncio.Event) -> AsyncIterator[Tenure | None]:
        """Wait until the lane is ours; it is as long as the connection lasts."""
        name = f"quire lane {self.name}"
        async with await connect(self._url, autocommit=True, name=name) as line:
            await line.execute(SETTINGS)
            if not await self.lock(line, stop):
                yield None
                return
            row = await (await line.execute(OWN, {"lane": self.name})).fetchone()
            assert row is not None
            logger.info("lane %s is ours in epoch %s", self.name, row[0])
            policies = [member_of(each) for each in self._policies]
            tenure = Tenure(self.name, self._log, self._url, line, row[0], self._models, policies)
            tenure.gather_seconds = self._gather_seconds
            yield tenure

    async def lock(self, line: Connection, stop: asyncio.Event) -> bool:
        """Try to be the owner again and again; one that is frozen is put away."""
        seen, since = None, monotonic()
        while not stop.is_set():
            what = {"lane": self.name, "lock": LOCK}
            row = await (
                await line.execute(
                    "select pg_try_advisory_lock(%(lock)s, hashtext(%(lane)s))", what
                )
            ).fetchone()
            if row and row[0]:
                return True
            progress = await (await line.execute(PROGRESS, what)).fetchone()
            assert progress is not None
            position, is_behind, pid = progress
            if position != seen or not is_behind:
                seen, since = position, monotonic()
            elif pid is not None and monotonic() > since + FROZEN_SECONDS:
                logger.warning("owner of lane %s is frozen: backend %s", self.name, pid)
                await line.execute("select pg_terminate_backend(%s)", [pid])
            await rest(stop, RIVAL_SECONDS)
        return False


def member_of(policy: Policy) -> Member:
    """A policy as a member of its lane."""
    return Member(policy.reactions, policy.context, policy.reactions.name, has_tables=False)


async def rest(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but not when everything is to stop."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
