"""Finds what an answer is to be written from, between its context and its model."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from application.answering.context import Opening, budget_of
from application.answering.draft import Draft
from application.answering.material import Material, found_of
from application.documents.ports import Embedder, Reranker
from application.documents.settings import DocumentSettings
from application.ports import ModelInfo
from application.retrieval.external import Externals, Inquiry, still_readable
from application.retrieval.ports import Attached, Library, Search
from application.retrieval.prompting import NOT_READY, TOO_LONG, note_of
from application.retrieval.queries import Ask, queries_of
from application.retrieval.retrieve import Retrieved, Wish, retrieve
from application.retrieval.reuse import sources_again
from application.retrieval.scope import Scope, is_attached, own_scope, scope_now, scope_of
from application.retrieval.web import Look, Looked, Web
from domain.answers import Retrieval

READER_KIND = "reader"
ROOM_SHARE = 0.6  # of what a prompt may have; the rest is for the conversation

Tell = Callable[[str, Mapping[str, Any]], None]


class Means(Protocol):
    """What an administrator chose to find passages with; None where he chose nothing."""

    async def settings(self) -> DocumentSettings:
        """All his choices."""

    async def reranker(self) -> Reranker | None:
        """What reads and orders passages once more."""

    async def embedder(self) -> Embedder | None:
        """What turns texts into vectors, for texts that are in no index."""

    async def web(self) -> Web:
        """The ways to the web."""


@dataclass(frozen=True, slots=True)
class Shelves:
    """All that is needed to find passages."""

    library: Library
    search: Search
    means: Means
    externals: Externals | None = None


@dataclass(frozen=True, slots=True)
class Errand:
    """The way to the shelves for one answer. `ask` puts a question to its model.

    `attached` is what was sent with a question that is not stored; None: look it up.
    """

    shelves: Shelves
    draft: Draft
    info: ModelInfo
    opening: Opening
    tell: Tell
    ask: Ask | None = None
    attached: Attached | None = None

    async def run(self) -> Material | None:
        """What to answer from; None when there is nowhere to look, which costs nothing."""
        attached = await self._attached()
        if not is_attached(attached) and not self._is_for_reader:
            return None
        if self.draft.retrieval is not None:
            return await self._again(attached, self.draft.retrieval)
        if not is_attached(attached):
            return await self._own()
        settings = await self.shelves.means.settings()
        ask = self.ask if settings.retrieval.rewrite else None
        queries, scope = await asyncio.gather(
            queries_of(self.opening.said, ask),
            scope_of(self.shelves.library, self.draft.owner, attached),
        )
        if scope.not_ready:
            self.tell("not_ready", {"files": list(scope.not_ready)})
        return await self._material(settings, queries, scope)

    @property
    def _is_for_reader(self) -> bool:
        return self.info.kind == READER_KIND

    async def _attached(self) -> Attached:
        if self.attached is not None:
            return self.attached
        question_id = self.draft.question_id
        if not self.opening.attached or question_id is None:
            return Attached()
        return await self.shelves.library.attached(self.draft.chat_id, question_id)

    async def _again(self, attached: Attached, record: Retrieval) -> Material:
        """What was found by whoever began this answer."""
        library, owner = self.shelves.library, self.draft.owner
        scope = await (
            scope_now(library, owner, attached)
            if is_attached(attached)
            else own_scope(library, owner)
        )
        found = await still_readable(self.shelves.externals, owner, record.found)
        sources = await sources_again(self.shelves.search, scope.files, found)
        return Material(sources, is_attached(attached))

    async def _own(self) -> Material | None:
        """What the Reader finds in a person's own files, when nobody chose any."""
        scope = await own_scope(self.shelves.library, self.draft.owner)
        if scope.is_empty:
            return None
        settings = await self.shelves.means.settings()
        queries = await queries_of(self.opening.said)
        found = await self._retrieved(settings, queries, scope, Looked())
        return self._made(queries, scope, found, attached=False) if found.sources else None

    async def _material(
        self, settings: DocumentSettings, queries: Sequence[str], scope: Scope
    ) -> Material:
        """What was attached, searched."""
        if scope.files:
            self.tell("retrieving", {"queries": list(queries)})
        looked, asked = await asyncio.gather(
            self._looked(settings, queries, scope), self._asked(queries, scope)
        )
        both = Looked([*looked.candidates, *asked.candidates])
        found = await self._retrieved(settings, queries, scope, both)
        for stage, each in (("web", looked), ("external", asked)):
            if each.milliseconds:
                found.milliseconds[stage] = each.milliseconds
        lacking = {"lacking": found.lacking} if found.lacking else {}
        self.tell("retrieved", {"count": len(found.sources), **lacking})
        return self._made(queries, scope, found)

    async def _looked(
        self, settings: DocumentSettings, queries: Sequence[str], scope: Scope
    ) -> Looked:
        """What is found on the web. What goes wrong there is told, and ends nothing."""
        attached = scope.attached
        if not (attached.urls or attached.web_search):
            return Looked()
        if attached.web_search:
            self.tell("searching_web", {"queries": list(queries)})
        means = self.shelves.means
        look = Look(await means.web(), settings.web, await means.embedder())
        looked = await look.run(queries, attached.urls, search=attached.web_search)
        if looked.problems:
            self.tell("web_failed", {"problems": list(looked.problems)})
        return looked

    async def _asked(self, queries: Sequence[str], scope: Scope) -> Looked:
        """What external knowledge has. A source that is dead is told, and ends nothing."""
        inquiry = Inquiry(self.shelves.externals, queries)
        asked = await inquiry.run(self.draft.owner, scope.attached.knowledge_ids)
        if asked.problems:
            self.tell("external_failed", {"problems": list(asked.problems)})
        return asked

    async def _retrieved(
        self, settings: DocumentSettings, queries: Sequence[str], scope: Scope, looked: Looked
    ) -> Retrieved:
        room = budget_of({**self.opening.manner.params, **self.draft.params}, self.info)
        whole = frozenset(scope.files) if settings.retrieval.whole else scope.whole_ids
        wish = Wish(
            queries=queries,
            files=scope.files,
            settings=settings.retrieval,
            room_tokens=int(room * ROOM_SHARE),
            whole_ids=whole,
            web=looked.candidates,
        )
        return await retrieve(self.shelves.search, wish, await self.shelves.means.reranker())

    def _made(
        self, queries: Sequence[str], scope: Scope, found: Retrieved, *, attached: bool = True
    ) -> Material:
        """What was found, with its record."""
        too_long = [scope.files[key] for key in found.too_long]
        if too_long:
            self.tell("too_long", {"files": too_long})
        record = Retrieval(
            queries=list(queries),
            scope=scope.told(),
            found=found_of(found.candidates, found.sources),
            milliseconds=found.milliseconds,
        )
        notes = [*note_of(TOO_LONG, too_long), *note_of(NOT_READY, scope.not_ready)]
        return Material(found.sources, attached, notes, record)
