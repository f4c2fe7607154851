"""What `quire knowledge` works with: the log and the bytes of files, in somebody's name."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from application.command import Command, carry_out
from application.documents.settings import Limits, settings_of
from application.ports import Actor
from domain.document_settings import DOCUMENT_SETTINGS, DocumentSettings
from domain.errors import NotFound
from domain.files import File
from domain.knowledge import Knowledge
from domain.users import EmailClaim, Role, User, email_claim_id
from infrastructure.blobs.stores import FileStores
from infrastructure.event_log import EventLog
from infrastructure.lines import Lines
from infrastructure.postgres import pool
from infrastructure.secrets import master_key
from infrastructure.settings import CannotStart, Settings
from projections.directories import FilePlace, Tree

PAGE = 500
AT_ONCE = 50
CONNECTIONS_MAX = 4


@dataclass(frozen=True, slots=True)
class House:
    """The log is asked, not the read models: so it works also while nothing else runs."""

    log: EventLog
    lines: Lines
    files: FileStores
    user: User

    async def execute(self, command: Command[Any]) -> None:
        """Carry out a command in the name of the person."""
        actor = Actor(self.user.id, auth="command line", role=self.user.role.value)
        await carry_out(command, log=self.log, actor=actor)

    async def limits(self) -> Limits:
        """What administrators allow to be uploaded."""
        try:
            chosen = await self.log.get(DocumentSettings, DOCUMENT_SETTINGS)
        except NotFound:
            return Limits()
        return settings_of(chosen.values).limits

    async def all_knowledge(self) -> list[Knowledge]:
        """All knowledge bases that the person may use, out of the trash, oldest first."""
        found: list[Knowledge] = []
        position = 0
        while page := await self.log.read(position, PAGE, types=["knowledge.created"]):
            position = page[-1].position
            found += [await self.log.get(Knowledge, each.stream_id) for each in page]
        return [each for each in found if each.role_of(self.user.id) and not each.trashed]

    async def knowledge(self, name: str) -> Knowledge:
        """The knowledge base of a name, or of an id."""
        every = await self.all_knowledge()
        found = [each for each in every if name in (each.name, str(each.id))]
        if not found:
            raise CannotStart(
                f"{self.user.email} has no knowledge base {name}. "
                f"`quire knowledge create` makes one."
            )
        if len(found) > 1:
            ids = ", ".join(str(each.id) for each in found)
            raise CannotStart(f"There are several of this name. Name one by its id: {ids}")
        return found[0]

    async def contents(self, knowledge: Knowledge) -> list[File]:
        """The files in a knowledge base, oldest first; those in the trash are left out."""
        keys = list(knowledge.files)
        found: list[File] = []
        for begin in range(0, len(keys), AT_ONCE):
            found += await self._some(keys[begin : begin + AT_ONCE])
        return sorted(found, key=lambda each: (each.created_on, each.id))

    async def _some(self, keys: Collection[UUID]) -> list[File]:
        found = await asyncio.gather(*(self.log.get(File, key) for key in keys))
        return [each for each in found if not each.is_closed]

    async def tree(self, knowledge: Knowledge) -> Tree:
        """All that lies in a knowledge base, with its path."""
        paths = {key: path_of(knowledge, key) for key in knowledge.directories}
        files = [
            FilePlace(
                each.id,
                (*path_of(knowledge, knowledge.files[each.id]), each.name),
                each.size,
                each.sha256,
                each.text_sha256,
                each.modified_on,
            )
            for each in await self.contents(knowledge)
        ]
        return Tree(paths, files)


def path_of(knowledge: Knowledge, directory_id: UUID | None) -> tuple[str, ...]:
    """The names of the directories that lead to a place."""
    path: tuple[str, ...] = ()
    while directory_id is not None:
        directory = knowledge.directories[directory_id]
        path = (directory.name, *path)
        directory_id = directory.parent_id
    return path


@asynccontextmanager
async def open_house(settings: Settings, email: str | None) -> AsyncIterator[House]:
    """The log and the bytes of an installation, in the name of somebody."""
    url, key = settings.database_url, master_key(settings)
    own = pool(url, size_max=CONNECTIONS_MAX, name="quire knowledge")
    async with own, EventLog(url, key, connections=own) as log:
        user = await (find(log, email) if email else first_administrator(log))
        yield House(log, Lines(own), FileStores.of(settings, own), user)


async def find(log: EventLog, email: str) -> User:
    """The person with an address."""
    try:
        claim = await log.get(EmailClaim, email_claim_id(email))
    except NotFound:
        raise CannotStart(f"Nobody has the address {email}.") from None
    return await log.get(User, claim.user_id)


async def first_administrator(log: EventLog) -> User:
    """Of those who look after the house, who came first."""
    position = 0
    while page := await log.read(position, PAGE, types=["user.signed_up"]):
        position = page[-1].position
        for each in page:
            user = await log.get(User, each.stream_id)
            if user.role == Role.ADMINISTRATOR:
                return user
    raise CannotStart("There is no administrator yet. `quire users add` makes one.")
