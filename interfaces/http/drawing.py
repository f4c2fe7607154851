"""Drawing hidden models, from those that answer now."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import cast

from application.arena import Drawing
from application.drawing import Lots, seed_of
from application.evaluation.votes import Counts, Outcome
from application.evaluation_settings import Arena, evaluation_settings
from application.messages import Request
from application.ports import Unavailable
from infrastructure.reader import Lagging
from infrastructure.secrets import master_key
from interfaces.http.call import Call
from projections.verdicts import tallies
from projections.votes import votes


async def with_drawings(call: Call, wanted: Request) -> Request:
    """A request in which every entry of the arena has been drawn."""
    if not any(each.startswith("arena") for each in wanted.models):
        return wanted
    arena = (await evaluation_settings(call.services.log)).arena
    if not arena.admits(is_administrator=call.actor.is_administrator):
        return wanted
    places = [place for place, each in enumerate(wanted.models) if arena.entry(each)]
    if not places:
        return wanted
    models = (await call.services.models.list()).models
    secret = master_key(call.services.settings)
    drawings = {
        place: Lots(models, arena, wanted.models[place]).alone(
            seed_of(secret, call.command_id, str(place))
        )
        for place in places
    }
    return replace(wanted, drawings=drawings)


async def draw_pair(call: Call, arena: Arena, entry_id: str) -> Drawing:
    """Both models of a battle."""
    models = (await call.services.models.list()).models
    seed = seed_of(master_key(call.services.settings), call.command_id)
    counts = await votes_so_far(call) if arena.sampler == "informative" else None
    return await asyncio.to_thread(Lots(models, arena, entry_id).pair, seed, counts)


async def votes_so_far(call: Call) -> Counts | None:
    """The counts of all votes that count; None while they cannot be read."""
    with suppress(Unavailable, Lagging, TimeoutError):
        async with call.services.reader.read(votes) as db:
            rows = await tallies(db, space="", scope="all")
        return Counts.of_rows((a, b, cast("Outcome", won), n) for a, b, won, n in rows)
    return None
