"""Who else hears what happens to a knowledge base and its files: those it is shared with."""

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from infrastructure.reader import Lagging, Reader
from projections.knowledge import OPEN, knowledge

SHARED = "knowledge.shared"
# Those who may use it now, and those who might until it was shared in another way.
HEARING = """
    select a.knowledge_id as id, a.user_id from knowledge_access a
    where a.knowledge_id = any (%(ids)s)
        and (a.user_id is null or a.user_id = any (%(watching)s))
    union
    select s.id, (g.value ->> 'user_id')::uuid
    from unnest(%(shared)s::uuid[], %(positions)s::bigint[]) as s (id, position)
    cross join lateral (
        select e.data from log.events e
        where e.root_id = s.id and e.position < s.position and e.type = 'knowledge.shared'
        order by e.position desc limit 1
    ) b
    cross join json_array_elements(b.data -> 'access') g
"""
# Files are seen by all who may use a knowledge base they stand in, and by its owner.
HEARING_FILES = """
    select n.file_id as id, a.user_id
    from knowledge_entries n join knowledge k on k.id = n.knowledge_id
    join lateral (
        select s.user_id from knowledge_access s where s.knowledge_id = k.id
        union all select k.owner_id
    ) a on a.user_id is null or a.user_id = any (%(watching)s)
    where n.file_id = any (%(ids)s) and k.deleted_at is null
"""
# Of each knowledge base the last event alone: whoever hears of it looks at all of it.
MISSED = """
    select e.position, e.type, e.stream_id, e.root_id, e.owner_id, null as status
    from knowledge k
    cross join lateral (
        select * from log.events e
        where e.root_id = k.id and e.position > %(after)s and e.position <= %(until)s
        order by e.position desc limit 1
    ) e
    where k.owner_id <> %(me)s and k.id in (
        select a.knowledge_id from knowledge_access a
        where a.user_id = %(me)s or a.user_id is null)
    order by e.position
"""
# The same of each file in them, unless it is one's own.
MISSED_FILES = """
    select e.position, e.type, e.stream_id, e.root_id, e.owner_id, null as status
    from (
        select distinct n.file_id
        from knowledge k join knowledge_entries n on n.knowledge_id = k.id where OPEN
    ) f
    cross join lateral (
        select * from log.events e
        where e.root_id = f.file_id and e.position > %(after)s and e.position <= %(until)s
        order by e.position desc limit 1
    ) e
    where e.owner_id <> %(me)s
    order by e.position
""".replace("OPEN", OPEN)

Row = tuple[int, str, UUID, UUID, UUID, str | None]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Audiences:
    """Looks at with whom knowledge bases are shared."""

    reader: Reader

    async def of(
        self, rows: Sequence[Row], watching: Collection[UUID]
    ) -> Mapping[int, Collection[UUID]]:
        """Who of those that watch hears of which event, besides its owner, by position."""
        bases = [row for row in rows if row[1].startswith("knowledge.")]
        files = [row for row in rows if row[1].startswith("file.")]
        found: defaultdict[UUID, set[UUID | None]] = defaultdict(set)
        if bases:
            shared = [row for row in bases if row[1] == SHARED]
            what = {
                "ids": [row[3] for row in bases],
                "watching": list(watching),
                "shared": [row[3] for row in shared],
                "positions": [row[0] for row in shared],
            }
            await self._add(found, HEARING, what)
        if files:
            ids = list({row[3] for row in files})
            await self._add(found, HEARING_FILES, {"ids": ids, "watching": list(watching)})
        return {row[0]: hearing(found[row[3]], watching) - {row[4]} for row in (*bases, *files)}

    async def missed(self, me: UUID, after: int, until: int) -> list[Row]:
        """The last that happened in between to all that is shared with somebody."""
        what = {"me": me, "after": after, "until": until}
        rows = [*await self._read(MISSED, what), *await self._read(MISSED_FILES, what)]
        return [
            (
                row["position"],
                row["type"],
                row["stream_id"],
                row["root_id"],
                row["owner_id"],
                row["status"],
            )
            for row in rows
        ]

    async def _add(
        self, found: defaultdict[UUID, set[UUID | None]], sql: str, what: Mapping[str, Any]
    ) -> None:
        for each in await self._read(sql, what):
            found[each["id"]].add(each["user_id"])

    async def _read(self, sql: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Ask the read model; when it is not there for the moment, only owners hear."""
        try:
            async with self.reader.read(knowledge) as db:
                await db.execute(sql, params)
                return await db.fetchall()
        except (Lagging, TimeoutError) as error:
            logger.warning("feed: it is not known who else hears: %s", error)
            return []


def hearing(named: Collection[UUID | None], watching: Collection[UUID]) -> set[UUID]:
    """Those of the people who watch; where nobody is named by None, all of them."""
    return set(watching) if None in named else {each for each in watching if each in named}
