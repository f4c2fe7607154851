"""Telling sinks, beside the other work of a worker."""

import asyncio

from application.pushing.items import Telling
from infrastructure.exports.names import house_pseudonyms
from infrastructure.pushing.gathering import Gathering
from infrastructure.pushing.pushing import Pushing, cursors_of
from interfaces.services import Services


async def tell_sinks(services: Services, stop: asyncio.Event) -> None:
    """Tell whoever outside is to be told, until told to stop."""
    await pushing(services).run(stop)


def pushing(services: Services) -> Pushing:
    """All that telling needs."""
    return Pushing(
        log=services.log,
        reader=services.reader,
        credentials=services.credentials,
        client=services.hooks,
        gathering=Gathering(services.log, Telling(house_pseudonyms(services.settings))),
        cursors=cursors_of(services.lines),
    )
