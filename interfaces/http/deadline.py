"""No request waits for ever: when an engine is silent, the caller is told in time."""

import asyncio
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interfaces.http.errors import problem

RESPONSE_SECONDS_MAX = 9.0
# Whole answers of models take as long as they take; so do files on slow lines, and web pages.
UNHURRIED = ("/v1/", "/api/v1/uploads/", "/api/v1/files/web")


class Deadline:
    """Answers 503 when a response has not begun in time; what has begun may go on for ever.

    What was tried is given up in the background: giving up a query on a silent line takes long.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._abandoned: set[asyncio.Future[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, and watch the clock until the response begins."""
        if scope["type"] != "http" or scope["path"].startswith(UNHURRIED):
            await self.app(scope, receive, send)
            return
        begun = asyncio.get_running_loop().create_future()
        is_late = False

        async def watched(message: Message) -> None:
            if is_late:
                return
            if not begun.done():
                begun.set_result(None)
            await send(message)

        task = asyncio.ensure_future(self.app(scope, receive, watched))
        try:
            await asyncio.wait(
                (task, begun), timeout=RESPONSE_SECONDS_MAX, return_when=asyncio.FIRST_COMPLETED
            )
            if begun.done() or task.done():
                await task
                return
        except asyncio.CancelledError:
            task.cancel()
            raise
        is_late = True
        self._abandon(task)
        refusal = problem("unavailable", "The service is not available for the moment.")
        await refusal(scope, receive, send)

    def _abandon(self, task: asyncio.Future[Any]) -> None:
        """Have a task end by itself, and take note of how."""
        self._abandoned.add(task)
        task.add_done_callback(self._ended)
        task.cancel()

    def _ended(self, task: asyncio.Future[Any]) -> None:
        self._abandoned.discard(task)
        if not task.cancelled():
            task.exception()
