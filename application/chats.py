"""What one can do to a chat."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from application.command import Command, Work
from domain.chats import Chat, TitleSource


async def open_chat(work: Work, chat_id: UUID) -> Chat:
    """The chat of somebody who may use it."""
    chat = await work.get(Chat, chat_id)
    chat.admit(work.actor.id)
    return chat


@dataclass(frozen=True, slots=True)
class StartChat(Command[None]):
    """Open a conversation. The caller chooses its id, so wishing twice opens one."""

    chat_id: UUID
    title: str = ""
    system: str = ""
    params: dict[str, Any] | None = None
    models: list[str] | None = None

    async def execute(self, work: Work) -> None:
        if known := await work.known(Chat, self.chat_id):
            known.admit(work.actor.id)
            return
        chat = Chat.start(self.chat_id, owner=work.actor.id, title=self.title)
        chat.configure(self.system, self.params or {}, self.models or [])
        work.add(chat)


@dataclass(frozen=True, slots=True)
class RenameChat(Command[None]):
    """Call a chat something."""

    chat_id: UUID
    title: str

    async def execute(self, work: Work) -> None:
        (await open_chat(work, self.chat_id)).rename(self.title)


@dataclass(frozen=True, slots=True)
class TitleChat(Command[None]):
    """Give a chat the title that was found for it, unless a person chose one."""

    chat_id: UUID
    title: str

    async def execute(self, work: Work) -> None:
        chat = await work.get(Chat, self.chat_id)
        chat.rename(self.title, source=TitleSource.AUTOMATIC)


@dataclass(frozen=True, slots=True)
class ConfigureChat(Command[None]):
    """Change instructions, parameters or models of a chat; what is None stays as it is."""

    chat_id: UUID
    system: str | None = None
    params: dict[str, Any] | None = None
    models: list[str] | None = None

    async def execute(self, work: Work) -> None:
        chat = await open_chat(work, self.chat_id)
        system, params, models = chat.settings
        chat.configure(
            system if self.system is None else self.system,
            params if self.params is None else self.params,
            models if self.models is None else self.models,
        )


@dataclass(frozen=True, slots=True)
class ChooseLeaf(Command[None]):
    """Show the branch of a chat that ends at a message."""

    chat_id: UUID
    leaf_id: UUID

    async def execute(self, work: Work) -> None:
        chat = await open_chat(work, self.chat_id)
        work.require(self.leaf_id, root=chat.id)
        chat.choose_leaf(self.leaf_id)


@dataclass(frozen=True, slots=True)
class SeeChat(Command[None]):
    """Record that its owner has seen everything in a chat."""

    chat_id: UUID

    async def execute(self, work: Work) -> None:
        (await open_chat(work, self.chat_id)).see()


@dataclass(frozen=True, slots=True)
class TrashChat(Command[None]):
    """Put a chat into the trash."""

    chat_id: UUID

    async def execute(self, work: Work) -> None:
        (await open_chat(work, self.chat_id)).trash()


@dataclass(frozen=True, slots=True)
class RestoreChat(Command[None]):
    """Take a chat out of the trash."""

    chat_id: UUID

    async def execute(self, work: Work) -> None:
        (await open_chat(work, self.chat_id)).restore()


@dataclass(frozen=True, slots=True)
class DeleteChat(Command[None]):
    """Remove a chat in the trash for good."""

    chat_id: UUID

    async def execute(self, work: Work) -> None:
        (await open_chat(work, self.chat_id)).delete()
