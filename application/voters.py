"""What is recorded about voters: what the arithmetic finds, and what administrators say."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from application.command import Command, Work
from application.users import require_administrator
from domain.voters import Found, Voter


async def voter_of(work: Work, space: str, voter_id: str) -> Voter:
    """A voter, noticed now if he never was."""
    if known := await work.find(Voter, Voter.id_of(space, voter_id)):
        return known
    voter = Voter.notice(space, voter_id)
    work.add(voter)
    return voter


@dataclass(frozen=True, slots=True)
class RecordFlags(Command[int]):
    """Record what came out of a reckoning: who is odd, and who no more. Tells how many changed."""

    space: str
    odd: Mapping[str, Found] = field(default_factory=dict)
    even: tuple[str, ...] = ()

    async def execute(self, work: Work) -> int:
        require_administrator(work)
        voters = []
        for voter_id, found in self.odd.items():
            voters.append(await voter_of(work, self.space, voter_id))
            voters[-1].find(found)
        for voter_id in self.even:
            voters.append(await voter_of(work, self.space, voter_id))
            voters[-1].find_nothing()
        return sum(bool(each.pending_events) for each in voters)


@dataclass(frozen=True, slots=True)
class FlagVoter(Command[None]):
    """Trust a voter no more, by hand; `scores` are those he has now."""

    space: str
    voter_id: str
    scores: Mapping[str, float] = field(default_factory=dict)

    async def execute(self, work: Work) -> None:
        require_administrator(work)
        voter = await voter_of(work, self.space, self.voter_id)
        voter.flag(dict(self.scores), by=work.actor.id)


@dataclass(frozen=True, slots=True)
class ClearVoter(Command[None]):
    """Trust what a voter voted until now.

    `found` is what the arithmetic says of him, so that the log tells what was forgiven also when
    nobody had recorded it yet.
    """

    space: str
    voter_id: str
    reason: str = ""
    found: Found | None = None

    async def execute(self, work: Work) -> None:
        require_administrator(work)
        voter = await voter_of(work, self.space, self.voter_id)
        if self.found is not None:
            voter.find(self.found)
        voter.clear(self.reason, by=work.actor.id)
