"""How answers are followed: as they come, or hidden models at the pace of the slower one."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID

from application.evaluation_settings import evaluation_settings
from domain.answers import Answer
from domain.battles import Battle, Blind
from domain.errors import NotFound
from infrastructure.streams.entries import Entry, Place
from infrastructure.streams.lockstep import in_step
from interfaces.services import Services

Bundles = AsyncGenerator[list[Entry], None]


async def bundles_of(services: Services, answer: Answer, place: Place) -> Bundles:
    """What a reader lacks of an answer, in bundles; every door that follows answers goes here."""
    battle = await hidden_battle(services, answer)
    other = None if battle is None else await other_side(services, battle, answer)
    if other is not None:
        found = in_step(
            services.streams.follow(answer.id, place), services.streams.follow(other, Place())
        )
    elif answer.status.is_end:
        yield await services.streams.ended(answer.id, place)
        return
    else:
        found = services.streams.follow(answer.id, place)
    async with aclosing(found) as bundles:
        async for bundle in bundles:
            yield bundle


async def hidden_battle(services: Services, answer: Answer) -> Battle | None:
    """The battle of an answer, while its models are hidden."""
    blind = Blind.parse(answer.model)
    if blind is None:
        return None
    try:
        battle = await services.log.get(Battle, blind.battle_id)
    except NotFound:
        return None
    return None if battle.revealed else battle


async def other_side(services: Services, battle: Battle, answer: Answer) -> UUID | None:
    """The answer whose pace counts; None when nobody need wait for it."""
    others = [each.answer_id for each in battle.sides.values() if each.answer_id != answer.id]
    is_over = len(battle.finished) == len(battle.sides)
    if is_over or len(others) != 1:
        return None
    chosen = await evaluation_settings(services.log)
    return others[0] if chosen.arena.pacing == "lockstep" else None
