"""Which votes count: the policy, and the reason of every vote that does not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Literal, NamedTuple

from application.evaluation.votes import Action, Bout, Outcome

Reason = Literal[
    "unknown_battle",
    "self_pair",
    "not_blind",
    "incomplete",
    "identity_leak",
    "duplicate_prompt",
    "prompt_cap",
    "voter_daily_cap",
    "flagged_voter",
]
REASONS: tuple[Reason, ...] = (
    "unknown_battle",
    "self_pair",
    "not_blind",
    "incomplete",
    "identity_leak",
    "duplicate_prompt",
    "prompt_cap",
    "voter_daily_cap",
    "flagged_voter",
)


@dataclass(frozen=True, slots=True)
class Policy:
    """How often one prompt and one voter count. A limit of 0 is none."""

    version: int = 1
    prompt_votes_max: int = 20
    voter_day_votes_max: int = 50


class Effective(NamedTuple):
    """What a voter says of a battle in the end; `place` is the position of the act that said so."""

    place: int
    voter: str
    battle: str
    winner: Outcome
    at: datetime
    seq: int = 0


class Verdict(NamedTuple):
    """Whether a vote counts: `reason` is None, or the first rule that it breaks."""

    vote: Effective
    reason: Reason | None


def effective(actions: Iterable[Action]) -> list[Effective]:
    """What voters say in the end, in the order of place.

    Of all acts of a voter on a battle the last by position decides; a change after the reveal
    is none.
    """
    last: dict[tuple[str, str], Action] = {}
    for each in sorted(actions, key=attrgetter("position")):
        if each.kind == "change" and each.after_reveal:
            continue
        last[each.voter, each.battle] = each
    found = [
        Effective(each.position, each.voter, each.battle, each.winner, each.at, each.seq)
        for each in last.values()
        if each.kind != "retract" and each.winner is not None
    ]
    found.sort(key=attrgetter("place"))
    return found


def standing(bout: Bout | None) -> Reason | None:
    """The first reason that lies in the battle alone."""
    if bout is None:
        return "unknown_battle"
    if bout.blind and bout.complete and not bout.leaked and bout.model_a != bout.model_b:
        return None
    rules: tuple[tuple[Reason, bool], ...] = (
        ("self_pair", bout.model_a == bout.model_b),
        ("not_blind", not bout.blind),
        ("incomplete", not bout.complete),
        ("identity_leak", bout.leaked),
    )
    return next((reason for reason, broken in rules if broken), None)


class Walk:
    """Goes through votes in the order of place and says of each whether it counts."""

    def __init__(
        self, bouts: Mapping[str, Bout], policy: Policy, flagged: Collection[str] = ()
    ) -> None:
        self._bouts = bouts
        self._policy = policy
        self._flagged = frozenset(flagged)
        self._said: set[tuple[str, str, str, bytes | str]] = set()
        self._prompts: dict[bytes | str, int] = {}
        self._days: dict[tuple[str, int], int] = {}

    def judge(self, vote: Effective) -> Verdict:
        """The verdict on the next vote."""
        bout = self._bouts.get(vote.battle)
        reason = standing(bout)
        if reason is None:
            assert bout is not None
            reason = self._place(vote, bout)
        if reason is None and vote.voter in self._flagged:
            reason = "flagged_voter"
        return Verdict(vote, reason)

    def _place(self, vote: Effective, bout: Bout) -> Reason | None:
        """Whether there is room for it; if so, it is taken."""
        a, b = bout.model_a, bout.model_b
        said = (vote.voter, a, b, bout.prompt) if a < b else (vote.voter, b, a, bout.prompt)
        at = vote.at if vote.at.tzinfo is UTC else vote.at.astimezone(UTC)
        day = (vote.voter, at.toordinal())
        prompts, days = self._prompts.get(bout.prompt, 0), self._days.get(day, 0)
        if said in self._said:
            return "duplicate_prompt"
        if 0 < self._policy.prompt_votes_max <= prompts:
            return "prompt_cap"
        if 0 < self._policy.voter_day_votes_max <= days:
            return "voter_daily_cap"
        self._said.add(said)
        self._prompts[bout.prompt] = prompts + 1
        self._days[day] = days + 1
        return None


def judged(
    votes: Iterable[Effective],
    bouts: Mapping[str, Bout],
    policy: Policy,
    flagged: Collection[str] = (),
) -> list[Verdict]:
    """The verdict on every vote; `flagged` voters are left out after all other rules."""
    walk = Walk(bouts, policy, flagged)
    return [walk.judge(each) for each in votes]
