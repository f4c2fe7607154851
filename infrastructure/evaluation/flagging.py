"""Records who is flagged by the arithmetic, now and whenever enough new votes came."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from application.command import carry_out
from application.evaluation.voters import METHOD, Suspicion
from application.leaderboards.asking import Asked
from application.leaderboards.judging import suspected
from application.ports import SYSTEM, Actor
from application.voters import RecordFlags
from domain.voters import Found
from infrastructure.base_log import BaseLog
from infrastructure.evaluation.boards import Boards
from infrastructure.lines import Lines
from infrastructure.reader import Reader
from projections.votes import votes

AT_ONCE_MAX = 100
NEW_MIN = 20
NEW_MAX = 10_000

# One that was never reckoned, one with enough new acts (a hundredth of what counts), or with any
# after an hour.
DUE = """
    select m.space, m.position from moved m left join work.reckonings r using (space)
    where m.position > coalesce(r.position, 0) and (
        r.at is null or r.at < now() - interval '1 hour' or (
            select count(*) from (
                select from actions a where a.space = m.space and a.position > r.position
                limit %(most)s) a
        ) >= greatest(%(least)s, least(%(most)s, (
            select coalesce(sum(n), 0) / 100 from tallies t
            where t.space = m.space and t.scope = 'all'))))
    order by m.space
"""


@dataclass(frozen=True, slots=True)
class Flags:
    """What a reckoning came to: who is flagged, and of how many that was news."""

    flagged: tuple[str, ...]
    changes: int


async def record_flags(boards: Boards, log: BaseLog, space: str, actor: Actor = SYSTEM) -> Flags:
    """Reckon the voters of a space, and record what changed."""
    asked = Asked(votes="trusted", space=space)
    place = await boards.place(asked)
    rows = await boards.rows(space, place)
    rulings = await boards.rulings(space, place)
    records = await boards.records(asked, place)
    found = await asyncio.to_thread(suspected, rows, rulings)
    odd = {each.voter: found_of(each) for each in found if each.is_flagged}
    even = [
        voter
        for voter, each in records.items()
        if each.flagged and not each.by and voter not in odd
    ]
    changes = 0
    for part in parts(odd):
        changes += (await carry_out(RecordFlags(space, part), log=log, actor=actor)).result
    for start in range(0, len(even), AT_ONCE_MAX):
        wish = RecordFlags(space, even=tuple(even[start : start + AT_ONCE_MAX]))
        changes += (await carry_out(wish, log=log, actor=actor)).result
    return Flags(tuple(sorted(odd)), changes)


def found_of(suspicion: Suspicion) -> Found:
    """What is recorded of a suspicion."""
    scores = {"for_model": suspicion.for_model, "against_odds": suspicion.against_odds}
    return Found(METHOD, {name: round(score, 3) for name, score in scores.items()})


def parts(odd: Mapping[str, Found]) -> Sequence[dict[str, Found]]:
    """A few at a time, since each part is one transaction."""
    rest = iter(odd.items())
    found = []
    while part := dict(islice(rest, AT_ONCE_MAX)):
        found.append(part)
    return found


@dataclass(frozen=True, slots=True)
class Flagging:
    """The chore `flag_voters`: reckons the spaces in which enough happened since."""

    log: BaseLog
    lines: Lines
    reader: Reader

    async def run(self, _: object = None) -> None:
        """Reckon what is due. What was read for it is forgotten again."""
        async with self.reader.read(votes) as db:
            await db.execute(DUE, {"least": NEW_MIN, "most": NEW_MAX})
            due = [(row["space"], row["position"]) for row in await db.fetchall()]
        for space, position in due:
            await record_flags(Boards(self.reader, self.log), self.log, space)
            await self.lines.run(
                "insert into work.reckonings (space, position) values (%(space)s, %(position)s)"
                " on conflict (space) do update set position = excluded.position, at = now()",
                {"space": space, "position": position},
            )
