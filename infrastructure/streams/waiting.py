"""Where answers stand, asked for many readers at once."""

import asyncio
from typing import LiteralString
from uuid import UUID

from infrastructure.lines import Lines

GATHER_SECONDS = 0.05

STATES: LiteralString = """
select answer_id, state from work.answers where answer_id = any (%(ids)s)
"""


class Waiting:
    """Tells whether answers wait or are being written: one query for all who ask just now."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._asked: set[UUID] = set()
        self._asking: asyncio.Task[dict[UUID, str]] | None = None

    async def state(self, answer_id: UUID) -> str:
        """`queued` or `running`; empty when it is neither. Raises Unavailable."""
        self._asked.add(answer_id)
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return (await asyncio.shield(self._asking)).get(answer_id, "")

    async def _ask(self) -> dict[UUID, str]:
        await asyncio.sleep(GATHER_SECONDS)
        ids, self._asked, self._asking = list(self._asked), set(), None
        return dict(await self._lines.rows(STATES, {"ids": ids}))
