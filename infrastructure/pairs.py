"""When the end of a hidden answer is news: not before its rival has ended too."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infrastructure.audiences import Row
from infrastructure.reader import Lagging, Reader
from projections.battles import WAITS, battles

SIDE_FINISHED = "battle.side_finished"
ANSWER_ENDED = "answer.ended"

PAIRS = f"""
    select s.battle_id, s.answer_id, b.chat_id, m.status,
        exists (select from sides s where s.battle_id = b.id and {WAITS}) as waits
    from sides s join battles b on b.id = s.battle_id join messages m on m.id = s.answer_id
    where b.id = any (%(ids)s) and b.blind
"""  # noqa: S608

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Looks at how battles stand of which a side has ended."""

    reader: Reader

    async def released(self, rows: Sequence[Row]) -> list[Row]:
        """The same news without ends that are held back; those held back before come after."""
        ids = {row[2] for row in rows if row[1] == SIDE_FINISHED}
        if not ids:
            return list(rows)
        sides = await self._sides({"ids": list(ids)})
        held = {
            each[name] for each in sides if each["waits"] for name in ("battle_id", "answer_id")
        }
        told = {row[2] for row in rows if row[1] == ANSWER_ENDED}
        found: list[Row] = []
        for row in rows:
            if row[1] not in (SIDE_FINISHED, ANSWER_ENDED) or row[2] not in held:
                found.append(row)
            if row[1] == SIDE_FINISHED and row[2] not in held:
                mine = (each for each in sides if each["battle_id"] == row[2])
                found += [ended(each, row) for each in mine if each["answer_id"] not in told]
        return found

    async def _sides(self, what: dict[str, Any]) -> list[dict[str, Any]]:
        """Ask the read model; when it is not there for the moment, nothing is held back."""
        try:
            async with self.reader.read(battles) as db:
                await db.execute(PAIRS, what)
                return await db.fetchall()
        except (Lagging, TimeoutError) as error:
            logger.warning("feed: it is not known how battles stand: %s", error)
            return []


def ended(side: Mapping[str, Any], row: Row) -> Row:
    """The end of the other side, told at the place of this one."""
    return row[0], ANSWER_ENDED, side["answer_id"], side["chat_id"], row[4], side["status"]
