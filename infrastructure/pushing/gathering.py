"""What a sink is told next: from the log, in its order, a little at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic_core import to_json

from application.pushing.items import RATINGS, VOTES, Happened, Item, Telling
from domain.aggregate import topic_of
from infrastructure.base_log import BaseLog, Recorded

EVENTS_MAX = 100
BATCH_BYTES_MAX = 256 * 1024


@dataclass(frozen=True, slots=True)
class Batch:
    """Items up to a position; `is_last` when there is nothing after them for now."""

    until: int
    items: Sequence[Item]
    is_last: bool


@dataclass(frozen=True, slots=True)
class Gathering:
    """Reads batches from the log."""

    log: BaseLog
    telling: Telling

    async def batch(self, after: int, *, votes: bool, until: int | None = None) -> Batch:
        """What comes after a position; up to `until` if that was begun before."""
        head = await self.log.head()
        end = head if until is None else until
        kinds = (*RATINGS, *VOTES) if votes else RATINGS
        events = await self.log.read(
            after, EVENTS_MAX, [topic_of(each) for each in kinds], until=end
        )
        items: list[Item] = []
        size = 0
        for recorded, item in await self._told(events, end):
            size += len(to_json(item)) if item else 0
            if items and size > BATCH_BYTES_MAX:
                return Batch(events[events.index(recorded) - 1].position, items, is_last=False)
            if item:
                items.append(item)
        is_full = len(events) == EVENTS_MAX
        reached = events[-1].position if is_full else end
        return Batch(reached, items, is_last=not is_full and reached >= head)

    async def _told(
        self, events: Sequence[Recorded], until: int
    ) -> list[tuple[Recorded, Item | None]]:
        """Each event with what is told of it."""
        pasts = await self.log.histories(list({each.stream_id for each in events}), until)
        return [
            (
                each,
                self.telling.item(
                    Happened(
                        each.position,
                        each.event,
                        [
                            one
                            for one in pasts.get(each.stream_id, ())
                            if one.originator_version <= each.version
                        ],
                    )
                )
                if each.event is not None
                else None,
            )
            for each in events
        ]
