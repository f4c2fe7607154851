"""What policies ask for, as rows in the transaction of their lane's checkpoint."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from infrastructure.lines import Lines

Wake = Callable[[frozenset[str]], Awaitable[None]]

# Asked anew (to continue), an answer waits again; a repetition of the same wish changes nothing.
# Workers hear of answers from the database itself, in the moment of the commit.
ANSWER = """
    with asked as (
        insert into work.answers (answer_id, chat_id, owner_id, position)
        select stream_id, root_id, owner_id, %(position)s
        from log.streams where stream_id = %(key)s
        on conflict (answer_id) do update
        set state = 'queued', worker = null, attempts = 0, stopping = false,
            position = excluded.position
        where answers.position < excluded.position
    )
    select pg_notify('quire_work', 'answer')
"""
STOP = """
    with asked as (
        update work.answers set stopping = true
        where answer_id = %(key)s and position < %(position)s
    )
    select pg_notify('quire_work', 'stop')
"""
# Only the first answer of a chat can give it a title; the others are not even asked about.
TITLE = """
    insert into work.jobs (job, key, arguments)
    select 'title', %(key)s, '{}' where not exists (
        select from log.events e where e.root_id = %(root)s and e.type = 'answer.ended'
        and e.data ->> 'status' = 'completed' and e.position < %(position)s)
    on conflict (job, key) do nothing
"""
# A wish that comes while the job runs raises the position, so that it is done again afterwards.
OTHER: LiteralString = """
    insert into work.jobs as j (job, key, arguments, position, due_at)
    values (%(job)s, %(key)s, %(arguments)s, %(position)s,
            now() + make_interval(secs => %(delay)s))
    on conflict (job, key) do update
    set position = greatest(j.position + 1, excluded.position), arguments = excluded.arguments,
        due_at = least(j.due_at, excluded.due_at), attempts = 0, postponed = 0
"""


ALL: LiteralString = """
    insert into work.jobs as j (job, key, arguments, due_at)
    select %(job)s, k.key, '{}', now() + make_interval(secs => %(gap)s * (k.place - 1))
    from unnest(%(keys)s::uuid[]) with ordinality as k (key, place) order by k.key
    on conflict (job, key) do update
    set position = j.position + 1, due_at = least(j.due_at, excluded.due_at),
        attempts = 0, postponed = 0
"""


async def ask(lines: Lines, job: str, key: UUID, *, delay: float = 0) -> None:
    """Ask for a job that does not follow from an event."""
    what = {"job": job, "key": key, "arguments": Jsonb({}), "position": 0, "delay": delay}
    await lines.run(OTHER, what)


async def ask_all(lines: Lines, job: str, keys: Sequence[UUID], *, gap: float = 0) -> None:
    """Ask for many jobs; with a gap they are due one after the other, so that others get a turn."""
    what = {"job": job, "keys": list(keys), "gap": gap}
    await lines.run(ALL, what)


class CollectedJobs:
    """The `Jobs` port inside a lane. Workers hear of it when the checkpoint is committed.

    `position` and `root_id` are set by the lane to those of the event being handled.
    """

    def __init__(self, wake: Wake) -> None:
        self.position = 0
        self.root_id = UUID(int=0)
        self.statements: list[tuple[str, Mapping[str, Any]]] = []
        self._wake = wake
        self._asked: set[str] = set()

    def enqueue(self, job: str, key: UUID, **arguments: Any) -> None:
        """Ask for one job; the same job with the same key is asked for once."""
        what: dict[str, Any] = {"key": key}
        if job == "answer":
            self.statements.append((ANSWER, {**what, "position": self.position}))
        elif job == "stop":
            self.statements.append((STOP, {**what, "position": self.position}))
        elif job == "title":
            self._asked.add(job)
            what |= {"root": self.root_id, "position": self.position}
            self.statements.append((TITLE, what))
        else:
            self._asked.add(job)
            what |= {"job": job, "position": self.position, "delay": 0}
            self.statements.append((OTHER, {**what, "arguments": Jsonb(arguments)}))

    async def after_commit(self) -> None:
        """Send the message that wakes whoever does such jobs."""
        if self._asked:
            await self._wake(frozenset(self._asked))
