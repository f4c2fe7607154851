"""Which votes and thumbs belong to an export, from the read models of the lane `evaluation`."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from application.exporting.orders import Order
from application.leaderboards.asking import Asked
from infrastructure.evaluation.boards import Boards
from infrastructure.exports.source import PAGE, Chosen
from infrastructure.reader import Reader
from projections import verdicts
from projections.opinions import opinions
from projections.votes import votes

VOTES = """
    select place, battle, voter, at, winner from votes
    where space = %(space)s and place > %(after)s and place <= %(until)s
        and reason is null
        and (%(category)s = '' or category = %(category)s)
        and (%(language)s = '' or language = %(language)s)
        and (%(model)s = '' or low = %(model)s or high = %(model)s)
    order by place limit %(limit)s
"""
THUMBS = """
    select position, rating_id, voter, at from opinions
    where position > %(after)s and position <= %(until)s and value is not null
        and (until is null or until > %(until)s) and (%(model)s = '' or model = %(model)s)
    order by position limit %(limit)s
"""
MOVED = """
    select coalesce((select position from moved where space = %(space)s), 0) as position
"""
COUNT = """
    select (select count(*) from votes where space = %(space)s and place > %(after)s
            and place <= %(until)s and reason is null) as count
"""


@dataclass(frozen=True, slots=True)
class ReadChoosing:
    """The `Choosing` of exports."""

    reader: Reader
    boards: Boards

    async def head(self) -> tuple[int, int]:
        """How far the read models are, and the version of the policy."""
        async with self.reader.read(votes) as db:
            await db.execute("select position from log.lanes where name = 'evaluation'")
            row = await db.fetchone()
            position = int(row["position"]) if row else 0
            caps = await verdicts.caps(db, position)
        return position, caps.version

    async def count(self, order: Order, until: int) -> int:
        """How many votes there are about; thumbs are few beside them."""
        async with self.reader.read(votes) as db:
            await db.execute(COUNT, self._asked(order, until))
            row = await db.fetchone()
        return int(row["count"]) if row else 0

    async def votes(self, order: Order, until: int) -> AsyncIterator[Sequence[Chosen]]:
        """Votes that count, in pages."""
        if order.votes != "eligible" or await self._is_past(order, until):
            async for page in self._judged(order, until):
                yield page
            return
        after = order.after
        while True:
            async with self.reader.read(votes) as db:
                await db.execute(VOTES, {**self._asked(order, until), "after": after})
                rows = await db.fetchall()
            if rows:
                yield [
                    Chosen(row["place"], row["battle"], row["voter"], row["at"], row["winner"])
                    for row in rows
                ]
            if len(rows) < PAGE:
                return
            after = rows[-1]["place"]

    async def thumbs(self, order: Order, until: int) -> AsyncIterator[Sequence[Chosen]]:
        """Ratings as they stood, in pages; they are of this house alone."""
        after = order.after
        while not order.space:
            asked = {**self._asked(order, until), "after": after}
            async with self.reader.read(opinions) as db:
                await db.execute(THUMBS, asked)
                rows = await db.fetchall()
            if rows:
                yield [
                    Chosen(row["position"], str(row["rating_id"]), str(row["voter"]), row["at"])
                    for row in rows
                ]
            if len(rows) < PAGE:
                return
            after = rows[-1]["position"]

    async def _is_past(self, order: Order, until: int) -> bool:
        """Whether something that matters happened after the end of the export."""
        async with self.reader.read(votes) as db:
            await db.execute(MOVED, {"space": order.space})
            row = await db.fetchone()
        return row is not None and int(row["position"]) > until

    async def _judged(self, order: Order, until: int) -> AsyncIterator[Sequence[Chosen]]:
        """Votes that need a look at all others: as of then, or of trusted voters."""
        where = order.where
        asked = Asked(
            category=where.get("category"),
            language=where.get("language"),
            votes=order.votes,
            space=order.space,
            as_of=str(until),
        )
        rows = await self.boards.chosen(asked, await self.boards.place(asked))
        model = where.get("model")
        found = [
            Chosen(each.place, each.battle, each.voter, each.at, each.winner)
            for each in rows
            if each.reason is None
            and order.after < each.place <= until
            and model in (None, each.model_a, each.model_b)
        ]
        for start in range(0, len(found), PAGE):
            yield found[start : start + PAGE]

    def _asked(self, order: Order, until: int) -> Mapping[str, Any]:
        return {
            "space": order.space,
            "after": order.after,
            "until": until,
            "limit": PAGE,
            **{name: order.where.get(name, "") for name in ("category", "language", "model")},
        }
