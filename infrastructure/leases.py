"""Who writes which answer: rows that a worker holds while it lives."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from application.ports import Unavailable
from infrastructure.postgres import Connection, connect

DEAD_SECONDS = 5
STATEMENT_SECONDS_MAX = 8.0

# Whose answers are fewest comes first, so a flood of one person leaves the others their turn.
# What is to be stopped needs no turn. A heartbeat that is too old means that its worker is dead.
CLAIM: LiteralString = """
with open as (
    select answer_id, owner_id, position, stopping,
           state = 'running' and heartbeat_at < now() - make_interval(secs => %(dead)s) as dead,
           state = 'queued' as queued
    from work.answers where answer_id <> all (%(mine)s)
), busy as (
    select owner_id, count(*) as running from work.answers
    where state = 'running' group by owner_id
), turns as (
    select o.answer_id, o.position, case when o.dead or o.stopping then 0 else
           coalesce(b.running, 0) + row_number() over (
               partition by o.owner_id, o.dead or o.stopping order by o.position) end as turn
    from open o left join busy b using (owner_id)
    where o.queued or o.dead
), chosen as (
    select a.answer_id from work.answers a join turns t using (answer_id)
    where t.turn <= %(user_max)s
      and (a.state = 'queued' or a.heartbeat_at < now() - make_interval(secs => %(dead)s))
    order by t.turn, t.position limit %(count)s
    for update of a skip locked
)
update work.answers a
set state = 'running', worker = %(worker)s, heartbeat_at = now(), attempts = attempts + 1
from chosen c where c.answer_id = a.answer_id
returning a.answer_id, a.chat_id, a.owner_id, a.attempts, a.stopping, a.position
"""

BEAT: LiteralString = """
update work.answers set heartbeat_at = now()
where worker = %(worker)s and state = 'running' and answer_id = any (%(mine)s)
returning answer_id, stopping, position
"""

END: LiteralString = """
delete from work.answers a
using unnest(%(answers)s::uuid[], %(positions)s::bigint[]) as e (answer_id, position)
where a.answer_id = e.answer_id and a.worker = %(worker)s and a.position = e.position
"""

RETURN: LiteralString = """
update work.answers set state = 'queued', worker = null
where worker = %(worker)s and state = 'running' and answer_id = any (%(mine)s)
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write one answer, for as long as the heart beats."""

    answer_id: UUID
    chat_id: UUID
    owner_id: UUID
    attempts: int
    stopping: bool
    position: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a heartbeat found out about one lease that is still held."""

    stopping: bool
    position: int


class Leases:
    """The leases of one worker, on a connection of its own.

    A commit that is lost in a crash leaves a row as it was before, and the attempt numbers in
    the log keep two workers apart even then; so nobody waits for the disk here.
    """

    def __init__(self, url: str, worker: UUID, *, user_max: int) -> None:
        self._url = url
        self._worker = worker
        self._user_max = user_max
        self._line: Connection | None = None
        self._turn = asyncio.Lock()

    async def claim(self, count: int, mine: Collection[UUID] = ()) -> list[Lease]:
        """Take up to count answers that wait or whose worker died, in fair order."""
        rows = await self._run(
            CLAIM,
            {"count": count, "mine": list(mine), "dead": DEAD_SECONDS, "user_max": self._user_max},
        )
        return [Lease(*row) for row in rows]

    async def beat(self, mine: Sequence[UUID]) -> dict[UUID, Pulse]:
        """Say that we live; what is missing in the reply is no longer ours."""
        rows = await self._run(BEAT, {"mine": list(mine)})
        return {answer_id: Pulse(stopping, position) for answer_id, stopping, position in rows}

    async def end(self, leases: Collection[Lease]) -> None:
        """Nothing more is to be done, unless somebody has asked anew since."""
        answers = [each.answer_id for each in leases]
        positions = [each.position for each in leases]
        await self._run(END, {"answers": answers, "positions": positions})

    async def give_back(self, mine: Collection[UUID]) -> None:
        """Let others go on with these at once."""
        await self._run(RETURN, {"mine": list(mine)})

    async def close(self) -> None:
        """Let the connection go."""
        line, self._line = self._line, None
        if line is not None:
            await line.close()

    async def _run(self, sql: LiteralString, params: Mapping[str, Any]) -> list[Any]:
        try:
            async with self._turn, asyncio.timeout(STATEMENT_SECONDS_MAX):
                line = await self._connected()
                cursor = await line.execute(sql, {"worker": self._worker, **params}, prepare=True)
                return await cursor.fetchall() if cursor.description else []
        except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError) as error:
            raise Unavailable("The database is away for the moment.") from error

    async def _connected(self) -> Connection:
        if self._line is None or self._line.closed:
            self._line = await connect(self._url, autocommit=True, name="quire leases")
            await self._line.execute("set synchronous_commit = off")
        return self._line
