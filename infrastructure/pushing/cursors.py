"""How far sinks were told, and who is telling them just now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from infrastructure.lines import Lines
from projections.sinks import SinkRow

LEASE_SECONDS = 60
ERROR_CHARACTERS_MAX = 500

# What was wished for since is followed: a replay moves the cursor, anything else is a fresh start.
FOLLOW: LiteralString = """
with told as (
    select * from unnest(%(ids)s::uuid[], %(starts)s::bigint[], %(replays)s::bigint[],
        %(marks)s::bigint[]) as t (sink_id, start, replayed, mark)
), added as (
    insert into work.sinks (sink_id, position, mark) select sink_id, start, mark from told
    on conflict do nothing
)
update work.sinks s set
    position = case when s.mark < t.replayed then t.start else s.position end,
    until = case when s.mark < t.replayed then null else s.until end,
    mark = t.mark, failures = 0, failing_since = null, error = null, due_at = now()
from told t where s.sink_id = t.sink_id and s.mark < t.mark
"""
TAKE: LiteralString = """
update work.sinks set leased_by = %(me)s,
    leased_until = now() + make_interval(secs => %(lease)s)
where sink_id = any (%(ids)s) and due_at <= now() and position < %(head)s
    and (leased_until is null or leased_until <= now())
returning sink_id, position, until, mark, failures
"""
BEGIN: LiteralString = """
update work.sinks set until = %(until)s, leased_until = now() + make_interval(secs => %(lease)s)
where sink_id = %(id)s and leased_by = %(me)s and mark = %(mark)s
"""
MOVE: LiteralString = """
update work.sinks set position = %(until)s, until = null, failures = 0, failing_since = null,
    error = case when %(count)s > 0 then nullif(%(complaint)s, '') else error end,
    delivered = delivered + %(count)s,
    delivered_at = case when %(count)s > 0 then now() else delivered_at end,
    leased_until = now() + make_interval(secs => %(lease)s)
where sink_id = %(id)s and leased_by = %(me)s and mark = %(mark)s
"""
FAIL: LiteralString = """
update work.sinks set failures = failures + 1, failing_since = coalesce(failing_since, now()),
    error = %(error)s, due_at = now() + make_interval(secs => %(pause)s)
where sink_id = %(id)s and leased_by = %(me)s and mark = %(mark)s
returning failures, extract(epoch from now() - failing_since)::float
"""
FREE: LiteralString = """
update work.sinks set leased_by = null, leased_until = null
where sink_id = any (%(ids)s) and leased_by = %(me)s
"""
STATES: LiteralString = """
select sink_id, position, failures, error, due_at, delivered, delivered_at, failing_since
from work.sinks where sink_id = any (%(ids)s)
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """A sink that is ours to tell: from where, and up to where a message was begun."""

    sink_id: UUID
    position: int
    until: int | None
    mark: int
    failures: int


@dataclass(frozen=True, slots=True)
class SinkState:
    """How a sink does; `due_at` matters while it fails."""

    position: int
    failures: int
    error: str | None
    due_at: datetime
    delivered: int
    delivered_at: datetime | None
    failing_since: datetime | None


@dataclass(frozen=True, slots=True)
class Cursors:
    """The table `work.sinks`, in the name of one worker."""

    lines: Lines
    me: UUID

    async def follow(self, sinks: Sequence[SinkRow]) -> None:
        """Do what was wished for of sinks, and begin those that are new."""
        await self.lines.run(
            FOLLOW,
            {
                "ids": [each.id for each in sinks],
                "starts": [each.start for each in sinks],
                "replays": [each.replayed for each in sinks],
                "marks": [each.mark for each in sinks],
            },
        )

    async def take(self, ids: Iterable[UUID], head: int) -> list[Turn]:
        """Sinks for whom it is time, and whom nobody else tells."""
        what = {"ids": list(ids), "head": head, "me": self.me, "lease": LEASE_SECONDS}
        return [Turn(*row) for row in await self.lines.rows(TAKE, what)]

    async def begin(self, turn: Turn, until: int) -> bool:
        """Note what is sent now; False when it is not ours any more."""
        return await self.lines.run(BEGIN, {**self._own(turn), "until": until}) == 1

    async def move(self, turn: Turn, until: int, count: int, complaint: str = "") -> bool:
        """All up to here has arrived; False when it is not ours any more."""
        what = {"until": until, "count": count, "complaint": complaint[:ERROR_CHARACTERS_MAX]}
        return await self.lines.run(MOVE, {**self._own(turn), **what}) == 1

    async def fail(self, turn: Turn, error: str, pause: float) -> tuple[int, float]:
        """Note why it did not arrive; how often that was so by now, and for how many seconds."""
        what = {"error": error[:ERROR_CHARACTERS_MAX], "pause": pause}
        row = await self.lines.row(FAIL, {**self._own(turn), **what})
        return (row[0], row[1]) if row else (0, 0.0)

    async def free(self, ids: Iterable[UUID]) -> None:
        """Let others tell them."""
        await self.lines.run(FREE, {"ids": list(ids), "me": self.me})

    def _own(self, turn: Turn) -> Mapping[str, object]:
        return {"id": turn.sink_id, "me": self.me, "mark": turn.mark, "lease": LEASE_SECONDS}


async def states_of(lines: Lines, ids: Iterable[UUID]) -> dict[UUID, SinkState]:
    """How sinks do; one of whom no worker has heard is not there."""
    rows = await lines.rows(STATES, {"ids": list(ids)})
    return {row[0]: SinkState(*row[1:]) for row in rows}


async def forget(lines: Lines, sink_id: UUID) -> None:
    """Forget how far a sink was told."""
    await lines.run("delete from work.sinks where sink_id = %(id)s", {"id": sink_id})
