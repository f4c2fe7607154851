"""Messages: the tree of every chat, and the texts in it.

`messages` holds the tree and what changes often; the long texts are in `texts`, so that a change
of status never copies one. The first messages of a chat have the chat as their parent. What is
deleted stays as a row without text, so that what was posted below it finds where it belongs.
`attached_id` is the nearest question at or above it that something was attached to, so that whoever
looks for all of them goes from one to the next, however long the branch.
`rank` is the position at which a message, or the batch of answers it came with, begins; children
rank above their parents, so the newest message of a branch is always a leaf.
The queries are in `projections/branches.py`.
"""

from typing import Any

from domain.answers import Answer
from domain.battles import Battle
from domain.chats import Chat
from domain.messages import Message
from projections.read_model import ReadModel, Writes, as_json, clean

messages = ReadModel(
    "messages",
    version=3,
    beside=("chats", "attachments", "ratings", "battles"),
    tables="""
        create table messages (
            id                uuid        primary key,
            chat_id           uuid        not null,
            owner_id          uuid        not null,
            parent_id         uuid        not null,
            position          bigint      not null,
            rank              bigint      not null,
            role              text        not null,
            created_at        timestamptz not null,
            edited_at         timestamptz,
            deleted           boolean     not null default false,
            model             text,
            batch_id          uuid,
            batch_index       integer     not null default 0,
            batch_count       integer,
            status            text,
            attempt           integer     not null default 0,
            left_out          integer     not null default 0,
            attached_id       uuid,
            seconds           double precision,
            reasoning_seconds double precision,
            usage             jsonb,
            error             jsonb
        ) with (fillfactor = 80);
        create index children on messages (parent_id, position);
        create index newest on messages (chat_id, rank, batch_index desc);
        create table texts (
            message_id uuid  primary key,
            content    text  not null default '',
            reasoning  text  not null default '',
            citations  jsonb not null default '[]'
        ) with (fillfactor = 80);
        create table leaves (
            chat_id uuid primary key,
            leaf_id uuid
        ) with (fillfactor = 80);

        -- The nearest message at or above one that is still there; NULL when none is.
        create function living(message uuid) returns uuid stable language sql as $$
            with recursive up as (
                select id, parent_id, deleted from messages where id = message
                union all
                select m.id, m.parent_id, m.deleted
                from messages m join up on m.id = up.parent_id where up.deleted
            )
            select id from up where not deleted
        $$;

        -- The newest leaf below a message, or itself.
        create function newest_below(message uuid) returns uuid stable language sql as $$
            with recursive below as (
                select id, rank, batch_index from messages where id = message and not deleted
                union all
                select m.id, m.rank, m.batch_index
                from messages m join below b on m.parent_id = b.id where not m.deleted
            )
            select id from below order by rank desc, batch_index limit 1
        $$;

        -- The newest leaf of a chat.
        create function newest_in(chat uuid) returns uuid stable language sql as $$
            select id from messages where chat_id = chat and not deleted
            order by rank desc, batch_index limit 1
        $$;
    """,
)

# Where a branch is read from: `start` or what is left above it. A message is found by its id, and
# only then it is seen whether it is in the chat. In one condition, the database may choose to go
# through all messages of the chat, and ask `living` for each.
START = """
    start as materialized (select m.* from messages m where m.id = living(%(start)s))
"""
INSERT = """
    insert into messages (id, chat_id, owner_id, parent_id, position, rank, role, created_at,
                          model, batch_id, batch_index, batch_count, status, attached_id)
    values (%(id)s, %(chat)s, %(owner)s, coalesce(living(%(parent)s), %(chat)s), %(position)s,
            %(rank)s, %(role)s, %(at)s, %(model)s, %(batch_id)s, %(batch_index)s, %(batch_count)s,
            %(status)s, case when %(attached)s then %(id)s
                        else (select p.attached_id from messages p where p.id = %(parent)s) end)
"""
INSERT_TEXT = """
    insert into texts (message_id, content, reasoning, citations)
    values (%(id)s, %(text)s, %(reasoning)s, %(citations)s)
"""
LEAF = """
    insert into leaves (chat_id, leaf_id) values (%(chat)s, %(id)s)
    on conflict (chat_id) do update set leaf_id = excluded.leaf_id
"""
REPAIR_LEAF = """
    update leaves l
    set leaf_id = coalesce(newest_below(living(l.leaf_id)), newest_in(l.chat_id))
    from messages m
    where l.chat_id = %(chat)s and m.id = l.leaf_id and m.deleted
"""
# What goes with a question: itself and its direct answers. As a list of ids, since a choice of two
# conditions may be answered by going through all messages there are.
WITH_ANSWERS = """array(
    select %(id)s::uuid union all
    select a.id from messages a where a.parent_id = %(id)s and a.role = 'assistant'
)"""
FORGET_TEXTS = f"""
    delete from texts t using messages m
    where t.message_id = any({WITH_ANSWERS}) and m.id = t.message_id and m.deleted
"""  # noqa: S608 (all of it is ours)


def insert(event: Any, db: Writes, parent: Any, **more: Any) -> None:
    """Add a message to the tree."""
    index = more.get("batch_index", 0)
    row = {"model": None, "batch_id": None, "batch_index": 0, "batch_count": None, "status": None}
    row |= {
        "attached": False,
        "id": event.originator_id,
        "chat": event.chat_id,
        "owner": event.owner,
        "parent": parent,
        "position": db.position,
        "rank": db.position - index,
        "at": event.timestamp,
    }
    row |= more
    db.execute(INSERT, row)
    if index == 0:
        db.execute(LEAF, row)


@messages.on(Message.Posted)
def on_posted(event: Message.Posted, db: Writes) -> None:
    """Add a question; the chat ends there now."""
    attached = bool(event.attachments) or event.web_search
    insert(event, db, event.parent_id, role="user", attached=attached)
    insert_text(event, db, event.text)


def insert_text(
    event: Any, db: Writes, text: str, reasoning: str = "", citations: Any = ()
) -> None:
    """Add the words of a message."""
    db.execute(
        INSERT_TEXT,
        {
            "id": event.originator_id,
            "text": clean(text),
            "reasoning": clean(reasoning),
            "citations": as_json(list(citations or ())),
        },
    )


@messages.on(Answer.Requested)
def on_requested(event: Answer.Requested, db: Writes) -> None:
    """Add an answer that waits to be written."""
    insert(
        event,
        db,
        event.question_id,
        role="assistant",
        model=clean(event.model),
        batch_id=event.batch_id,
        batch_index=event.batch_index,
        batch_count=event.batch_count,
        status="queued",
    )
    insert_text(event, db, "")


@messages.on(Answer.Recorded)
def on_recorded(event: Answer.Recorded, db: Writes) -> None:
    """Add an answer that was given elsewhere."""
    insert(
        event,
        db,
        event.question_id,
        role="assistant",
        model=clean(event.model),
        batch_id=event.originator_id,
        batch_count=1,
        status=event.status.value,
    )
    insert_text(event, db, event.text, event.reasoning, event.citations)


@messages.on(Answer.Started)
def on_started(event: Answer.Started, db: Writes) -> None:
    """It is being written."""
    db.execute(
        """
        update messages set status = 'running', attempt = %(attempt)s, left_out = %(left_out)s
        where id = %(id)s
        """,
        {"id": event.originator_id, "attempt": event.attempt, "left_out": event.left_out},
    )


@messages.on(Answer.Checkpointed)
def on_checkpointed(event: Answer.Checkpointed, db: Writes) -> None:
    """Keep what was written up to now; an attempt that began anew overwrites the last one."""
    db.execute(
        """
        update texts
        set content = left(content, %(offset)s) || %(text)s,
            reasoning = left(reasoning, %(reasoning_offset)s) || %(reasoning)s
        where message_id = %(id)s
        """,
        {
            "id": event.originator_id,
            "offset": event.offset,
            "text": clean(event.text),
            "reasoning_offset": event.reasoning_offset,
            "reasoning": clean(event.reasoning),
        },
    )


@messages.on(Answer.Ended)
def on_ended(event: Answer.Ended, db: Writes) -> None:
    """Keep how it ended, and all of it."""
    db.execute(
        """
        update messages
        set status = %(status)s, seconds = %(seconds)s, reasoning_seconds = %(reasoning_seconds)s,
            usage = %(usage)s, error = %(error)s
        where id = %(id)s
        """,
        {
            "id": event.originator_id,
            "status": event.status.value,
            "seconds": event.seconds,
            "reasoning_seconds": event.reasoning_seconds,
            "usage": as_json(event.usage),
            "error": as_json(event.error),
        },
    )
    db.execute(
        """
        update texts
        set content = %(text)s, reasoning = %(reasoning)s, citations = %(citations)s
        where message_id = %(id)s
        """,
        {
            "id": event.originator_id,
            "text": clean(event.text),
            "reasoning": clean(event.reasoning),
            "citations": as_json(event.citations or []),
        },
    )


@messages.on(Answer.Continued)
def on_continued(event: Answer.Continued, db: Writes) -> None:
    """It waits to be written on."""
    db.execute(
        "update messages set status = 'queued', error = null where id = %(id)s",
        {"id": event.originator_id},
    )


@messages.on(Battle.IdentityRevealed)
def on_identity_revealed(event: Battle.IdentityRevealed, db: Writes) -> None:
    """Name the models that were hidden."""
    for side in event.sides.values():
        db.execute(
            "update messages set model = %(model)s where id = %(id)s",
            {"id": side.answer_id, "model": clean(side.model)},
        )


def edit(event: Message.Edited | Answer.Edited, db: Writes) -> None:
    """Keep the new words."""
    what = {"id": event.originator_id, "at": event.timestamp, "text": clean(event.text)}
    db.execute("update messages set edited_at = %(at)s where id = %(id)s", what)
    db.execute("update texts set content = %(text)s where message_id = %(id)s", what)


messages.on(Message.Edited)(edit)
messages.on(Answer.Edited)(edit)


@messages.on(Message.Deleted)
def on_message_deleted(event: Message.Deleted, db: Writes) -> None:
    """Take a question and its direct answers away; what followed them moves up."""
    what = {"id": event.originator_id, "chat": db.root_id}
    db.execute(
        f"""
        update messages c set parent_id = q.parent_id
        from messages q
        where q.id = %(id)s and not q.deleted and not c.deleted
            and c.parent_id = any({WITH_ANSWERS})
            and (c.parent_id <> q.id or c.role <> 'assistant')
        """,  # noqa: S608 (all of it is ours)
        what,
    )
    db.execute(f"update messages set deleted = true where id = any({WITH_ANSWERS})", what)  # noqa: S608
    db.execute(FORGET_TEXTS, what)
    db.execute(REPAIR_LEAF, what)


@messages.on(Answer.Deleted)
def on_answer_deleted(event: Answer.Deleted, db: Writes) -> None:
    """Take an answer away; what followed it moves up."""
    what = {"id": event.originator_id, "chat": db.root_id}
    db.execute(
        """
        update messages c set parent_id = a.parent_id
        from messages a
        where a.id = %(id)s and c.parent_id = a.id and not c.deleted
        """,
        what,
    )
    db.execute("update messages set deleted = true where id = %(id)s", what)
    db.execute(FORGET_TEXTS, what)
    db.execute(REPAIR_LEAF, what)


@messages.on(Chat.LeafChosen)
def on_leaf_chosen(event: Chat.LeafChosen, db: Writes) -> None:
    """Show another branch, unless it has gone meanwhile."""
    db.execute(
        """
        with chosen as materialized (
            select chat_id, id from messages where id = %(id)s and not deleted
        )
        insert into leaves (chat_id, leaf_id)
        select chat_id, id from chosen where chat_id = %(chat)s
        on conflict (chat_id) do update set leaf_id = excluded.leaf_id
        """,
        {"id": event.leaf_id, "chat": event.originator_id},
    )


@messages.on(Chat.Deleted)
def on_chat_deleted(event: Chat.Deleted, db: Writes) -> None:
    """Forget all of it."""
    what = {"chat": event.originator_id}
    db.execute(
        """
        delete from texts t using messages m where m.chat_id = %(chat)s and t.message_id = m.id
        """,
        what,
    )
    db.execute("delete from messages where chat_id = %(chat)s", what)
    db.execute("delete from leaves where chat_id = %(chat)s", what)
