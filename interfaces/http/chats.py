"""Conversations: the list, and what one can do to each."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid5

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from application.chats import (
    ChooseLeaf,
    ConfigureChat,
    DeleteChat,
    RenameChat,
    RestoreChat,
    SeeChat,
    StartChat,
    TrashChat,
)
from application.command import Command, Work
from application.copies import StartCopy
from application.messages import COPIED_MAX, Copied, CopyMessages, StopAnswer
from domain.answers import Status
from domain.chats import TitleSource
from domain.messages import URL_CHARACTERS_MAX, Attachment, Sources
from interfaces.http.attachments import NewAttachments, checked
from interfaces.http.call import Call
from interfaces.http.doors import Door
from interfaces.http.errors import problems
from interfaces.http.fields import Body, Line, ModelId, ModelIds, Params, Text, When
from interfaces.http.paging import Page, Paging
from projections import branches
from projections import chats as projection

router = Door("/chats", tags=["chats"])

CITATIONS_MAX = 100

Instructions = Annotated[str, Field(max_length=100_000)]


class ChatShape(BaseModel):
    """A conversation."""

    id: UUID
    title: str
    title_source: TitleSource
    leaf_id: UUID | None
    system: str
    params: dict[str, Any]
    models: list[str]
    created_at: When
    updated_at: When
    unread: bool
    running: int
    deleted_at: When | None


class SavedCitation(Body):
    """Where a sentence of an answer came from, as its stream said."""

    n: Annotated[int, Field(ge=0, lt=2**31, strict=True)]
    title: Line = ""
    quote: Annotated[Text, Field(max_length=2_000)] = ""
    source: Annotated[Text, Field(max_length=2_400)] = ""
    file_id: UUID | None = None
    passage_id: UUID | None = None
    page: Annotated[int | None, Field(ge=0, lt=2**31, strict=True)] = None
    start: Annotated[int | None, Field(ge=0, lt=2**31, strict=True)] = None
    end: Annotated[int | None, Field(ge=0, lt=2**31, strict=True)] = None
    headings: Annotated[Text | None, Field(max_length=2_000)] = None
    score: float | None = None
    url: Annotated[Text | None, Field(max_length=URL_CHARACTERS_MAX)] = None


class SavedMessage(Body):
    """A message of a temporary chat that is to be kept, with what it was about or stood on."""

    id: UUID
    parent_id: UUID | None = None
    role: Literal["user", "assistant"]
    content: Text
    model: ModelId | None = None
    attachments: NewAttachments = Field(default_factory=list)
    web_search: StrictBool = False
    citations: Annotated[list[SavedCitation], Field(max_length=CITATIONS_MAX)] = Field(
        default_factory=list
    )


class NewChat(Body):
    """A conversation to open; everything may be left out."""

    model_config = ConfigDict(json_schema_extra={"example": {"title": "Tea"}})

    id: UUID | None = None
    title: Line = ""
    system: Instructions = ""
    params: Params = Params()
    models: ModelIds = Field(default_factory=list)
    messages: Annotated[list[SavedMessage], Field(max_length=COPIED_MAX)] = Field(
        default_factory=list
    )


class ChatChange(Body):
    """What changes; what is left out stays."""

    title: Line | None = None
    system: Instructions | None = None
    params: Params | None = None
    models: ModelIds | None = None


class CloneOptions(Body):
    """The id of the copy, if one wants to choose it."""

    id: UUID | None = None


class Stopping(BaseModel):
    """How many answers are being stopped."""

    stopping: int


class ChangeChat(Command[None]):
    """Rename and configure a chat in one go."""

    def __init__(self, *commands: Command[None]) -> None:
        self.commands = commands

    async def execute(self, work: Work) -> None:
        for each in self.commands:
            await each.execute(work)


@router.get("", responses=problems("projection_lagging"))
async def list_chats(
    call: Call,
    paging: Paging,
    trash: Annotated[bool, Query(description="Those in the trash instead.")] = False,  # noqa: FBT002
) -> Page[ChatShape]:
    """My chats, the one that was touched last first."""
    place = paging.place()
    async with call.read(projection.chats) as db:
        rows = await projection.page(
            db, call.actor.id, trash=trash, limit=paging.more, before=place
        )
    return paging.page(rows, shown, lambda row: (row.updated_at, row.id))


@router.post("", status_code=201, responses=problems("not_found", "conflict"))
async def start_chat(body: NewChat, call: Call) -> ChatShape:
    """Open a conversation, empty or with what was said in a temporary one."""
    chat_id = body.id or call.new_id("chat")
    start = StartChat(chat_id, body.title, body.system, body.params.given(), body.models)
    copied = await copied_of(call, body.messages)
    await call.execute(StartCopy(start, CopyMessages(chat_id, copied)) if copied else start)
    now = datetime.now(UTC)
    title = " ".join(body.title.split())
    source = TitleSource.PERSON if title else TitleSource.DERIVED
    first = next((each.text for each in copied if each.role == "user"), "")
    return ChatShape(
        id=chat_id,
        title=title or projection.derived_title(first),
        title_source=source,
        leaf_id=copied[-1].id if copied else None,
        system=body.system,
        params=body.params.given(),
        models=body.models,
        created_at=now,
        updated_at=now,
        unread=False,
        running=0,
        deleted_at=None,
    )


async def copied_of(call: Call, messages: Sequence[SavedMessage]) -> tuple[Copied, ...]:
    """Messages as they are kept; NotFound names what is attached and cannot be seen."""
    return tuple([await copied_one(call, each) for each in messages])


async def copied_one(call: Call, message: SavedMessage) -> Copied:
    """One of them."""
    about, _ = await checked(call, message.attachments)
    return Copied(
        message.id,
        message.parent_id,
        message.role,
        message.content,
        message.model or "",
        citations=[each.model_dump(mode="json", exclude_none=True) for each in message.citations],
        sources=Sources(about, message.web_search),
    )


@router.get("/{chat_id}", responses=problems("not_found", "projection_lagging"))
async def read_chat(chat_id: UUID, call: Call) -> ChatShape:
    """One of my chats."""
    async with call.read(projection.chats) as db:
        return shown(await projection.chat(db, chat_id, call.actor.id))


async def current(call: Call, chat_id: UUID) -> projection.ChatRow:
    """A chat after all this person wrote here."""
    async with call.read(projection.chats, own=True) as db:
        return await projection.chat(db, chat_id, call.actor.id)


@router.patch("/{chat_id}", responses=problems("not_found", "stale", "projection_lagging"))
async def change_chat(chat_id: UUID, body: ChatChange, call: Call) -> ChatShape:
    """Change the title, the instructions, the parameters or the models."""
    row = await current(call, chat_id)
    commands: list[Command[None]] = []
    params = None if body.params is None else body.params.given()
    if body.title is not None:
        title = " ".join(body.title.split())
        commands.append(RenameChat(chat_id, title))
        row = replace(row, title=title, title_source=TitleSource.PERSON)
    if (body.system, params, body.models) != (None, None, None):
        commands.append(ConfigureChat(chat_id, body.system, params, body.models))
    await call.execute(ChangeChat(*commands))
    changed = {"system": body.system, "params": params, "models": body.models}
    kept: dict[str, Any] = {name: value for name, value in changed.items() if value is not None}
    return shown(replace(row, **kept))


@router.delete("/{chat_id}", status_code=204, responses=problems("not_found", "conflict"))
async def delete_chat(
    chat_id: UUID,
    call: Call,
    forever: Annotated[bool, Query(description="For good; only from the trash.")] = False,  # noqa: FBT002
) -> None:
    """Put a chat into the trash, or remove one that is there for good."""
    await call.execute(DeleteChat(chat_id) if forever else TrashChat(chat_id))


@router.post("/{chat_id}/restore", responses=problems("not_found", "projection_lagging"))
async def restore_chat(chat_id: UUID, call: Call) -> ChatShape:
    """Take a chat out of the trash."""
    row = await current(call, chat_id)
    await call.execute(RestoreChat(chat_id))
    return shown(replace(row, deleted_at=None))


@router.post("/{chat_id}/read", status_code=204, responses=problems("not_found"))
async def see_chat(chat_id: UUID, call: Call) -> None:
    """Say that all of it has been seen."""
    await call.execute(SeeChat(chat_id))


@router.post(
    "/{chat_id}/stop", status_code=202, responses=problems("not_found", "projection_lagging")
)
async def stop_chat(chat_id: UUID, call: Call) -> Stopping:
    """Stop all answers that are being written; what is written stays."""
    async with call.read(projection.chats, own=True) as db:
        await projection.chat(db, chat_id, call.actor.id)
        running = await branches.running(db, chat_id)
    call.respond(await call.services.log.head())
    for each in running:
        await call.execute(StopAnswer(each.id), f"stop {each.id}")
    return Stopping(stopping=len(running))


@router.post(
    "/{chat_id}/clone",
    status_code=201,
    responses=problems("not_found", "conflict", "projection_lagging"),
)
async def clone_chat(chat_id: UUID, call: Call, body: CloneOptions | None = None) -> ChatShape:
    """Make a copy with all branches. Answers that are being written are copied as they are."""
    async with call.read(projection.chats, own=True) as db:
        row = await projection.chat(db, chat_id, call.actor.id)
        rows = await branches.all_messages(db, chat_id)
    copy_id = (body.id if body else None) or call.new_id("chat")
    ids = {each.id: uuid5(copy_id, str(each.id)) for each in rows}
    copied = [copy_of(each, ids) for each in rows]
    start = StartChat(copy_id, row.title, row.system, row.params, row.models)
    first = CopyMessages(copy_id, tuple(copied[:COPIED_MAX]))
    await call.execute(StartCopy(start, first))
    for begin in range(COPIED_MAX, len(copied), COPIED_MAX):
        some = tuple(copied[begin : begin + COPIED_MAX])
        await call.execute(CopyMessages(copy_id, some), f"messages {begin}")
    leaf_id = ids.get(row.leaf_id) if row.leaf_id else None
    if leaf_id:
        await call.execute(ChooseLeaf(copy_id, leaf_id), "leaf")
    now = datetime.now(UTC)
    copy = replace(
        row, id=copy_id, title_source=TitleSource.PERSON if row.title else TitleSource.DERIVED
    )
    times: dict[str, Any] = {"created_at": now, "updated_at": now, "deleted_at": None}
    return shown(replace(copy, leaf_id=leaf_id, unread=False, running=0, **times))


def copy_of(row: branches.MessageRow, ids: dict[UUID, UUID]) -> Copied:
    """A message for the copy of its chat."""
    status = Status(row.status) if row.status else Status.COMPLETED
    return Copied(
        ids[row.id],
        ids.get(row.parent_id) if row.parent_id else None,
        row.role,
        row.content,
        row.model or "",
        status if status.is_end else Status.INTERRUPTED,
        row.reasoning,
        row.citations,
        Sources([attachment_of(each) for each in row.attachments], row.web_search),
    )


def attachment_of(each: dict[str, Any]) -> Attachment:
    """Something attached, as it is kept."""
    key = UUID(each["id"]) if each["id"] else None
    return Attachment(each["kind"], key, each["url"], each["whole"])


def shown(row: projection.ChatRow) -> ChatShape:
    """A chat as it was read."""
    values = {name: getattr(row, name) for name in ChatShape.model_fields}
    return ChatShape.model_validate(values)
