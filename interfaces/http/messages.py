"""Asking, reading, and changing what was said in a chat."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from application.chats import ChooseLeaf
from application.messages import AskAgain, DeleteMessage, EditMessage, PostMessage
from application.messages import Request as Wanted
from application.ports import Unavailable
from domain.errors import Invalid, NotFound
from domain.messages import Sources
from infrastructure.reader import Lagging
from interfaces.http.attachments import NewAttachments, checked, names_in
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.drawing import with_drawings
from interfaces.http.errors import problems
from interfaces.http.fields import Body, ModelId, ModelIds, Params, Words
from interfaces.http.message_shapes import (
    AnswerShape,
    Beside,
    MessageShape,
    QuestionShape,
    attachment,
    queued,
    shown,
)
from interfaces.http.paging import Page, Paging, pack, unpack
from interfaces.http.sse import stream_answers
from projections import branches, chats
from projections.messages import messages as projection

router = Door("/chats/{chat_id}", tags=["messages"])

SIBLINGS_MAX = 1_000
EVENT_STREAM = "text/event-stream"
POSITION_MAX = 2**63 - 1


class NewMessage(Body):
    """A question to one or more models. Without `parent_id` it follows what is shown now."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"content": "Why is the sky blue?", "models": ["reader"]}}
    )

    id: UUID | None = None
    parent_id: UUID | None = None
    content: Words
    models: Annotated[list[ModelId], Field(min_length=1, max_length=8)]
    params: Params = Params()
    attachments: NewAttachments = Field(default_factory=list)
    web_search: StrictBool = False


class MoreAnswers(Body):
    """Whom to ask once more; left out: the same model."""

    models: ModelIds = Field(default_factory=list)
    ids: Annotated[list[UUID], Field(max_length=8)] = Field(default_factory=list)
    hint: Annotated[str, Field(max_length=10_000)] = ""


class NewWords(Body):
    """Other words."""

    content: Words


class Leaf(Body):
    """A message of the branch to be shown."""

    message_id: UUID


class ShownLeaf(BaseModel):
    """Where the chat ends, as it is shown."""

    leaf_id: UUID


class Posted(BaseModel):
    """The question, and the answers that will come: follow them at `/answers/{id}/stream`."""

    message: QuestionShape
    answers: list[AnswerShape]
    position: int


class Asked(BaseModel):
    """The answers that will come."""

    answers: list[AnswerShape]
    position: int


class Branch(Page[MessageShape]):
    """Messages of a branch in reading order; the next page is further up."""

    leaf_id: UUID | None = None


@router.get("/messages", responses=problems("not_found", "projection_lagging"))
async def list_messages(
    chat_id: UUID,
    call: Call,
    paging: Paging,
    leaf: UUID | None = None,
    parent_id: Annotated[UUID | None, Query(description="All that follows this message.")] = None,
) -> Branch:
    """The branch that ends at a message, newest page first; or what follows one message."""
    place = cursor_of(paging.cursor)
    start = place if isinstance(place, UUID) else leaf
    async with call.read(projection) as db:
        chat = await chats.chat(db, chat_id, call.actor.id)
        start = start or chat.leaf_id
        rows: Sequence[branches.MessageRow] = []
        more, shown_leaf = None, leaf or chat.leaf_id
        if parent_id:
            after = place if isinstance(place, int) else 0
            found = await branches.children(db, chat_id, parent_id, limit=paging.more, after=after)
            rows, shown_leaf = found[: paging.limit], chat.leaf_id
            more = pack(str(rows[-1].position)) if len(found) > paging.limit else None
        elif start is not None:
            page = await branches.branch(db, chat_id, start, limit=paging.limit)
            rows, more = page.items, pack(str(page.next_id)) if page.next_id else None
            if not rows and leaf:
                raise NotFound("message", leaf)
    names = await names_in(call, rows)
    items = [shown(row, names) for row in rows]
    return Branch(items=items, next_cursor=more, leaf_id=shown_leaf)


def cursor_of(cursor: str | None) -> UUID | int | None:
    """Where a page begins: at a message, or after a position."""
    if cursor is None:
        return None
    try:
        text = unpack(cursor)
        if not text.isdecimal() or not text.isascii():
            return UUID(text)
        if int(text[:30]) <= POSITION_MAX:
            return int(text[:30])
    except ValueError:
        pass
    raise Invalid("cursor: not a cursor of this list.")


@router.get("/messages/{message_id}", responses=problems("not_found", "projection_lagging"))
async def read_message(chat_id: UUID, message_id: UUID, call: Call) -> MessageShape:
    """One message."""
    row = await found(call, chat_id, message_id)
    return shown(row, await names_in(call, [row]))


async def found(
    call: Call, chat_id: UUID, message_id: UUID, *, own: bool = False
) -> branches.MessageRow:
    """A message of this chat, to its owner; else NotFound."""
    async with call.read(projection, own=own) as db:
        row = await branches.message(db, message_id, call.actor.id)
    if row.chat_id != chat_id:
        raise NotFound("message", message_id)
    return row


@router.post(
    "/messages",
    status_code=202,
    response_model=Posted,
    responses=problems("not_found", "conflict", "limit_reached", "projection_lagging")
    | {
        200: {
            "description": "With `Accept: text/event-stream`: all answers as they are written.",
            "content": {EVENT_STREAM: {"schema": {"type": "string"}}},
        }
    },
)
async def post_message(
    chat_id: UUID, body: NewMessage, call: Call, request: Request
) -> Posted | Response:
    """Put a question to one or more models; with SSE accepted, their answers are streamed."""
    message_id = body.id or call.new_id("message")
    if "parent_id" in body.model_fields_set:
        parent_id, follows = body.parent_id, False
    else:
        parent_id, follows = await leaf_of(call, chat_id), True
    wanted = Wanted(tuple(body.models), params=body.params.given())
    wanted = await with_drawings(call, wanted)
    about, names = await checked(call, body.attachments)
    sources = Sources(about, body.web_search)
    command = PostMessage(chat_id, message_id, parent_id, body.content, wanted, sources)
    looking = asyncio.create_task(children_of(call, chat_id, parent_id, nothing=follows))
    try:
        asked = await call.execute(command)
    except BaseException:
        looking.cancel()
        raise
    siblings = Beside.of(await looking, [message_id])
    message = QuestionShape(
        id=message_id,
        chat_id=chat_id,
        parent_id=parent_id,
        content=body.content.replace("\x00", ""),
        created_at=datetime.now(UTC),
        position=call.position - len(asked) - len(wanted.drawings),
        attachments=[attachment(each.kind, each.id, asdict(each), names) for each in about],
        web_search=body.web_search,
        **siblings.place(message_id),
    )
    answers = queued(asked, (chat_id, message_id), call.position)
    posted = Posted(message=message, answers=answers, position=call.position)
    if EVENT_STREAM not in request.headers.get("accept", ""):
        return posted
    accepted: dict[str, Any] = posted.model_dump(mode="json")
    streamed = await stream_answers(call.services, accepted, [each.id for each in asked], request)
    streamed.headers["Position"] = str(call.position)
    return streamed


async def leaf_of(call: Call, chat_id: UUID) -> UUID | None:
    """Where a chat ends as it is shown, after all this person wrote here."""
    async with call.read(projection, own=True) as db:
        return (await chats.chat(db, chat_id, call.actor.id)).leaf_id


async def children_of(
    call: Call, chat_id: UUID, parent_id: UUID | None, *, nothing: bool = False
) -> list[UUID]:
    """What followed a message up to now; it is only shown, so no failure of a command."""
    if nothing:
        return []
    try:
        async with call.read(projection) as db:
            rows = await branches.children(db, chat_id, parent_id, limit=SIBLINGS_MAX)
    except (Unavailable, Lagging, TimeoutError):
        return []
    return [row.id for row in rows if row.owner_id == call.actor.id]


@router.patch(
    "/messages/{message_id}", responses=problems("not_found", "conflict", "projection_lagging")
)
async def edit_message(chat_id: UUID, message_id: UUID, body: NewWords, call: Call) -> MessageShape:
    """Change a question or an ended answer in place; nothing is asked anew."""
    row = await found(call, chat_id, message_id, own=True)
    await call.execute(EditMessage(chat_id, message_id, body.content))
    content = body.content.replace("\x00", "")
    edited = replace(row, content=content, edited_at=datetime.now(UTC))
    return shown(edited, await names_in(call, [row]))


@router.delete("/messages/{message_id}", status_code=204, responses=problems("not_found", "stale"))
async def delete_message(chat_id: UUID, message_id: UUID, call: Call) -> None:
    """Take a message away, and the direct answers of a question; what followed moves up."""
    await call.execute(DeleteMessage(chat_id, message_id))


@router.post(
    "/messages/{message_id}/answers",
    status_code=202,
    responses=problems("not_found", "conflict", "limit_reached", "projection_lagging"),
)
async def ask_again(chat_id: UUID, message_id: UUID, body: MoreAnswers, call: Call) -> Asked:
    """Have a question answered once more, by the same model or by others."""
    row = await found(call, chat_id, message_id, own=True)
    question_id = row.parent_id if row.role == "assistant" and row.parent_id else row.id
    others = await children_of(call, chat_id, question_id)
    wanted = Wanted(tuple(body.models), tuple(body.ids), hint=body.hint)
    wanted = await with_drawings(call, wanted)
    asked = await call.execute(AskAgain(chat_id, message_id, wanted))
    answers = queued(asked, (chat_id, question_id), call.position, others)
    return Asked(answers=answers, position=call.position)


@router.put("/leaf", responses=problems("not_found", "stale", "projection_lagging"))
async def choose_leaf(chat_id: UUID, body: Leaf, call: Call) -> ShownLeaf:
    """Show the branch of a message: up to the newest leaf below it."""
    async with call.read(projection, own=True) as db:
        await chats.chat(db, chat_id, call.actor.id)
        leaf_id = await branches.newest_leaf(db, chat_id, body.message_id)
    await call.execute(ChooseLeaf(chat_id, leaf_id))
    return ShownLeaf(leaf_id=leaf_id)
