"""Which judgements belong to an export, from the read models of the lane `evaluation`."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from application.exporting.orders import Order
from application.leaderboards.asking import Asked
from infrastructure.evaluation.boards import Boards
from infrastructure.exports.source import PAGE, Chosen, Noted
from infrastructure.reader import Reader
from projections import verdicts
from projections.opinions import opinions
from projections.queues import queues
from projections.read_model import ReadModel
from projections.votes import votes

VOTES = """
    select place, battle as key, voter, at, winner from votes
    where space = %(space)s and place > %(after)s and place <= %(until)s
        and reason is null
        and (%(category)s = '' or category = %(category)s)
        and (%(language)s = '' or language = %(language)s)
        and (%(model)s = '' or low = %(model)s or high = %(model)s)
    order by place limit %(limit)s
"""
THUMBS = """
    select position as place, rating_id::text as key, voter::text, at from opinions
    where position > %(after)s and position <= %(until)s and value is not null
        and (until is null or until > %(until)s) and (%(model)s = '' or model = %(model)s)
    order by position limit %(limit)s
"""
ANNOTATIONS = """
    select a.position as place, i.battle as key, a.annotator::text as voter, a.at, a.winner,
        a.queue_id::text as queue, a.item, a.comment
    from annotations a join queue_items i on i.queue_id = a.queue_id and i.item = a.item
    join queues q on q.id = a.queue_id
    where q.sieve ->> 'space' = %(space)s and a.position > %(after)s and a.position <= %(until)s
        and a.winner is not null
    order by a.position limit %(limit)s
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
        """How many votes there are about; of all else there is little beside them."""
        async with self.reader.read(votes) as db:
            await db.execute(COUNT, self._asked(order, until))
            row = await db.fetchone()
        return int(row["count"]) if row else 0

    async def votes(self, order: Order, until: int) -> AsyncIterator[Sequence[Chosen]]:
        """Votes that count, in pages."""
        if order.votes != "eligible" or await self._is_past(order, until):
            async for some in self._judged(order, until):
                yield some
            return
        async for page in self._pages(votes, VOTES, order, until):
            yield [Chosen(**row) for row in page]

    async def thumbs(self, order: Order, until: int) -> AsyncIterator[Sequence[Chosen]]:
        """Ratings as they stood, in pages; they are of this house alone."""
        if not order.space:
            async for page in self._pages(opinions, THUMBS, order, until):
                yield [Chosen(**row) for row in page]

    async def annotations(self, order: Order, until: int) -> AsyncIterator[Sequence[Noted]]:
        """What was said of items of queues, in pages."""
        async for page in self._pages(queues, ANNOTATIONS, order, until):
            yield [Noted(**row) for row in page]

    async def _pages(
        self, model: ReadModel, query: LiteralString, order: Order, until: int
    ) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        """Rows by their place, in pages of which none holds a connection while it is used."""
        after = order.after
        while True:
            async with self.reader.read(model) as db:
                await db.execute(query, {**self._asked(order, until), "after": after})
                rows = await db.fetchall()
            if rows:
                yield rows
            if len(rows) < PAGE:
                return
            after = rows[-1]["place"]

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
