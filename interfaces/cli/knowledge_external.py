"""`quire knowledge external`: show, try and remove the knowledge that lies elsewhere."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from application.knowledge_sources import RemoveSource
from application.ports import Stale, Unavailable
from application.retrieval.sources import source_of
from domain.errors import NotFound, Refusal
from domain.knowledge import Knowledge
from domain.knowledge_sources import KnowledgeSource
from domain.users import Role
from infrastructure.credentials import Credentials
from infrastructure.documents.engines import DocumentEngines, Place, open_engines
from infrastructure.external.asking import secret_name
from infrastructure.external.trials import tried
from infrastructure.postgres import pool
from infrastructure.reader import Reader
from infrastructure.secrets import Vault, master_key
from infrastructure.settings import CannotStart, Settings
from infrastructure.stored_connections import StoredConnections
from interfaces.cli.knowledge_house import House, open_house
from interfaces.cli.knowledge_sync import say
from interfaces.cli.running import with_database

PAGE = 500
CONNECTIONS_MAX = 3
WORDS_SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class Sources:
    """What is needed to look after sources, in the name of an administrator."""

    house: House
    engines: DocumentEngines

    async def every(self) -> list[KnowledgeSource]:
        """All sources, oldest first, from the log."""
        found: list[KnowledgeSource] = []
        position, log = 0, self.house.log
        while page := await log.read(position, PAGE, types=["knowledge_source.connected"]):
            position = page[-1].position
            found += [await log.get(KnowledgeSource, each.stream_id) for each in page]
        return [each for each in found if not each.removed]

    async def one(self, knowledge_id: UUID) -> KnowledgeSource:
        """A source by the id of its knowledge base."""
        for each in await self.every():
            if each.knowledge_id == knowledge_id:
                return each
        raise NotFound("knowledge source", knowledge_id)


Action = Callable[[Sources, argparse.Namespace], Awaitable[None]]


def register(parts: Any) -> None:
    """Add the part and its own parts."""
    parser = parts.add_parser("external", help="look after knowledge that lies elsewhere")
    inner = parser.add_subparsers(dest="external", metavar="WHAT", required=True)
    adding(inner, "list", "show the sources", show)
    trying = adding(inner, "test", "ask one a question", test)
    trying.add_argument("id", type=UUID)
    trying.add_argument("question", nargs="?", default="What is this about?")
    adding(inner, "remove", "ask one no more; what it holds stays", remove).add_argument(
        "id", type=UUID
    )


def adding(parts: Any, name: str, text: str, action: Action) -> argparse.ArgumentParser:
    """One part, for an administrator."""
    parser: argparse.ArgumentParser = parts.add_parser(name, help=text)
    parser.add_argument("--as", dest="email", metavar="EMAIL", help="which administrator acts")
    parser.set_defaults(run=run, action=action)
    return parser


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Carry out one part; a refusal is told in its own words."""
    with with_database(settings) as found:
        try:
            asyncio.run(act(arguments, found))
        except (Refusal, Unavailable) as error:
            raise CannotStart(str(error)) from None
        except Stale:
            raise CannotStart("Others changed it at the same time. Run it again.") from None
    return 0


async def act(arguments: argparse.Namespace, settings: Settings) -> None:
    """Open what is needed, and do it."""
    action: Action = arguments.action
    async with open_sources(settings, arguments.email) as sources:
        await action(sources, arguments)


@asynccontextmanager
async def open_sources(settings: Settings, email: str | None) -> AsyncIterator[Sources]:
    """The log, the keys, and what embeds questions."""
    own = pool(settings.database_url, size_max=CONNECTIONS_MAX, name="quire knowledge")
    async with open_house(settings, email) as house, own:
        if house.user.role != Role.ADMINISTRATOR:
            raise CannotStart(f"{house.user.email} is no administrator.")
        credentials = Credentials(house.lines, Vault(master_key(settings)))
        stored = StoredConnections(Reader(own), credentials)
        place = Place(own, settings.data_folder)
        async with open_engines(place, house.log, credentials, stored) as engines:
            yield Sources(house, engines)


async def show(sources: Sources, _: argparse.Namespace) -> None:
    """List the sources."""
    for each in await sources.every():
        knowledge = await sources.house.log.get(Knowledge, each.knowledge_id)
        source = source_of(each.source)
        place = f"{source.place} {source.collection}".strip()
        say(f"{each.knowledge_id}  {source.kind:<8}  {knowledge.name}  {place}")


async def test(sources: Sources, arguments: argparse.Namespace) -> None:
    """Ask a source a question, and show what it says."""
    source = source_of((await sources.one(arguments.id)).source)
    key = await sources.engines.credentials.secret(secret_name(arguments.id, source))
    found = await tried(sources.engines, source, key, arguments.question)
    for each in found.passages:
        text = " ".join(each.text.split())[:WORDS_SHOWN_MAX]
        say(f"{each.score:8.3f}  {each.title or each.url}  {text}")
    if not found.ok:
        raise CannotStart(found.detail)
    say(f"{found.detail} {found.milliseconds} ms.")


async def remove(sources: Sources, arguments: argparse.Namespace) -> None:
    """Ask it no more, and forget its key."""
    source = source_of((await sources.one(arguments.id)).source)
    await sources.house.execute(RemoveSource(arguments.id))
    await sources.engines.credentials.keep_secret(secret_name(arguments.id, source), "")
    say("It is asked no more. What it holds stays as it is.")
