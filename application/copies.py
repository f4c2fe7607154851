"""Whole conversations that come from elsewhere."""

from dataclasses import dataclass

from application.chats import StartChat
from application.command import Command, Work
from application.messages import CopyMessages


@dataclass(frozen=True, slots=True)
class StartCopy(Command[None]):
    """Open a chat together with what was said in it already; both or nothing."""

    start: StartChat
    messages: CopyMessages

    async def execute(self, work: Work) -> None:
        await self.start.execute(work)
        await self.messages.execute(work)
