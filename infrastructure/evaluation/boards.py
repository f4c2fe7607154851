"""Answers what tables say: at the head from counts, at older places by a fold of all acts.

What was reckoned once is remembered by the position that mattered last and what was asked.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from application.evaluation.eligibility import Policy
from application.evaluation.votes import Action, Counts
from application.leaderboards.asking import Asked, BadParameter, PositionInFuture
from application.leaderboards.content import (
    Standings,
    Totals,
    by_counts,
    by_feedback,
    by_rows,
    by_thumbs,
    told,
)
from application.leaderboards.judging import Act, Row, chosen, folded, style
from infrastructure.base_log import BaseLog
from infrastructure.reader import Reader
from projections import opinions, verdicts
from projections.read_model import Db
from projections.votes import votes

T = TypeVar("T")

REMEMBERED_MAX = 256
ROWS_REMEMBERED_MAX = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table stands: the position, whether that is the end, and the policy there."""

    position: int
    is_head: bool
    policy: Policy


class Memory:
    """The last results of reckoning; what is being reckoned is not begun twice."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._found: OrderedDict[Hashable, asyncio.Future[Any]] = OrderedDict()

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """What is remembered, else made now."""
        if key not in self._found:
            self._found[key] = asyncio.ensure_future(make())
            self._found[key].add_done_callback(partial(self._drop_failed, key))
            if len(self._found) > self._size:
                self._found.popitem(last=False)
        self._found.move_to_end(key)
        found: T = await asyncio.shield(self._found[key])
        return found

    def _drop_failed(self, key: Hashable, future: asyncio.Future[Any]) -> None:
        """Remember no failure: who asks next has it made again."""
        failed = future.cancelled() or future.exception() is not None
        if failed and self._found.get(key) is future:
            del self._found[key]


class Boards:
    """Makes tables. One per process."""

    def __init__(self, reader: Reader, log: BaseLog) -> None:
        self._reader = reader
        self._log = log
        self._tables = Memory(REMEMBERED_MAX)
        self._rows = Memory(ROWS_REMEMBERED_MAX)

    def forget(self) -> None:
        """Reckon everything anew from now on."""
        self._tables = Memory(REMEMBERED_MAX)
        self._rows = Memory(ROWS_REMEMBERED_MAX)

    async def place(self, asked: Asked, *, after: int = 0) -> Place:
        """Where a table that is asked for stands."""
        head = await self._log.head()
        moment = asked.moment
        if moment is not None and moment.position is not None and moment.position > head:
            raise PositionInFuture(head)
        model = opinions.opinions if asked.method in ("approval", "openwebui") else votes
        wanted = after if moment is None else max(after, moment.position or 0)
        async with self._reader.read(model, after=wanted) as db:
            until = head if moment is None else await self._until(db, asked)
            if model is opinions.opinions:
                last = await opinions.last_opinion(db, until)
                return Place(last, is_head=moment is None, policy=Policy())
            last = await verdicts.moved(db, asked.space)
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
            return await verdicts.place_at(db, asked.space, moment.at)
        found = await verdicts.place_of(db, asked.space, moment.source or "", moment.seq)
        if found is None:
            raise BadParameter("as_of", ["import:NAME@SEQ of an import into this space"])
        return found

    async def board(self, asked: Asked, place: Place) -> dict[str, Any]:
        """A table as JSON."""

        async def made() -> dict[str, Any]:
            standings = await self._standings(asked, place)
            return told(standings, asked, place.position, place.policy.version)

        found = await self._tables.get(("board", replace(asked, as_of=None), place), made)
        return {**found, "as_of": asked.as_of}

    async def _standings(self, asked: Asked, place: Place) -> Standings:
        if asked.method in ("approval", "openwebui"):
            return await self._thumbs(asked, place)
        scope = scope_of(asked) if place.is_head else None
        if scope is not None:
            async with self._reader.read(votes, after=place.position) as db:
                rows = await verdicts.tallies(db, asked.space, scope)
                reasons, voters = await verdicts.turnout(db, asked.space, scope)
            counts = Counts.of_rows(rows)  # type: ignore[arg-type]
            entries = await asyncio.to_thread(by_counts, counts, asked, place.position)
            reasons[""] = sum(n for *_, n in rows)
            return Standings(entries, Totals.of(reasons, voters))
        found = await self.chosen(asked, place)
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
                return Counts.of_rows(await verdicts.tallies(db, asked.space, scope))  # type: ignore[arg-type]
        found = await self.chosen(asked, place)
        return Counts.of(each.game for each in found if each.reason is None)

    async def chosen(self, asked: Asked, place: Place) -> list[Row]:
        """The votes of a table, with the verdicts that hold in it."""
        return await asyncio.to_thread(chosen, await self.rows(asked.space, place), asked)

    async def rows(self, space: str, place: Place) -> list[Row]:
        """All votes that stand at a place, with their verdicts."""
        return await self._rows.get((space, place), lambda: self._read(space, place))

    async def _read(self, space: str, place: Place) -> list[Row]:
        if place.is_head:
            async with self._reader.read(votes, after=place.position) as db:
                found = await verdicts.rows(db, space)
            return await asyncio.to_thread(lambda: [row_of(each) for each in found])
        async with self._reader.read(votes, after=place.position) as db:
            facts, acts = await verdicts.history(db, space, place.position)
        return await asyncio.to_thread(fold, facts, acts, place.policy)

    async def known_models(self, space: str) -> set[str]:
        """All models that were ever compared."""
        async with self._reader.read(votes) as db:
            return await verdicts.models(db, space)


def scope_of(asked: Asked) -> str | None:
    """Which counts answer a question; None when only the votes themselves do."""
    plain = replace(asked, category=None, language=None)
    one_by_one = plain.method != "bt" or plain.style == "on" or plain.votes != "eligible"
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
    found = [
        Act(
            Action(
                position=row["position"],
                voter=row["voter"],
                battle=row["battle"],
                kind=row["action"],
                winner=row["winner"],
                after_reveal=row["after_reveal"],
                at=row["at"],
            ),
            row["seq"],
        )
        for row in acts
    ]
    return folded([(row["battle"], row["fact"]) for row in facts], found, policy)
