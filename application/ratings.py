"""What people think of answers."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from application.arena import battle_of
from application.chats import open_chat
from application.command import Command, Work
from application.evaluation_settings import require_ratings
from application.users import require_administrator
from domain.answers import Answer
from domain.battles import PREFIX
from domain.errors import Conflict, Invalid, NotFound
from domain.ratings import Opinion, Rating

DELETED_MAX = 500


@dataclass(frozen=True, slots=True)
class RateAnswer(Command[UUID]):
    """Say what one thinks of an answer, or think otherwise."""

    chat_id: UUID
    answer_id: UUID
    opinion: Opinion

    async def execute(self, work: Work) -> UUID:
        await require_ratings(work)
        await open_chat(work, self.chat_id)
        answer = await work.get(Answer, self.answer_id)
        if answer.chat_id != self.chat_id:
            raise NotFound("answer", self.answer_id)
        answer.must_exist()
        if not answer.status.is_end:
            raise Conflict("This answer is still being written.")
        model = await true_model(work, answer)
        run: dict[str, Any] = {"attempt": answer.attempt, "model": model, "base_model": model}
        key = Rating.id_of(answer.id, work.actor.id)
        if rating := await work.find(Rating, key):
            rating.change(self.opinion, **run)
            return key
        work.add(
            Rating.give(
                owner=work.actor.id,
                chat_id=self.chat_id,
                answer_id=answer.id,
                opinion=self.opinion,
                **run,
            )
        )
        return key


async def true_model(work: Work, answer: Answer) -> str:
    """Who really gave an answer. One that hides alone is named by being rated."""
    if not answer.model.startswith(PREFIX):
        return answer.model
    found = await battle_of(work, answer)
    if found is None:
        raise Conflict("It is not known who gave this answer.")
    battle, blind = found
    if battle.is_alone:
        battle.reveal()
    if not battle.revealed:
        raise Conflict("The models are still hidden. Vote, and have them named first.")
    return battle.sides[blind.slot].model


@dataclass(frozen=True, slots=True)
class WithdrawRating(Command[None]):
    """Have no opinion of an answer any more."""

    chat_id: UUID
    answer_id: UUID

    async def execute(self, work: Work) -> None:
        await open_chat(work, self.chat_id)
        rating = await work.find(Rating, Rating.id_of(self.answer_id, work.actor.id))
        if rating is None or rating.chat_id != self.chat_id:
            raise NotFound("rating of answer", self.answer_id)
        rating.withdraw()


@dataclass(frozen=True, slots=True)
class DeleteRating(Command[None]):
    """Take an opinion off the lists: one's own, or as an administrator anybody's."""

    rating_id: UUID

    async def execute(self, work: Work) -> None:
        rating = await work.get(Rating, self.rating_id)
        if rating.owner != work.actor.id and not work.actor.is_administrator:
            raise NotFound("rating", self.rating_id)
        rating.must_exist()
        rating.withdraw()


@dataclass(frozen=True, slots=True)
class DeleteRatings(Command[None]):
    """Take some of all opinions off the lists; those that are gone already are no trouble."""

    ratings: tuple[UUID, ...]

    async def execute(self, work: Work) -> None:
        require_administrator(work)
        if len(self.ratings) > DELETED_MAX:
            raise Invalid(f"ratings has at most {DELETED_MAX} entries.")
        for key in self.ratings:
            (await work.get(Rating, key)).withdraw()
