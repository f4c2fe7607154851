"""Makes the vector index anew beside the living one, and lets it take over."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from application.documents.ports import Embedder, Unfit
from application.documents.settings import DocumentSettings, values_of
from application.ports import Unavailable
from infrastructure.documents.engines import DocumentEngines
from infrastructure.documents.indexes import Index, Indexes
from infrastructure.jobs import ask, ask_all
from infrastructure.lines import Lines

AT_ONCE = 32
LOOK_SECONDS = 0.2
KEEP_OLD_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """Begins, fills, switches and drops generations."""

    lines: Lines
    engines: DocumentEngines
    indexes: Indexes

    async def reindex(self, _: UUID | None = None) -> None:
        """Begin another generation if the present one does not fit the settings.

        While there is none, nobody needs one: the first begins with the first text.
        """
        if await self.indexes.targets():
            await self._begin(anew=False)

    async def first(self) -> None:
        """Begin the very first generation."""
        await self._begin(anew=False)

    async def rebuild(self, _: UUID | None = None) -> None:
        """Begin another generation, also if the present one fits."""
        await self._begin(anew=True)

    async def fill(self, index_id: UUID) -> None:
        """Have every file in a generation and switch to it; drop one that is no longer needed."""
        index = await self.indexes.get(index_id)
        if index is None or index.state == "live":
            return
        if index.state != "filling":
            await self._drop(index)
            return
        await self._fill(index)
        store = await self.engines.store_of(index)
        await store.create(index.name, index.dimension)
        await store.settle(index.name)
        for old in await self.indexes.switch(index.id):
            await ask(self.lines, "fill", old, delay=KEEP_OLD_SECONDS)

    async def fail(self, index: Index, reason: str) -> None:
        """Give a new generation up; what is live stays so."""
        if await self.indexes.end(index.id, "failed", reason):
            await ask(self.lines, "fill", index.id)

    async def cancel(self, index: Index) -> None:
        """Give a new generation up; one that was already is forgotten, its store perhaps gone."""
        if await self.indexes.end(index.id, "old"):
            await ask(self.lines, "fill", index.id)
        elif index.state in ("old", "failed"):
            await self.indexes.empty(index.id)
            await self.indexes.remove(index.id)

    async def _begin(self, *, anew: bool) -> None:
        settings = await self.engines.settings(fresh=True)
        found = {each.state: each for each in await self.indexes.targets()}
        live, filling = found.get("live"), found.get("filling")
        try:
            embedder = await self.engines.embedder(settings.embedding)
            if filling and fits(filling, settings, embedder):
                await ask(self.lines, "fill", filling.id)
                return
            if filling:
                await self.cancel(filling)
            if live and not anew and fits(live, settings, embedder):
                return
            index_id = await self._make(settings, embedder)
        except Unfit as error:
            await self._record(settings, str(error))
        else:
            await ask(self.lines, "fill", index_id)

    async def _make(self, settings: DocumentSettings, embedder: Embedder) -> UUID:
        """Begin a generation; what is embedded once tells how long vectors are."""
        vectors = await embedder.embed(["How long is a vector?"])
        return await self.indexes.begin(
            values_of(settings),
            space=embedder.space,
            dimension=int(vectors.shape[1]),
            cutting=settings.cutting.key,
        )

    async def _record(self, settings: DocumentSettings, error: str) -> None:
        """Let people see why there is no new generation."""
        await self.indexes.begin(
            values_of(settings), space="", dimension=0, cutting=settings.cutting.key, error=error
        )

    async def _fill(self, index: Index) -> None:
        """Have missing files put in, some at once. What comes meanwhile goes in by itself."""
        waiting: list[UUID] = []
        after: UUID | None = None
        while True:
            more = await self.indexes.missing(index.id, after, AT_ONCE - len(waiting))
            if more:
                after = more[-1]
                await ask_all(self.lines, "ingest", more)
            waiting = await self.indexes.on_the_way(index.id, [*waiting, *more])
            if not waiting and not more:
                return
            if not await self.indexes.is_target(index.id):
                raise Unavailable("This generation is filled no more.")
            await asyncio.sleep(LOOK_SECONDS)

    async def _drop(self, index: Index) -> None:
        """Remove a generation from its store, and what only it needed."""
        await self.indexes.empty(index.id)
        if index.dimension:
            store = await self.engines.store_of(index)
            await store.drop(index.name)
        if index.state == "old":
            await self.indexes.remove(index.id)
        else:
            await self.indexes.mark_dropped(index.id)


def fits(index: Index, settings: DocumentSettings, embedder: Embedder) -> bool:
    """Whether a generation is as the settings want it."""
    store = index.settings["store"]
    return (
        (store["kind"], store["url"]) == (settings.store.kind, settings.store.url)
        and index.space == embedder.space
        and index.cutting == settings.cutting.key
    )
