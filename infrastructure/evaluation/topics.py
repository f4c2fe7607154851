"""How near the questions of battles are to a topic."""

from collections.abc import Awaitable, Callable, Mapping
from typing import LiteralString

import numpy as np
from numpy.typing import NDArray

from application.documents.ports import Embedder, Unfit
from application.evaluation.leaks import normalised
from application.evaluation.topic import weights_of
from application.ports import Unavailable
from infrastructure.evaluation.memory import Memory
from infrastructure.evaluation.questions import ALL, JOB
from infrastructure.jobs import ask
from infrastructure.lines import Lines

PAGE = 10_000
REMEMBERED_MAX = 4

CHANGES: LiteralString = "select changes from evaluation.reading"
VECTORS: LiteralString = """
    select q.mark, e.vector from evaluation.questions q
    left join documents.embeddings e on e.space = %(space)s and e.hash = q.hash
    where q.mark > %(after)s order by q.mark limit %(count)s
"""

Near = Mapping[str, float | None]


class Topics:
    """Compares a topic with all questions that were read. One per process.

    The model that embeds is asked for when somebody names a topic, and not before.
    """

    def __init__(self, lines: Lines, embedder: Callable[[], Awaitable[Embedder]]) -> None:
        self._lines = lines
        self._embedder = embedder
        self._near = Memory(REMEMBERED_MAX)

    async def changes(self) -> int:
        """How often something was added; as long as that is the same, so is all else."""
        row = await self._lines.row(CHANGES, {})
        return int(row[0]) if row else 0

    async def near(self, topic: str, changes: int) -> Near:
        """What a vote on each question weighs, by its mark; None for one without words."""
        return await self._near.get((topic, changes), lambda: self._read(topic))

    async def have_read(self) -> None:
        """Have a worker read the questions that are left."""
        await ask(self._lines, JOB, ALL)

    async def _read(self, topic: str) -> Near:
        try:
            embedder = await self._embedder()
            vector = (await embedder.embed([normalised(topic)], "query"))[0].astype(np.float64)
        except Unfit as error:
            raise Unavailable(str(error)) from None
        found: dict[str, float | None] = {}
        after = ""
        while True:
            what = {"space": embedder.space, "after": after, "count": PAGE}
            rows = await self._lines.rows(VECTORS, what)
            found |= dict.fromkeys((row[0] for row in rows), None)
            read = [row for row in rows if row[1] is not None]
            if read:
                near = weights_of(vector, numbers([row[1] for row in read]))
                found |= zip((row[0] for row in read), near.tolist(), strict=True)
            if len(rows) < PAGE:
                return found
            after = rows[-1][0]


def numbers(vectors: list[bytes]) -> NDArray[np.float64]:
    """Vectors as they are remembered, as rows."""
    return np.stack([np.frombuffer(each, "<f2") for each in vectors]).astype(np.float64)
