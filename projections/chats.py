"""Chats: the list of a person's conversations, newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.answers import Answer
from domain.chats import Chat, TitleSource
from domain.errors import NotFound
from domain.messages import Message
from projections.read_model import Db, ReadModel, Writes, as_json, clean

DERIVED_CHARACTERS_MAX = 100

chats = ReadModel(
    "chats",
    version=1,
    beside=("messages",),
    tables="""
        create table chats (
            id           uuid        primary key,
            owner_id     uuid        not null,
            title        text        not null,
            title_source text        not null,
            system       text        not null default '',
            params       jsonb       not null default '{}',
            models       text[]      not null default '{}',
            created_at   timestamptz not null,
            updated_at   timestamptz not null,
            unread       boolean     not null default false,
            running      integer     not null default 0,
            deleted_at   timestamptz
        ) with (fillfactor = 80);
        create index on chats (owner_id, updated_at, id) where deleted_at is null;
        create index on chats (owner_id, updated_at, id) where deleted_at is not null;
    """,
)


@chats.on(Chat.Started)
def on_started(event: Chat.Started, db: Writes) -> None:
    """List a new chat."""
    source = TitleSource.PERSON if event.title else TitleSource.DERIVED
    db.execute(
        """
        insert into chats (id, owner_id, title, title_source, created_at, updated_at)
        values (%(id)s, %(owner)s, %(title)s, %(source)s, %(at)s, %(at)s)
        """,
        {
            "id": event.originator_id,
            "owner": event.owner,
            "title": clean(event.title),
            "source": source.value,
            "at": event.timestamp,
        },
    )


@chats.on(Chat.Renamed)
def on_renamed(event: Chat.Renamed, db: Writes) -> None:
    """Keep the new title."""
    db.execute(
        "update chats set title = %(title)s, title_source = %(source)s where id = %(id)s",
        {
            "id": event.originator_id,
            "title": clean(event.title),
            "source": event.source.value,
        },
    )


@chats.on(Chat.Configured)
def on_configured(event: Chat.Configured, db: Writes) -> None:
    """Keep how its models are asked."""
    db.execute(
        """
        update chats set system = %(system)s, params = %(params)s, models = %(models)s
        where id = %(id)s
        """,
        {
            "id": event.originator_id,
            "system": clean(event.system),
            "params": as_json(event.params),
            "models": [clean(each) for each in event.models],
        },
    )


@chats.on(Chat.Seen)
def on_seen(event: Chat.Seen, db: Writes) -> None:
    """Nothing in it is news any more."""
    db.execute(
        "update chats set unread = false where id = %(id)s and unread", {"id": event.originator_id}
    )


@chats.on(Chat.Trashed)
def on_trashed(event: Chat.Trashed, db: Writes) -> None:
    """Move it to the list of the trash."""
    db.execute(
        "update chats set deleted_at = %(at)s where id = %(id)s",
        {"id": event.originator_id, "at": event.timestamp},
    )


@chats.on(Chat.Restored)
def on_restored(event: Chat.Restored, db: Writes) -> None:
    """Move it back to the list."""
    db.execute("update chats set deleted_at = null where id = %(id)s", {"id": event.originator_id})


@chats.on(Chat.Deleted)
def on_deleted(event: Chat.Deleted, db: Writes) -> None:
    """Forget it."""
    db.execute("delete from chats where id = %(id)s", {"id": event.originator_id})


@chats.on(Message.Posted)
def on_posted(event: Message.Posted, db: Writes) -> None:
    """Move it to the top. Its owner is here, so nothing is unread; the first words name it."""
    db.execute(
        """
        update chats
        set updated_at = greatest(updated_at, %(at)s),
            unread = false,
            title = case when title = '' and title_source = 'derived'
                    then %(title)s else title end
        where id = %(id)s
        """,
        {"id": event.chat_id, "at": event.timestamp, "title": derived_title(event.text)},
    )


@chats.on(Answer.Requested)
def on_requested(event: Answer.Requested, db: Writes) -> None:
    """Move it to the top: an answer is on its way."""
    db.execute(
        """
        update chats set running = running + 1, updated_at = greatest(updated_at, %(at)s)
        where id = %(id)s
        """,
        {"id": event.chat_id, "at": event.timestamp},
    )


@chats.on(Answer.Continued)
def on_continued(_: Answer.Continued, db: Writes) -> None:
    """An answer is being written again."""
    db.execute("update chats set running = running + 1 where id = %(id)s", {"id": db.root_id})


@chats.on(Answer.Ended)
def on_ended(event: Answer.Ended, db: Writes) -> None:
    """There is something new to read."""
    db.execute(
        """
        update chats
        set running = greatest(running - 1, 0),
            unread = true,
            updated_at = greatest(updated_at, %(at)s)
        where id = %(id)s
        """,
        {"id": db.root_id, "at": event.timestamp},
    )


@chats.on(Answer.Recorded)
def on_recorded(event: Answer.Recorded, db: Writes) -> None:
    """Move it to the top."""
    db.execute(
        "update chats set updated_at = greatest(updated_at, %(at)s) where id = %(id)s",
        {"id": event.chat_id, "at": event.timestamp},
    )


def derived_title(text: str) -> str:
    """The beginning of a first question, in one line."""
    return " ".join(clean(text[: 4 * DERIVED_CHARACTERS_MAX]).split())[:DERIVED_CHARACTERS_MAX]


@dataclass(frozen=True, slots=True)
class ChatRow:
    """A chat in the list. `running` counts answers not ended; `deleted_at`: in the trash since."""

    id: UUID
    owner_id: UUID
    title: str
    title_source: str
    system: str
    params: dict[str, Any]
    models: list[str]
    created_at: datetime
    updated_at: datetime
    unread: bool
    running: int
    deleted_at: datetime | None
    leaf_id: UUID | None


async def find(db: Db, chat_id: UUID) -> ChatRow | None:
    """A chat, whoever's it is; for those who work for its owner."""
    await db.execute(
        """
        select c.*, l.leaf_id from chats c left join leaves l on l.chat_id = c.id
        where c.id = %s
        """,
        [chat_id],
    )
    row = await db.fetchone()
    return ChatRow(**row) if row else None


async def chat(db: Db, chat_id: UUID, owner_id: UUID) -> ChatRow:
    """A chat to its owner, in the trash or not; to others NotFound."""
    found = await find(db, chat_id)
    if found is None or found.owner_id != owner_id:
        raise NotFound("chat", chat_id)
    return found


async def page(
    db: Db,
    owner_id: UUID,
    *,
    trash: bool = False,
    limit: int = 50,
    before: tuple[datetime, UUID] | None = None,
) -> list[ChatRow]:
    """A person's chats, last touched first, before (updated_at, id) of the last one seen."""
    place = "c.deleted_at is not null" if trash else "c.deleted_at is null"
    more = "and (c.updated_at, c.id) < (%(at)s, %(id)s)" if before else ""
    at, key = before or (None, None)
    await db.execute(
        f"""
        select c.*, l.leaf_id from chats c left join leaves l on l.chat_id = c.id
        where c.owner_id = %(owner_id)s and {place} {more}
        order by c.updated_at desc, c.id desc limit %(limit)s
        """,  # noqa: S608
        {"owner_id": owner_id, "limit": limit, "at": at, "id": key},
    )
    return [ChatRow(**row) for row in await db.fetchall()]
