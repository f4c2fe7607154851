"""Attachments: what questions are about. They hold for all later questions of a branch.

That the web is to be searched for one question is a row of kind `search`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.chats import Chat
from domain.messages import Message
from projections.messages import START
from projections.read_model import Db, ReadModel, Writes, clean

SEARCH = "search"

attachments = ReadModel(
    "attachments",
    version=1,
    beside=("messages", "files", "knowledge"),
    tables="""
        create table attachments (
            chat_id    uuid     not null,
            message_id uuid     not null,
            place      smallint not null,
            kind       text     not null,
            target_id  uuid,
            url        text,
            whole      boolean  not null default false,
            primary key (message_id, place)
        );
        create index on attachments (chat_id);
    """,
)

# What is attached to a message `m`, in one value; null when nothing is.
OF_MESSAGE = """(
    select jsonb_agg(jsonb_build_object('kind', a.kind, 'id', a.target_id, 'url', a.url,
        'whole', a.whole) order by a.place)
    from attachments a where a.message_id = m.id)"""

INSERT = """
    insert into attachments (chat_id, message_id, place, kind, target_id, url, whole)
    values (%(chat)s, %(message)s, %(place)s, %(kind)s, %(target)s, %(url)s, %(whole)s)
"""


@attachments.on(Message.Posted)
def on_posted(event: Message.Posted, db: Writes) -> None:
    """Keep what the question is about."""
    rows: list[tuple[str, UUID | None, str | None, bool]] = [
        (each.kind, each.id, None if each.url is None else clean(each.url), each.whole)
        for each in event.attachments
    ]
    if event.web_search:
        rows.append((SEARCH, None, None, False))
    for place, (kind, target, url, whole) in enumerate(rows):
        what = {"kind": kind, "target": target, "url": url, "whole": whole, "place": place}
        db.execute(INSERT, {"chat": event.chat_id, "message": event.originator_id, **what})


@attachments.on(Message.Deleted)
def on_message_deleted(event: Message.Deleted, db: Writes) -> None:
    """Forget what it was about."""
    db.execute("delete from attachments where message_id = %(id)s", {"id": event.originator_id})


@attachments.on(Chat.Deleted)
def on_chat_deleted(event: Chat.Deleted, db: Writes) -> None:
    """Forget what all of it was about."""
    db.execute("delete from attachments where chat_id = %(id)s", {"id": event.originator_id})


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """Something that is attached to a question of a branch."""

    message_id: UUID
    kind: str
    target_id: UUID | None
    url: str | None
    whole: bool


# From one question that something was attached to, to the next above it.
ON_BRANCH = f"""
    with recursive {START}, up as (
        select s.attached_id as id, 1 as depth from start s where s.chat_id = %(chat)s
        union all
        select p.attached_id, up.depth + 1 from up
        join messages m on m.id = up.id join messages p on p.id = m.parent_id
    )
    select a.message_id, a.kind, a.target_id, a.url, a.whole
    from up join attachments a on a.message_id = up.id
    order by up.depth, a.place
"""  # noqa: S608 (all of it is ours)


async def on_branch(db: Db, chat_id: UUID, question_id: UUID) -> list[AttachmentRow]:
    """What is attached to a question and to those above it, the nearest first."""
    await db.execute(ON_BRANCH, {"chat": chat_id, "start": question_id})
    return [AttachmentRow(**row) for row in await db.fetchall()]


def distinct(rows: Sequence[AttachmentRow]) -> list[AttachmentRow]:
    """Each thing once, as it was attached last."""
    found: dict[object, AttachmentRow] = {}
    for row in rows:
        found.setdefault(row.target_id or row.url, row)
    return list(found.values())
