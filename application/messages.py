"""What one can say in a chat, and to whom."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid5

from application.arena import Drawing, hide, named, refuse_hidden
from application.chats import open_chat
from application.command import Command, Work
from domain.answers import Answer, Status
from domain.chats import Chat
from domain.errors import Conflict, Invalid, NotFound
from domain.messages import NO_SOURCES, Message, Sources

MODELS_MAX = 8
COPIED_MAX = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer that was asked for."""

    id: UUID
    model: str
    batch_id: UUID
    batch_count: int


@dataclass(frozen=True, slots=True)
class Request:
    """Which models are to answer, and how; `drawings` by place: one that was drawn and hides."""

    models: tuple[str, ...]
    ids: tuple[UUID, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    hint: str = ""
    drawings: dict[int, Drawing] = field(default_factory=dict)

    def ids_for(self, batch_id: UUID) -> tuple[UUID, ...]:
        """The ids of the answers: the caller's, or such as a repetition finds again."""
        if not 1 <= len(self.models) <= MODELS_MAX:
            raise Invalid(f"models has 1 to {MODELS_MAX} entries.")
        if self.ids and len(self.ids) != len(self.models):
            raise Invalid("ids must have as many entries as models.")
        count = len(self.models)
        return self.ids or tuple(uuid5(batch_id, f"answer {n}") for n in range(count))


async def ask(
    work: Work, chat: Chat, question_id: UUID, request: Request, batch_id: UUID
) -> tuple[Asked, ...]:
    """Ask every model of a request, the drawn ones without their names."""
    refuse_hidden(request.models)
    ids, models = request.ids_for(batch_id), list(request.models)
    for index, drawing in request.drawings.items():
        models[index] = await hide(work, chat, question_id, ids[index], drawing)
    return await put(work, chat, question_id, replace(request, models=tuple(models)), batch_id)


async def put(
    work: Work, chat: Chat, question_id: UUID, request: Request, batch_id: UUID
) -> tuple[Asked, ...]:
    """Put a question to every model; what was asked before is not asked again."""
    count = len(request.models)
    asked = []
    for index, key in enumerate(request.ids_for(batch_id)):
        model = request.models[index]
        asked.append(Asked(key, model, batch_id, count))
        if known := await work.known(Answer, key):
            if (known.chat_id, known.question_id) != (chat.id, question_id):
                raise Conflict("Another answer has this id.")
            continue
        answer = Answer.request(
            key,
            chat_id=chat.id,
            owner=chat.owner,
            question_id=question_id,
            model=model,
            params=request.params,
            hint=request.hint,
            batch_id=batch_id,
            batch_index=index,
            batch_count=count,
        )
        work.add(answer)
    return tuple(asked)


async def owned(work: Work, chat: Chat, key: UUID) -> Message | Answer:
    """A message or an answer of this chat that still exists."""
    found = await work.find(Message, key) or await work.find(Answer, key)
    if found is None or found.chat_id != chat.id:
        raise NotFound("message", key)
    found.must_exist()
    return found


async def require_parent(work: Work, chat: Chat, parent_id: UUID) -> None:
    """Have the log check a parent; only when it says no, look why."""
    if parent_id == chat.id:
        raise NotFound("message", parent_id)
    if not work.hopeful:
        await owned(work, chat, parent_id)
    work.require(parent_id, root=chat.id)


@dataclass(frozen=True, slots=True)
class PostMessage(Command[tuple[Asked, ...]]):
    """Put a question to one or more models."""

    chat_id: UUID
    message_id: UUID
    parent_id: UUID | None
    text: str
    request: Request
    sources: Sources = NO_SOURCES

    async def execute(self, work: Work) -> tuple[Asked, ...]:
        chat = await open_chat(work, self.chat_id)
        chat.must_be_open()
        if known := await work.known(Message, self.message_id):
            if known.chat_id != self.chat_id:
                raise Conflict("Another message has this id.")
        else:
            work.require(self.chat_id)
            if self.parent_id:
                await require_parent(work, chat, self.parent_id)
            work.add(self._message(chat))
        return await ask(work, chat, self.message_id, self.request, self.message_id)

    def _message(self, chat: Chat) -> Message:
        return Message.post(
            self.message_id,
            chat_id=chat.id,
            owner=chat.owner,
            parent_id=self.parent_id,
            text=self.text,
            sources=self.sources,
        )


@dataclass(frozen=True, slots=True)
class AskAgain(Command[tuple[Asked, ...]]):
    """Have a question answered once more, by the same model or others."""

    chat_id: UUID
    message_id: UUID
    request: Request

    async def execute(self, work: Work) -> tuple[Asked, ...]:
        chat = await open_chat(work, self.chat_id)
        chat.must_be_open()
        found = await owned(work, chat, self.message_id)
        question_id, request = found.id, self.request
        if isinstance(found, Answer):
            if found.question_id is None:
                raise Conflict("There is no question to this answer.")
            question_id = found.question_id
            model = await named(work, found)
            if not request.models:
                request = replace(request, models=(model,))
        work.require(self.chat_id)
        work.require(question_id)
        return await ask(work, chat, question_id, request, work.command_id)


@dataclass(frozen=True, slots=True)
class EditMessage(Command[None]):
    """Change a question or an ended answer in place."""

    chat_id: UUID
    message_id: UUID
    text: str

    async def execute(self, work: Work) -> None:
        chat = await open_chat(work, self.chat_id)
        chat.must_be_open()
        found = await owned(work, chat, self.message_id)
        if isinstance(found, Answer):
            await named(work, found)
        found.edit(self.text)


@dataclass(frozen=True, slots=True)
class DeleteMessage(Command[None]):
    """Take a message away; what followed it moves up."""

    chat_id: UUID
    message_id: UUID

    async def execute(self, work: Work) -> None:
        chat = await open_chat(work, self.chat_id)
        (await owned(work, chat, self.message_id)).delete()


@dataclass(frozen=True, slots=True)
class StopAnswer(Command[None]):
    """Stop an answer; what is written stays."""

    answer_id: UUID

    async def execute(self, work: Work) -> None:
        (await own_answer(work, self.answer_id)).request_stop()


@dataclass(frozen=True, slots=True)
class ContinueAnswer(Command[UUID]):
    """Go on with an ended answer, in place."""

    answer_id: UUID

    async def execute(self, work: Work) -> UUID:
        answer = await own_answer(work, self.answer_id)
        (await open_chat(work, answer.chat_id)).must_be_open()
        await named(work, answer)
        work.require(answer.chat_id)
        answer.go_on()
        return answer.chat_id


async def own_answer(work: Work, answer_id: UUID) -> Answer:
    """An answer to whoever asked; to others it does not exist."""
    answer = await work.get(Answer, answer_id)
    if answer.owner != work.actor.id:
        raise NotFound("answer", answer_id)
    return answer


@dataclass(frozen=True, slots=True)
class Copied:
    """A message to be taken over into another chat."""

    id: UUID
    parent_id: UUID | None
    role: str
    text: str
    model: str = ""
    status: Status = Status.COMPLETED
    reasoning: str = ""
    citations: list[dict[str, Any]] = field(default_factory=list)
    sources: Sources = NO_SOURCES


@dataclass(frozen=True, slots=True)
class CopyMessages(Command[None]):
    """Take messages over into a chat: from a temporary chat, or from another one."""

    chat_id: UUID
    messages: tuple[Copied, ...]

    async def execute(self, work: Work) -> None:
        if len(self.messages) > COPIED_MAX:
            raise Invalid(f"messages has at most {COPIED_MAX} entries.")
        chat = await open_chat(work, self.chat_id)
        there: set[UUID] = set()
        for each in self.messages:
            if each.parent_id and each.parent_id not in there:
                await require_parent(work, chat, each.parent_id)
            there.add(each.id)
            kind = Answer if each.role == "assistant" else Message
            known = await work.known(kind, each.id)
            if known is None:
                work.add(self._copy(each, chat))
            elif known.root_id != chat.id:
                raise Conflict("Another message has this id.")

    def _copy(self, each: Copied, chat: Chat) -> Message | Answer:
        if each.role != "assistant":
            return Message.post(
                each.id,
                chat_id=chat.id,
                owner=chat.owner,
                parent_id=each.parent_id,
                text=each.text,
                sources=each.sources,
            )
        return Answer.record(
            each.id,
            chat_id=chat.id,
            owner=chat.owner,
            question_id=each.parent_id,
            model=each.model,
            status=each.status,
            text=each.text,
            reasoning=each.reasoning,
            citations=each.citations,
        )
