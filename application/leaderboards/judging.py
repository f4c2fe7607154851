"""Votes with their verdicts, folded from all that happened up to a place in the log."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from application.evaluation.eligibility import Policy, Verdict, effective, judged
from application.evaluation.style_of import Style
from application.evaluation.voters import Suspicion, suspicions
from application.evaluation.votes import Action, Bout, Game, Outcome
from application.leaderboards.asking import Asked

FLAGGED = "flagged_voter"
CAPPED = ("duplicate_prompt", "prompt_cap", "voter_daily_cap")


@dataclass(frozen=True, slots=True)
class Row:
    """A vote that stands, and the first reason why it does not count."""

    place: int
    seq: int
    voter: str
    battle: str
    winner: Outcome
    at: datetime
    reason: str | None
    model_a: str = ""
    model_b: str = ""
    prompt: str = ""
    category: str = ""
    language: str = ""
    style_a: Style = field(default_factory=Style)
    style_b: Style = field(default_factory=Style)

    @property
    def game(self) -> Game:
        """The vote as the numbers need it."""
        return Game(self.model_a, self.model_b, self.winner)


Facts = Iterable[tuple[str, Mapping[str, Any]]]


def bouts_of(facts: Facts) -> dict[str, Bout]:
    """Battles as they are after some facts about them."""
    known: dict[str, dict[str, Any]] = {}
    for battle, fact in facts:
        known.setdefault(battle, {}).update(fact)
    return {battle: bout(battle, found) for battle, found in known.items() if "model_a" in found}


def bout(battle: str, known: Mapping[str, Any]) -> Bout:
    """One battle; a side that has not ended is not complete."""
    statuses = known.get("status_a"), known.get("status_b")
    return Bout(
        id=battle,
        model_a=known["model_a"],
        model_b=known["model_b"],
        blind=known["blind"],
        complete=statuses == ("complete", "complete"),
        leaked=bool(known.get("leaked_a") or known.get("leaked_b")),
        prompt=known["prompt"],
        category=known.get("category", ""),
        language=known.get("language", ""),
        style_a=style(known.get("style_a")),
        style_b=style(known.get("style_b")),
    )


def style(counts: Mapping[str, float] | None) -> Style:
    """How an answer looks."""
    found = counts or {}
    names = ("tokens", "headers", "lists", "bold")
    return Style(**{name: float(found.get(name) or 0) for name in names})


def folded(facts: Facts, acts: Iterable[Action], policy: Policy) -> list[Row]:
    """The verdict on every vote that stands, in the order of place."""
    bouts = bouts_of(facts)
    return [
        row_of(each, bouts.get(each.vote.battle)) for each in judged(effective(acts), bouts, policy)
    ]


def row_of(verdict: Verdict, found: Bout | None) -> Row:
    """One vote with what is known of its battle."""
    vote = verdict.vote
    what = (vote.place, vote.seq, vote.voter, vote.battle, vote.winner, vote.at, verdict.reason)
    if found is None:
        return Row(*what)
    return Row(
        *what,
        model_a=found.model_a,
        model_b=found.model_b,
        prompt=str(found.prompt),
        category=found.category,
        language=found.language,
        style_a=found.style_a,
        style_b=found.style_b,
    )


@dataclass(frozen=True, slots=True)
class Ruling:
    """What an administrator said last of a voter, and where in the log."""

    position: int
    flagged: bool


Rulings = Mapping[str, Ruling]


def suspected(rows: Iterable[Row], rulings: Rulings) -> list[Suspicion]:
    """How odd everybody with enough counted votes is; what was cleared is not looked at."""
    games: dict[str, list[Game]] = {}
    settled: list[Game] = []
    for each in rows:
        ruling = rulings.get(each.voter)
        if each.reason is not None:
            continue
        if ruling is not None and not ruling.flagged and each.place < ruling.position:
            settled.append(each.game)
        else:
            games.setdefault(each.voter, []).append(each.game)
    outcast = frozenset(voter for voter, ruling in rulings.items() if ruling.flagged)
    return suspicions(games, outcast=outcast, settled=settled)


def trusted(rows: Sequence[Row], rulings: Rulings) -> list[Row]:
    """The same votes, where those of odd voters and of those flagged by hand do not count."""
    odd = {each.voter for each in suspected(rows, rulings) if each.is_flagged}
    odd |= {voter for voter, ruling in rulings.items() if ruling.flagged}
    return [
        replace(each, reason=FLAGGED) if each.reason is None and each.voter in odd else each
        for each in rows
    ]


def chosen(rows: Sequence[Row], asked: Asked, rulings: Rulings) -> list[Row]:
    """The votes of a table, with the verdicts that hold in it."""
    if asked.votes == "trusted":
        rows = trusted(rows, rulings)
    elif asked.votes == "all":
        rows = [replace(each, reason=None) if each.reason in CAPPED else each for each in rows]
    return [each for each in rows if is_inside(each, asked)]


def is_inside(row: Row, asked: Asked) -> bool:
    """Whether a vote is about what was asked for."""
    return (
        asked.category in (None, row.category)
        and asked.language in (None, row.language)
        and (asked.since is None or row.at >= asked.since)
        and (asked.until is None or row.at < asked.until)
    )
