"""How many answers may be asked of one connection at once."""

import asyncio
from uuid import UUID


class Rooms:
    """One room per connection; who finds it full waits in line."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._rooms: dict[UUID, asyncio.Semaphore] = {}

    def of(self, connection_id: UUID) -> asyncio.Semaphore:
        """The room of a connection: `async with` it while asking."""
        return self._rooms.setdefault(connection_id, asyncio.Semaphore(self._places))
