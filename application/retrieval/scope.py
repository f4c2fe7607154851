"""Where to look: what is attached, as far as the person may read it now."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

from application.retrieval.ports import Attached, FileState, Library
from domain.messages import Sources

WAIT_SECONDS_MAX = 20.0
LOOK_SECONDS = 0.5
NAMES_MAX = 20
WORKING = frozenset(("queued", "reading", "indexing"))
READY = "ready"


@dataclass(frozen=True, slots=True)
class Scope:
    """Files that may be searched now, by name, and those that cannot be."""

    files: Mapping[UUID, str] = field(default_factory=dict)
    whole_ids: frozenset[UUID] = frozenset()
    not_ready: Sequence[str] = ()
    attached: Attached = field(default_factory=Attached)

    @property
    def is_empty(self) -> bool:
        """Whether there is nowhere to look."""
        return not (self.files or self.attached.urls or self.attached.web_search)

    def told(self) -> dict[str, object]:
        """Where was looked, as it is recorded."""
        attached = self.attached
        knowledge = [str(each) for each in attached.knowledge_ids]
        web = {"web": True} if attached.urls or attached.web_search else {}
        return {"files": len(self.files), "knowledge": knowledge, **web}


def attached_of(sources: Sources) -> Attached:
    """What a question is about, as it was sent."""
    about = sources.attachments
    return Attached(
        file_ids=[each.id for each in about if each.kind == "file" and each.id],
        knowledge_ids=[each.id for each in about if each.kind == "knowledge" and each.id],
        urls=[each.url for each in about if each.url],
        whole_ids=frozenset(each.id for each in about if each.whole and each.id),
        web_search=sources.web_search,
    )


def is_attached(attached: Attached) -> bool:
    """Whether somebody chose where to look."""
    chosen = (attached.file_ids, attached.knowledge_ids, attached.urls, attached.web_search)
    return any(chosen)


async def scope_of(library: Library, user_id: UUID, attached: Attached) -> Scope:
    """What is attached. Files that are in work are waited for, but not for long."""
    deadline = monotonic() + WAIT_SECONDS_MAX
    while True:
        found = await library.readable(user_id, attached)
        waiting = [each for each in found if each.chosen and each.state in WORKING]
        if not waiting or monotonic() >= deadline:
            return _scope(found, attached)
        await asyncio.sleep(LOOK_SECONDS)


async def scope_now(library: Library, user_id: UUID, attached: Attached) -> Scope:
    """What is attached, without waiting for anything."""
    return _scope(await library.readable(user_id, attached), attached)


async def own_scope(library: Library, user_id: UUID) -> Scope:
    """All files of a person that can be searched."""
    return _scope(await library.own(user_id), Attached())


def _scope(found: Sequence[FileState], attached: Attached) -> Scope:
    ready = [each for each in found if each.state == READY]
    return Scope(
        files={each.id: each.name for each in ready},
        whole_ids=frozenset(each.id for each in ready if each.whole),
        not_ready=[each.name for each in found if each.state != READY][:NAMES_MAX],
        attached=attached,
    )
