"""Battles: have two hidden models answer, say who was better, and be told who they were."""

from dataclasses import dataclass
from uuid import UUID, uuid5

from application.arena import STATUSES, Drawing, counted, named, names_of
from application.chats import open_chat
from application.command import Command, Work
from application.evaluation.leaks import leaked, prompt_key
from application.evaluation_settings import require_arena, require_ratings
from application.messages import Request, owned, put
from domain.answers import Answer
from domain.battles import SPACES, Battle, Blind, Side, Slot, Winner
from domain.chats import Chat
from domain.errors import Conflict, Invalid, NotFound
from domain.messages import Message

SLOTS: tuple[Slot, Slot] = ("a", "b")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: something new in a chat of its own, or a question that is there."""

    chat_id: UUID
    message_id: UUID
    text: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class StartBattle(Command[Battle]):
    """Have two models that were drawn answer the same question, without their names."""

    battle_id: UUID
    question: Question
    drawing: Drawing

    async def execute(self, work: Work) -> Battle:
        if known := await work.known(Battle, self.battle_id):
            if known.owner != work.actor.id:
                raise Conflict("Another battle has this id.")
            return known
        await require_arena(work)
        chat = await self._chat(work)
        answer_ids = tuple(uuid5(self.battle_id, f"answer {slot}") for slot in SLOTS)
        battle = Battle.start(
            self.battle_id,
            owner=chat.owner,
            chat_id=chat.id,
            question_id=self.question.message_id,
            sides=self.drawing.sides(answer_ids),
            draw=self.drawing.draw,
            entry=self.drawing.entry,
            blind=True,
            prompt_key=prompt_key(self.question.text),
        )
        work.add(battle)
        models = tuple(str(Blind(battle.id, slot)) for slot in SLOTS)
        request = Request(models, answer_ids)
        await put(work, chat, self.question.message_id, request, battle.id)
        return battle

    async def _chat(self, work: Work) -> Chat:
        """The chat, with the question in it."""
        question = self.question
        if question.is_new:
            chat = Chat.start(question.chat_id, owner=work.actor.id)
            work.add(chat)
            message = Message.post(
                question.message_id,
                chat_id=chat.id,
                owner=chat.owner,
                parent_id=None,
                text=question.text,
            )
            work.add(message)
            return chat
        chat = await open_chat(work, question.chat_id)
        chat.must_be_open()
        if not isinstance(await owned(work, chat, question.message_id), Message):
            raise Invalid("message_id: a battle is about a question, not about an answer.")
        work.require(chat.id)
        work.require(question.message_id)
        return chat


async def own_battle(work: Work, battle_id: UUID) -> Battle:
    """A battle to whoever asked; to others it does not exist."""
    battle = await work.find(Battle, battle_id)
    if battle is None or battle.owner != work.actor.id:
        raise NotFound("battle", battle_id, code="battle_not_found")
    return battle


def winner_of(text: str) -> Winner:
    """What a vote says, or Invalid."""
    try:
        return Winner(text)
    except ValueError:
        allowed = [each.value for each in Winner]
        said = f"winner must be one of: {', '.join(allowed)}."
        raise Invalid(said, code="unknown_winner", parameter="winner", allowed=allowed) from None


@dataclass(frozen=True, slots=True)
class CastVote(Command[Battle]):
    """Say who was better, or think otherwise as long as the models are hidden."""

    battle_id: UUID
    winner: str

    async def execute(self, work: Work) -> Battle:
        battle = await own_battle(work, self.battle_id)
        await (require_arena if battle.blind else require_ratings)(work)
        battle.cast(winner_of(self.winner), by=work.actor.id)
        return battle


@dataclass(frozen=True, slots=True)
class RetractVote(Command[Battle]):
    """Take a vote back."""

    battle_id: UUID

    async def execute(self, work: Work) -> Battle:
        battle = await own_battle(work, self.battle_id)
        battle.retract(by=work.actor.id)
        return battle


@dataclass(frozen=True, slots=True)
class RevealBattle(Command[Battle]):
    """Be told who the models were; after that the vote stays as it is."""

    battle_id: UUID

    async def execute(self, work: Work) -> Battle:
        battle = await own_battle(work, self.battle_id)
        battle.reveal()
        return battle


@dataclass(frozen=True, slots=True)
class Compared:
    """An answer that is compared, and its words."""

    answer_id: UUID
    text: str


@dataclass(frozen=True, slots=True)
class CompareAnswers(Command[Battle]):
    """Say that one answer to a question is better than another; their models are known."""

    chat_id: UUID
    better: Compared
    other: Compared
    prompt: str

    async def execute(self, work: Work) -> Battle:
        await require_ratings(work)
        chat = await open_chat(work, self.chat_id)
        both = sorted((self.better, self.other), key=lambda each: str(each.answer_id))
        battle_id = uuid5(SPACES, " ".join(str(each.answer_id) for each in both))
        winner = Winner.MODEL_A if both[0] is self.better else Winner.MODEL_B
        battle = await work.known(Battle, battle_id)
        if battle is None:
            battle = await self._start(work, chat, battle_id, both)
            work.add(battle)
        battle.cast(winner, by=work.actor.id)
        return battle

    async def _start(self, work: Work, chat: Chat, battle_id: UUID, both: list[Compared]) -> Battle:
        """A battle that was over before it began."""
        answers = [await self._answer(work, chat, each) for each in both]
        if answers[0].id == answers[1].id or answers[0].question_id != answers[1].question_id:
            raise Invalid("Two answers to the same question can be compared, and no others.")
        models = [await named(work, each) for each in answers]
        sides = {
            slot: Side(answer.id, model, list(names_of(model)))
            for slot, answer, model in zip(SLOTS, answers, models, strict=True)
        }
        battle = Battle.start(
            battle_id,
            owner=chat.owner,
            chat_id=chat.id,
            question_id=answers[0].question_id,
            sides=sides,
            draw=None,
            entry="",
            blind=False,
            prompt_key=prompt_key(self.prompt),
        )
        names = [alias for side in sides.values() for alias in side.aliases]
        for slot, answer, each in zip(SLOTS, answers, both, strict=True):
            status = STATUSES.get(answer.status, "aborted")
            gave_away = leaked(each.text, names)
            battle.finish_side(slot, status, style=counted(each.text), leaked=gave_away)
        return battle

    async def _answer(self, work: Work, chat: Chat, each: Compared) -> Answer:
        """An answer of this chat that has ended."""
        answer = await owned(work, chat, each.answer_id)
        if not isinstance(answer, Answer) or answer.question_id is None:
            raise Invalid("Only answers to a question can be compared.")
        if not answer.status.is_end:
            raise Conflict("Wait until both answers have ended.", code="side_not_finished")
        return answer
