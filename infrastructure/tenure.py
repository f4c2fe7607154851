"""One owner's time with a lane: it moves the members, fills new ones and lets them take over."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg

from application.ports import Unavailable
from infrastructure.base_log import BaseLog
from infrastructure.follower import (
    Batch,
    Context,
    Fenced,
    Member,
    collect,
    create,
    enter,
    explained,
    park,
    refuse_transient,
    store,
    tell,
    topics_of,
    write_told,
)
from infrastructure.postgres import Connection
from infrastructure.rebuilds import Filling
from projections.read_model import ReadModel, Writes

logger = logging.getLogger("quire.lanes")

BATCH_LIVE = 500
BATCH = 1_000  # rows that are updated again and again get slower within one transaction
WAIT_SECONDS = 0.5
TEND_SECONDS = 1.0
BATCH_SECONDS_MAX = 120.0
KEEP_OLD_SECONDS = 10
FOLLOW_UPS_MAX = 100

ADVANCE = "select log.advance_lane(%(lane)s, %(epoch)s, %(reached)s)"
NEW = """
    insert into log.read_models (schema, name, version, lane, state)
    values (%(schema)s, %(name)s, %(version)s, %(lane)s, %(state)s)
    on conflict (schema) do nothing
"""
SWITCH_OLD = """
    update log.read_models set state = 'old', switched_at = now()
    where name = %(name)s and state = 'live'
"""
SWITCH_NEW = """
    update log.read_models set state = 'live', switched_at = now() where schema = %(schema)s
"""


@dataclass(slots=True)
class Tenure:
    """What the owner of a lane holds; it ends with the connection that holds the lock."""

    lane: str
    log: BaseLog
    url: str
    line: Connection
    epoch: int
    models: Sequence[ReadModel]
    policies: Sequence[Member]
    position: int = 0
    members: list[Member] = field(default_factory=list)
    filling: Filling | None = None
    task: asyncio.Task[None] | None = None
    tended: float = 0.0
    saved: int = 0
    gather_seconds: float = 0.0
    follow_ups: set[asyncio.Future[None]] = field(default_factory=set)

    async def work(self, stop: asyncio.Event) -> None:
        """Follow the log until told to stop, or until the lane is lost."""
        await self.prepare()
        await self.retry()
        try:
            while not stop.is_set():
                head = await self._news()
                async with asyncio.timeout(BATCH_SECONDS_MAX):
                    await self.advance(head)
                if monotonic() > self.tended + TEND_SECONDS:
                    await self.tend()
        finally:
            await self.drop_task()
            await asyncio.gather(*self.follow_ups)

    async def _news(self) -> int:
        """Where the log ends, as soon as that is beyond the position or some time is over."""
        head = await self.log.wait(self.position, WAIT_SECONDS)
        if self.gather_seconds and 0 < head - self.position < BATCH_LIVE:
            await asyncio.sleep(self.gather_seconds)
            head = await self.log.wait(self.position, 0)
        return head

    async def prepare(self) -> None:
        """Find out where the lane stands, and add what is new in it."""
        row = await self._row("select position from log.lanes where name = %s", [self.lane])
        assert row is not None
        self.position = self.saved = row[0]
        async with self.line.transaction():
            for model in self.models:
                await self._prepare_model(model)
            for member in self.policies:
                what = {"schema": member.schema, "name": member.schema, "version": 0}
                await self._do(NEW, what | {"lane": self.lane, "state": "live"})
                self.members.append(member)
        for member in self.members:
            rows = await self._rows(
                "select distinct root_id from log.parked where schema = %s", [member.schema]
            )
            member.parked = {each[0] for each in rows}

    async def _prepare_model(self, model: ReadModel) -> None:
        """Go on with a read model, or begin it; in an empty log it is up to date at once."""
        row = await self._row(
            "select schema from log.read_models"
            " where name = %s and version = %s and state = 'live'",
            [model.name, model.version],
        )
        if row is not None:
            self.members.append(member_of(model, row[0]))
            return
        state = "live" if self.position == 0 else "filling"
        what = {"schema": model.schema, "name": model.name, "version": model.version}
        await self._do(NEW, what | {"lane": self.lane, "state": state})
        if state == "live":
            await create(self.line, model.schema, model.tables)
            self.members.append(member_of(model, model.schema))

    async def advance(self, head: int) -> None:
        """Handle the next batch, if there is one."""
        behind = head - self.position
        if behind > 0:
            limit = BATCH if behind > BATCH_LIVE else BATCH_LIVE
            events = await self.log.read(self.position, limit, topics_of(self.members), until=head)
            reached = events[-1].position if len(events) == limit else head
            batches = [collect(each, events) for each in self.members]
            batches = [each for each in batches if each.told]
            self.position = reached
            if batches:
                await self._save(batches)
            # else it is saved with the next batch, or soon

    async def _save(self, batches: Sequence[Batch]) -> None:
        """Write rows and position; whatever is to follow happens then."""
        await store(self.line, batches, (ADVANCE, self._move()))
        self.saved = self.position
        await self._follow_up([each.context for each in batches])

    async def _follow_up(self, contexts: Sequence[Context]) -> None:
        """Let happen what follows a commit; the lane only waits when too much piles up."""
        if len(self.follow_ups) > FOLLOW_UPS_MAX:
            await asyncio.wait(self.follow_ups, return_when=asyncio.FIRST_COMPLETED)
        for each in contexts:
            task = asyncio.ensure_future(each.after_commit())
            self.follow_ups.add(task)
            task.add_done_callback(self.follow_ups.discard)

    def _move(self) -> dict[str, Any]:
        return {"lane": self.lane, "epoch": self.epoch, "reached": self.position}

    async def retry(self) -> None:
        """Try what was parked once more; the handlers may have been mended."""
        for member in self.members:
            for root_id in sorted(member.parked):
                await self._retry_root(member, root_id)

    async def _retry_root(self, member: Member, root_id: UUID) -> None:
        """Handle the parked events of one root in order, up to the first that fails again."""
        rows = await self._rows(
            "select position from log.parked where schema = %s and root_id = %s order by position",
            [member.schema, root_id],
        )
        for (position,) in rows:
            if not await self._retry_event(member, position):
                return
        member.parked.discard(root_id)

    async def _retry_event(self, member: Member, position: int) -> bool:
        context = member.context()
        recorded = (await self.log.read(position - 1, 1))[0]
        told = tell(member, context, recorded)
        error = told.error
        if not error:
            try:
                async with self.line.transaction():
                    await enter(self.line, member)
                    await write_told(self.line, [told])
                    await self.line.execute(
                        "delete from log.parked where schema = %s and position = %s",
                        [member.schema, position],
                    )
            except psycopg.Error as refusal:
                refuse_transient(refusal)
                error = explained(refusal)
        if error:
            await park(self.line, member, recorded, error)
            return False
        await self._follow_up([context])
        return True

    async def tend(self) -> None:
        """Look after what is not live: fill what is to be, drop what has been."""
        self.tended = monotonic()
        if self.saved < self.position:
            await self._save(())
        rows = await self._rows(
            "select schema, name, version, position, state, switched_at"
            " < now() - make_interval(secs => %s) from log.read_models"
            " where lane = %s and state <> 'live' order by made_at",
            [KEEP_OLD_SECONDS, self.lane],
        )
        models = {(each.name, each.version): each for each in self.models}
        if self.task is not None and self.task.done():
            await self._finish_filling()
            return
        for schema, name, version, position, state, is_past in rows:
            model = models.get((name, version))
            if (state == "old" and is_past) or (state == "filling" and model is None):
                await self._drop(schema)
            elif state == "filling" and model is not None and self.task is None:
                await self._begin_filling(model, schema, position)

    async def _begin_filling(self, model: ReadModel, schema: str, position: int) -> None:
        member = member_of(model, schema)
        if position == 0:
            async with self.line.transaction():
                await self._do(
                    "delete from log.parked where schema = %(schema)s", {"schema": schema}
                )
                await create(self.line, schema, model.tables)
        rows = await self._rows(
            "select distinct root_id from log.parked where schema = %s", [schema]
        )
        member.parked = {each[0] for each in rows}
        self.filling = Filling(self.log, member, position)
        self.task = asyncio.create_task(self.filling.run(self.url, lambda: self.position))
        logger.info("read model %s is being filled", schema)

    async def _finish_filling(self) -> None:
        """Let a filled read model take over; the lane stands still meanwhile."""
        assert self.task is not None
        assert self.filling is not None
        task, filling, self.task, self.filling = self.task, self.filling, None, None
        try:
            task.result()
        except (psycopg.Error, Unavailable, Fenced) as error:
            logger.warning("filling is interrupted: %s", explained(error))
            return
        member = filling.member
        name = member.reactions.name
        await filling.finish(self.line, self.position)
        async with self.line.transaction():
            await self._do(ADVANCE, self._move())
            await self._do(SWITCH_OLD, {"name": name})
            await self._do(SWITCH_NEW, {"schema": member.schema})
        self.members = [each for each in self.members if each.reactions.name != name]
        self.members.append(member)
        logger.info("read model %s takes over", member.schema)

    async def _drop(self, schema: str) -> None:
        """Drop a read model that nobody needs; if somebody still reads it, next time."""
        with contextlib.suppress(psycopg.errors.LockNotAvailable):
            async with self.line.transaction():
                await self.line.execute("set local lock_timeout = '500ms'")
                await self.line.execute(
                    psycopg.sql.SQL("drop schema if exists {} cascade").format(
                        psycopg.sql.Identifier(schema)
                    )
                )
                await self._do(
                    "delete from log.read_models where schema = %(schema)s", {"schema": schema}
                )

    async def drop_task(self) -> None:
        """Stop filling; whoever owns the lane next goes on with it."""
        if self.task is not None:
            self.task.cancel()
            with contextlib.suppress(asyncio.CancelledError, psycopg.Error, Unavailable, Fenced):
                await self.task

    async def _do(self, sql: str, params: dict[str, Any]) -> None:
        await self.line.execute(sql, params)

    async def _rows(self, sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
        cursor = await self.line.execute(sql, params)
        rows: list[tuple[Any, ...]] = await cursor.fetchall()
        return rows

    async def _row(self, sql: str, params: list[Any]) -> tuple[Any, ...] | None:
        rows = await self._rows(sql, params)
        return rows[0] if rows else None


def member_of(model: ReadModel, schema: str) -> Member:
    """A read model as a member of its lane."""
    return Member(model, Writes, schema, version=model.version)
