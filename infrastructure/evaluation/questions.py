"""Questions of battles: found in the log, embedded once, and known by the mark votes have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import LiteralString
from uuid import UUID

from application.documents.ports import Embedder, Unfit, Vectors
from application.evaluation.leaks import normalised, prompt_key
from application.ports import Unavailable
from application.topics import Kind
from domain.aggregate import Aggregate, topic_of
from domain.battles import Battle, RecordedBattle
from domain.chats import Chat
from domain.messages import Message
from infrastructure.base_log import BaseLog
from infrastructure.embeddings.texts import clean
from infrastructure.lines import Lines
from projections.votes import mark

JOB = "read_questions"
ALL = UUID("5d0c8f5b-6d1e-5c0f-9a54-2b7c1d7a9e10")  # the one key of that job
BATCH = 200
TYPES = (topic_of(Battle.Started), topic_of(RecordedBattle.Recorded))

WHERE: LiteralString = "select position from evaluation.reading"
KNOWN: LiteralString = (
    "select mark from evaluation.questions where mark = any(%(marks)s) and hash is not null"
)
REMEMBER: LiteralString = """
    with news as (
        insert into evaluation.questions as q (mark, hash)
        select * from unnest(%(marks)s::text[], %(hashes)s::bytea[])
        on conflict (mark) do update set hash = excluded.hash
        where q.hash is null and excluded.hash is not null
        returning 1
    )
    update evaluation.reading set position = greatest(position, %(position)s),
        changes = changes + (select count(*) from news)
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What a battle is about; without text there is nothing to read."""

    mark: str
    text: str
    kind: Kind
    battle_id: UUID

    @property
    def hash(self) -> bytes:
        """Under which its vector is remembered."""
        return sha256(clean(normalised(self.text)).encode()).digest()


@dataclass(frozen=True, slots=True)
class Questions:
    """Reads them, a batch at a time. To do so twice changes nothing and costs little."""

    log: BaseLog
    lines: Lines
    embedder: Embedder

    async def read(self, _: UUID = ALL) -> None:
        """The job: all that the log has since the last time."""
        while True:
            head = await self.log.head()
            row = await self.lines.row(WHERE, {})
            after = row[0] if row else 0
            found, last = await self.page(after)
            await self.remember(found, last or head)
            if not last:
                return

    async def page(self, after: int) -> tuple[list[Question], int]:
        """The questions of the next battles, and where the last began; 0 when there is none."""
        rows = await self.log.read(after, BATCH, TYPES)
        told = {each.stream_id: each.event for each in rows if each.event is not None}
        return await self.of(told), rows[-1].position if rows else 0

    async def of(self, begun: Mapping[UUID, Aggregate.Event]) -> list[Question]:
        """The questions of battles by how they began; of one model alone there is none."""
        started = [each for each in begun.values() if isinstance(each, Battle.Started)]
        keys = sorted({key for each in started for key in (each.question_id, each.chat_id)})
        told = await self.log.histories(keys, await self.log.head()) if keys else {}
        found = []
        for key, event in begun.items():
            match event:
                case Battle.Started() if len(event.sides) == 2:  # noqa: PLR2004 (a and b)
                    both = (*told.get(event.question_id, ()), *told.get(event.chat_id, ()))
                    text = text_in(both, event.prompt_key)
                    found.append(Question(mark(event.prompt_key), text, Battle, key))
                case RecordedBattle.Recorded():
                    text = event.prompt if event.prompt.strip() else ""
                    found.append(Question(mark(event.prompt_key), text, RecordedBattle, key))
                case _:
                    pass
        return found

    async def remember(self, questions: Sequence[Question], position: int = 0) -> None:
        """Have the vectors of these, and know that the log was read so far."""
        unique = {each.mark: each for each in questions if not each.text}
        unique |= {each.mark: each for each in questions if each.text}
        marks = sorted(unique)
        rows = await self.lines.rows(KNOWN, {"marks": marks})
        known = {row[0] for row in rows}
        await self.vectors([unique[each] for each in marks if each not in known])
        hashes = [each.hash if (each := unique[name]).text else None for name in marks]
        what = {"marks": marks, "hashes": hashes, "position": position}
        await self.lines.run(REMEMBER, what)

    async def vectors(self, questions: Sequence[Question]) -> Vectors:
        """One row for each question that has a text."""
        return await embedded(
            self.embedder, [normalised(each.text) for each in questions if each.text]
        )


async def embedded(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    """One row per text; a model that cannot be loaded now may be there later."""
    try:
        return await embedder.embed(texts)
    except Unfit as error:
        raise Unavailable(str(error)) from None


def text_in(events: Sequence[Aggregate.Event], key: str) -> str:
    """What was asked; nothing when it was deleted, or is not what the battle was about."""
    found = ""
    for event in events:
        match event:
            case Message.Posted() | Message.Edited() if prompt_key(event.text) == key:
                found = event.text
            case Message.Deleted() | Chat.Deleted():
                return ""
            case _:
                pass
    return found if found.strip() else ""
