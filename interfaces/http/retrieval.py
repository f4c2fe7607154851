"""What is found for a question: to try it out, and what was found for an answer."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from application.answering.draft import Draft
from application.answering.material import found_of
from application.retrieval.external import Inquiry
from application.retrieval.ports import Attached, Passage
from application.retrieval.queries import ends_of
from application.retrieval.retrieve import Wish, retrieve
from application.retrieval.scope import Scope, is_attached, own_scope, scope_now
from domain.errors import NotFound
from interfaces.http.attachments import names_of
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, Words

router = Door(tags=["retrieval"])

IDS_MAX = 200
FOUND_MAX = 50
WHAT = {"file": "file", "knowledge": "knowledge base"}

Ids = Annotated[list[UUID], Field(max_length=IDS_MAX)]


class Trial(Body):
    """A question, and where to look; left out: in all my files."""

    query: Annotated[Words, Field(max_length=20_000)]
    file_ids: Ids = Field(default_factory=list)
    knowledge_ids: Ids = Field(default_factory=list)
    limit: Annotated[int, Field(ge=1, le=FOUND_MAX, strict=True)] = 20


class ScoresShape(BaseModel):
    """How well a passage did at each stage that saw it."""

    words: float | None
    meaning: float | None
    fused: float | None
    rerank: float | None


class FoundShape(BaseModel):
    """A passage that was found. Its text is null when it is gone, or not for the caller any more.

    `n` is its number among the sources of the answer, if it was `used`.
    """

    passage_id: UUID | None
    file_id: UUID | None
    url: str | None
    name: str
    page: int | None
    headings: str
    text: str | None
    scores: ScoresShape
    used: bool
    n: int | None


class TriedShape(BaseModel):
    """What was found; `lacking` says why something was not searched, if so."""

    queries: list[str]
    passages: list[FoundShape]
    lacking: str | None
    milliseconds: dict[str, float]


class RecordedShape(BaseModel):
    """What was looked for, where, and what was found, best first."""

    queries: list[str]
    scope: dict[str, Any]
    found: list[FoundShape]
    milliseconds: dict[str, float]


@router.post("/retrieval", responses=problems("not_found", "projection_lagging"))
async def try_retrieval(body: Trial, call: Call) -> TriedShape:
    """Find passages as for a question, with the scores of each stage. Nothing is recorded."""
    shelves = call.services.shelves
    settings = (await shelves.means.settings()).retrieval
    scope = await scope_of(call, Attached(body.file_ids, body.knowledge_ids))
    queries = [ends_of(body.query.replace("\x00", " "))]
    asked = await Inquiry(shelves.externals, queries).run(call.actor.id, body.knowledge_ids)
    wish = Wish(
        queries=queries,
        files=scope.files,
        settings=replace(settings, passages=min(settings.passages, body.limit)),
        room_tokens=settings.budget_tokens,
        web=asked.candidates,
    )
    done = await retrieve(shelves.search, wish, await shelves.means.reranker())
    known = {each.passage.id: each.passage for each in done.candidates if each.passage.id}
    found = found_of(done.candidates, done.sources, most=body.limit)
    return TriedShape(
        queries=list(wish.queries),
        passages=[shown(each, known, scope.files) for each in found],
        lacking=" ".join([*filter(None, [done.lacking]), *asked.problems]) or None,
        milliseconds=done.milliseconds,
    )


async def scope_of(call: Call, attached: Attached) -> Scope:
    """Where the caller wants to look; NotFound names what he may not see."""
    library = call.services.shelves.library
    if not is_attached(attached):
        return await own_scope(library, call.actor.id)
    wanted = [("file", key) for key in attached.file_ids]
    wanted += [("knowledge", key) for key in attached.knowledge_ids]
    names = await names_of(call, [key for _, key in wanted], own=True)
    for kind, key in wanted:
        if (kind, key) not in names:
            raise NotFound(WHAT[kind], key)
    return await scope_now(library, call.actor.id, attached)


@router.get("/answers/{answer_id}/retrieval", responses=problems("not_found", "projection_lagging"))
async def read_retrieval(answer_id: UUID, call: Call) -> RecordedShape:
    """What was found for an answer, with the passages as they are now."""
    draft = Draft.of(answer_id, await call.services.log.history(answer_id))
    if draft.owner != call.actor.id or draft.deleted:
        raise NotFound("answer", answer_id)
    record = draft.retrieval
    if record is None:
        raise NotFound("retrieval of answer", answer_id)
    ids = list({UUID(each["file_id"]) for each in record.found if each["file_id"]})
    names = await names_of(call, ids)
    files = {key: name for (kind, key), name in names.items() if kind == "file"}
    wanted = [UUID(each["passage_id"]) for each in record.found if each["passage_id"]]
    known = await call.services.shelves.search.passages(wanted, files)
    return RecordedShape(
        queries=record.queries,
        scope=record.scope,
        found=[shown(each, known, files) for each in record.found],
        milliseconds=record.milliseconds,
    )


def shown(
    each: Mapping[str, Any], known: Mapping[UUID, Passage], files: Mapping[UUID, str]
) -> FoundShape:
    """Something that was found, with its text if there still is one for the caller."""
    file_id = UUID(each["file_id"]) if each["file_id"] else None
    passage = known.get(UUID(each["passage_id"])) if each["passage_id"] else None
    name = files.get(file_id, "") if file_id else each.get("title", "")
    return FoundShape(
        passage_id=each["passage_id"],
        file_id=file_id,
        url=each["url"],
        name=name,
        page=each["page"],
        headings=passage.headings if passage else "",
        text=passage.text if passage else each.get("quote"),
        scores=ScoresShape(**each["scores"]),
        used=each["used"],
        n=each["n"],
    )
