"""Answers what tables say: at the head from counts, at older places by a fold of all acts.

What was reckoned once is remembered by the position that mattered last and what was asked.
"""

import asyncio
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from application.evaluation.eligibility import Policy
from application.evaluation.votes import Action, Counts
from application.leaderboards.asking import (
    POSITION_MAX,
    Asked,
    BadParameter,
    PositionInFuture,
)
from application.leaderboards.content import (
    Standings,
    Totals,
    by_counts,
    by_feedback,
    by_rows,
    by_thumbs,
    told,
)
from application.leaderboards.judging import Row, Ruling, Rulings, chosen, folded, style
from application.leaderboards.topical import by_topic
from infrastructure.base_log import BaseLog
from infrastructure.evaluation.memory import Memory
from infrastructure.evaluation.topics import Topics
from infrastructure.reader import Reader
from projections import opinions, verdicts, voters
from projections.read_model import Db, ReadModel
from projections.votes import votes

REMEMBERED_MAX = 256
ROWS_REMEMBERED_MAX = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table stands: the position, whether that is the end, and the policy there.

    Votes on `hidden` battles are left out: who looks has voted on them, and would see by the
    difference whom.
    """

    position: int
    is_head: bool
    policy: Policy
    hidden: frozenset[str] = frozenset()


class Boards:
    """Makes tables. One per process."""

    def __init__(self, reader: Reader, log: BaseLog, topics: Topics | None = None) -> None:
        self._reader = reader
        self._log = log
        self._topics = topics
        self._tables = Memory(REMEMBERED_MAX)
        self._rows = Memory(ROWS_REMEMBERED_MAX)

    def forget(self) -> None:
        """Reckon everything anew from now on."""
        self._tables = Memory(REMEMBERED_MAX)
        self._rows = Memory(ROWS_REMEMBERED_MAX)

    @property
    def _compared(self) -> Topics:
        """What compares topics; only those who may be asked for one have it."""
        assert self._topics is not None
        return self._topics

    async def place(self, asked: Asked, *, after: int = 0) -> Place:
        """Where a table that is asked for stands."""
        moment = asked.moment
        if moment is not None and moment.position is not None:
            head = await self._log.head()
            if moment.position > head:
                raise PositionInFuture(head)
        model = model_of(asked)
        wanted = after if moment is None else max(after, moment.position or 0)
        async with self._reader.read(model, after=wanted) as db:
            until = POSITION_MAX if moment is None else await self._until(db, asked)
            if model is opinions.opinions:
                last = await opinions.last_opinion(db, until)
                return Place(last, is_head=moment is None, policy=Policy())
            last = await verdicts.moved(db, asked.space)
            if asked.votes == "trusted":
                last = max(last, await voters.last_ruling(db, asked.space))
            caps = await verdicts.caps(db, until)
        policy = Policy(caps.version, caps.prompt_votes_max, caps.voter_day_votes_max)
        is_head = moment is None or until >= last
        return Place(last if is_head else until, is_head=is_head, policy=policy)

    async def _until(self, db: Db, asked: Asked) -> int:
        """The position that is meant."""
        moment = asked.moment
        assert moment is not None
        if moment.position is not None:
            return moment.position
        if moment.at is not None:
            place = await verdicts.place_at(db, asked.space, moment.at)
            if asked.votes == "trusted":
                place = max(place, await voters.ruling_at(db, asked.space, moment.at))
            return place
        found = await verdicts.place_of(db, asked.space, moment.source or "", moment.seq)
        if found is None:
            raise BadParameter("as_of", ["import:NAME@SEQ of an import into this space"])
        return found

    async def board(self, asked: Asked, place: Place) -> dict[str, Any]:
        """A table as JSON."""
        changes = 0 if asked.topic is None else await self._compared.changes()

        async def made() -> dict[str, Any]:
            standings = await self._standings(asked, place, changes)
            return told(standings, asked, place.position, place.policy.version)

        key = ("board", replace(asked, as_of=None), place, changes)
        found = await self._tables.get(key, made)
        if asked.topic is not None and found["topic"]["reading"]:
            await self._compared.have_read()
        return {**found, "as_of": asked.as_of}

    async def _standings(self, asked: Asked, place: Place, changes: int) -> Standings:
        if asked.method in ("approval", "openwebui"):
            return await self._thumbs(asked, place)
        scope = scope_of(asked) if place.is_head else None
        if scope is not None:
            async with self._reader.read(votes, after=place.position) as db:
                counts = await self._tallied(db, asked, place, scope)
                reasons, voters = await verdicts.turnout(db, asked.space, scope)
            entries = await asyncio.to_thread(by_counts, counts, asked, place.position)
            reasons[""] = int(counts.total)
            return Standings(entries, Totals.of(reasons, voters))
        found = await self.chosen(asked, place)
        if asked.topic is not None:
            near = await self._compared.near(asked.topic, changes)
            return await asyncio.to_thread(by_topic, found, asked, near)
        return await asyncio.to_thread(by_rows, found, asked, place.position)

    async def _thumbs(self, asked: Asked, place: Place) -> Standings:
        async with self._reader.read(opinions.opinions) as db:
            if asked.method == "openwebui":
                return by_feedback(await opinions.feedback(db, place.position))
            found = await opinions.thumbs(db, place.position)
        return by_thumbs((each.model, each.up, each.down, each.neutral) for each in found)

    async def counts(self, asked: Asked, place: Place) -> Counts:
        """Counted votes by pair and outcome."""
        scope = scope_of(asked) if place.is_head else None
        if scope is not None:
            async with self._reader.read(votes, after=place.position) as db:
                return await self._tallied(db, asked, place, scope)
        found = await self.chosen(asked, place)
        return Counts.of(each.game for each in found if each.reason is None)

    async def _tallied(self, db: Db, asked: Asked, place: Place, scope: str) -> Counts:
        """What was counted as votes came, without those that are hidden."""
        counts = Counts.of_rows(await verdicts.tallies(db, asked.space, scope))  # type: ignore[arg-type]
        if not place.hidden:
            return counts
        own = [row_of(each) for each in await verdicts.some(db, asked.space, place.hidden)]
        mine = chosen(own, asked, {})
        return counts.less(Counts.of(each.game for each in mine if each.reason is None))

    async def chosen(self, asked: Asked, place: Place) -> list[Row]:
        """The votes of a table, with the verdicts that hold in it."""
        rows = await self.rows(asked.space, place)
        if place.hidden:
            rows = [each for each in rows if each.battle not in place.hidden]
        rulings: Rulings = {}
        if asked.votes == "trusted":
            rulings = await self.rulings(asked.space, place)
        return await asyncio.to_thread(chosen, rows, asked, rulings)

    async def rulings(self, space: str, place: Place) -> Rulings:
        """What administrators said last of voters, at a place."""
        async with self._reader.read(voters.voters, after=place.position) as db:
            rows = await voters.rulings(db, space, place.position, by_hand=True)
        return {each.voter: Ruling(each.position, each.flagged) for each in rows}

    async def records(self, asked: Asked, place: Place) -> dict[str, voters.RulingRow]:
        """What was recorded last of voters at a place, by whomever."""
        moment = asked.moment
        until = POSITION_MAX if moment is None else moment.position or place.position
        async with self._reader.read(voters.voters, after=place.position) as db:
            rows = await voters.rulings(db, asked.space, until, by_hand=False)
        return {each.voter: each for each in rows}

    async def rows(self, space: str, place: Place) -> list[Row]:
        """All votes that stand at a place, with their verdicts."""
        place = replace(place, hidden=frozenset())
        return await self._rows.get((space, place), lambda: self._read(space, place))

    async def _read(self, space: str, place: Place) -> list[Row]:
        if place.is_head:
            async with self._reader.read(votes, after=place.position) as db:
                found = await verdicts.rows(db, space)
            return await asyncio.to_thread(lambda: [row_of(each) for each in found])
        async with self._reader.read(votes, after=place.position) as db:
            facts, acts = await verdicts.history(db, space, place.position)
        return await asyncio.to_thread(fold, facts, acts, place.policy)

    async def known_models(self, space: str, place: Place) -> set[str]:
        """All models that were voted on."""
        async with self._reader.read(votes) as db:
            return await verdicts.models(db, space, place.hidden)


def model_of(asked: Asked) -> ReadModel:
    """The read model that answers first; that of voters sees all votes too."""
    if asked.method in ("approval", "openwebui"):
        return opinions.opinions
    return voters.voters if asked.votes == "trusted" else votes


def scope_of(asked: Asked) -> str | None:
    """Which counts answer a question; None when only the votes themselves do."""
    plain = replace(asked, category=None, language=None)
    weighed = plain.topic is not None or plain.style == "on"
    one_by_one = plain.method != "bt" or weighed or plain.votes != "eligible"
    timed = plain.since is not None or plain.until is not None
    if one_by_one or timed or (asked.category is not None and asked.language is not None):
        return None
    if asked.category is not None:
        return f"category:{asked.category}"
    return "all" if asked.language is None else f"language:{asked.language}"


def row_of(row: dict[str, Any]) -> Row:
    """A vote of the read model."""
    looks = {name: style(row[name]) for name in ("style_a", "style_b")}
    models = {name: row[name] or "" for name in ("model_a", "model_b")}
    return Row(**{**row, **looks, **models})


def fold(facts: list[dict[str, Any]], acts: list[dict[str, Any]], policy: Policy) -> list[Row]:
    """All votes that stand after these."""
    names = ("position", "voter", "battle", "action", "winner", "after_reveal", "at", "seq")
    found = (Action(*wanted) for wanted in map(itemgetter(*names), acts))
    return folded([(row["battle"], row["fact"]) for row in facts], found, policy)
