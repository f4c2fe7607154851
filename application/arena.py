"""Hidden models: how they get into a chat, and what becomes of them there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from application.command import Work
from application.evaluation.leaks import aliases_of, leaked
from application.evaluation.style_of import style_of
from application.evaluation_settings import require_arena
from application.ports import ModelFailed
from domain.answers import Answer, Outcome, Status
from domain.battles import PREFIX, Battle, Blind, Draw, Side, SideStatus
from domain.chats import Chat
from domain.errors import Conflict, Invalid

STATUSES: Mapping[Status, SideStatus] = {Status.COMPLETED: "complete", Status.FAILED: "error"}


@dataclass(frozen=True, slots=True)
class Contestant:
    """A model that may be drawn, and by which names people know it."""

    model: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """Who answers, as it was drawn before the command; in the order of the sides."""

    contestants: tuple[Contestant, ...]
    draw: Draw
    entry: str

    def sides(self, answer_ids: Sequence[UUID]) -> dict[str, Side]:
        """The sides of a battle whose answers have these ids."""
        each = zip("ab", answer_ids, self.contestants, strict=False)
        return {slot: Side(key, who.model, list(who.aliases)) for slot, key, who in each}


def names_of(model: str, name: str = "") -> tuple[str, ...]:
    """All the words by which a model would give itself away: those of id, name and vendor."""
    vendor, _, short = (name or model).rpartition("/")
    return tuple(aliases_of(short.partition(":")[0], vendor, (short, name, model)))


def side_failed(retry_after: float | None = None) -> ModelFailed:
    """What people learn of the failure of a hidden model."""
    return ModelFailed("side_failed", "This side could not answer.", retry_after)


def refuse_hidden(models: Sequence[str]) -> None:
    """Refuse what stands in for a hidden model: only a draw may ask it."""
    if any(each.startswith(PREFIX) for each in models):
        raise Invalid("models: a hidden model cannot be asked by its stand-in.")


async def hide(work: Work, chat: Chat, question_id: UUID, answer_id: UUID, drawing: Drawing) -> str:
    """Let one hidden model answer; what its answer names as its model."""
    battle_id = uuid5(answer_id, "battle")
    if await work.known(Battle, battle_id) is None:
        await require_arena(work)
        battle = Battle.start(
            battle_id,
            owner=chat.owner,
            chat_id=chat.id,
            question_id=question_id,
            sides=drawing.sides([answer_id]),
            draw=drawing.draw,
            entry=drawing.entry,
            blind=True,
            prompt_key="",
        )
        work.add(battle)
    return str(Blind(battle_id, "a"))


async def battle_of(work: Work, answer: Answer) -> tuple[Battle, Blind] | None:
    """The battle in which this very answer is a side."""
    blind = Blind.parse(answer.model)
    battle = await work.find(Battle, blind.battle_id) if blind else None
    side = battle.sides.get(blind.slot) if blind and battle else None
    if blind is None or battle is None or side is None or side.answer_id != answer.id:
        return None
    return battle, blind


async def named(work: Work, answer: Answer) -> str:
    """The model of an answer; refused while it is hidden."""
    if not answer.model.startswith(PREFIX):
        return answer.model
    found = await battle_of(work, answer)
    if found is None or not found[0].revealed:
        raise Conflict("The model of this answer is hidden. Vote or reveal it first.")
    battle, blind = found
    return battle.sides[blind.slot].model


async def finish_side(work: Work, answer: Answer, outcome: Outcome) -> None:
    """Record the end of an answer in its battle, if it is in one."""
    if (found := await battle_of(work, answer)) is None:
        return
    battle, blind = found
    aliases = [name for side in battle.sides.values() for name in side.aliases]
    battle.finish_side(
        blind.slot,
        STATUSES.get(outcome.status, "aborted"),
        style=counted(outcome.text),
        leaked=leaked(outcome.text, aliases),
        error=outcome.cause or outcome.error,
    )


def counted(text: str) -> dict[str, int]:
    """How an answer looks, as events keep it."""
    names = ("tokens", "headers", "lists", "bold")
    return {name: round(n) for name, n in zip(names, style_of(text).numbers, strict=True)}
