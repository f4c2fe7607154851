"""Remembers what took long to find out."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


class Memory:
    """The last results of reckoning; what is being reckoned is not begun twice."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._found: OrderedDict[Hashable, asyncio.Future[Any]] = OrderedDict()

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """What is remembered, else made now."""
        if key not in self._found:
            self._found[key] = asyncio.ensure_future(make())
            self._found[key].add_done_callback(partial(self._drop_failed, key))
            if len(self._found) > self._size:
                self._found.popitem(last=False)
        self._found.move_to_end(key)
        found: T = await asyncio.shield(self._found[key])
        return found

    def _drop_failed(self, key: Hashable, future: asyncio.Future[Any]) -> None:
        """Remember no failure: who asks next has it made again."""
        failed = future.cancelled() or future.exception() is not None
        if failed and self._found.get(key) is future:
            del self._found[key]
