"""`quire knowledge`: list and make knowledge bases, fill them from a folder, take them out."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any
from uuid import uuid4

from application.knowledge import CreateKnowledge, ReindexKnowledge
from application.ports import Stale, Unavailable
from domain.errors import Refusal
from infrastructure.archives import zipped
from infrastructure.documents.export import members
from infrastructure.settings import CannotStart, Settings
from interfaces.cli import knowledge_external
from interfaces.cli.knowledge_house import House, open_house
from interfaces.cli.knowledge_sync import say, sync
from interfaces.cli.running import with_database

Action = Callable[[House, argparse.Namespace], Awaitable[None]]


def register(subparsers: Any) -> None:
    """Add the command and its parts."""
    parser = subparsers.add_parser("knowledge", help="Fill knowledge bases from folders.")
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    adding(parts, "list", "show the knowledge bases one may use", show)
    create = adding(parts, "create", "make an empty knowledge base", make)
    create.add_argument("name")
    create.add_argument("--description", default="")
    syncing = adding(parts, "sync", "have it hold what a folder holds", fill)
    syncing.add_argument("folder", type=Path)
    syncing.add_argument("--knowledge", required=True, metavar="NAME", help="its name or its id")
    syncing.add_argument("--yes", action="store_true", help="do not ask")
    syncing.add_argument(
        "--remove", action="store_true", help="take out what the folder does not have"
    )
    renewing = adding(parts, "reindex", "have its files read and indexed anew", renew)
    renewing.add_argument("name", metavar="ID", help="its id or its name")
    exporting = adding(parts, "export", "write it to a ZIP archive", export)
    exporting.add_argument("name")
    exporting.add_argument("file", type=Path)
    exporting.add_argument("--text", action="store_true", help="with the extracted texts beside")
    knowledge_external.register(parts)


def adding(parts: Any, name: str, text: str, action: Action) -> argparse.ArgumentParser:
    """One part, for whoever it is done."""
    parser: argparse.ArgumentParser = parts.add_parser(name, help=text)
    parser.add_argument(
        "--as", dest="email", metavar="EMAIL", help="for whom; the first administrator if left out"
    )
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
    async with open_house(settings, arguments.email) as house:
        await action(house, arguments)


async def show(house: House, _: argparse.Namespace) -> None:
    """List the knowledge bases of the person."""
    for each in await house.all_knowledge():
        role = each.role_of(house.user.id)
        say(f"{each.id}  {role or '':<6} {len(each.files):>7} files  {each.name}")


async def make(house: House, arguments: argparse.Namespace) -> None:
    """Make a knowledge base, unless the person has one of this name."""
    if arguments.name in [each.name for each in await house.all_knowledge()]:
        raise CannotStart(f"There is a knowledge base {arguments.name} already.")
    knowledge_id = uuid4()
    await house.execute(CreateKnowledge(knowledge_id, arguments.name, arguments.description))
    say(f"{arguments.name} is there now: {knowledge_id}")


async def fill(house: House, arguments: argparse.Namespace) -> None:
    """Have a knowledge base hold what a folder holds."""
    await sync(
        house, arguments.folder, arguments.knowledge, yes=arguments.yes, remove=arguments.remove
    )


async def renew(house: House, arguments: argparse.Namespace) -> None:
    """Have the files of a knowledge base read and indexed anew; a worker does it."""
    knowledge = await house.knowledge(arguments.name)
    await house.execute(ReindexKnowledge(knowledge.id))
    say(f"{len(knowledge.files)} files of {knowledge.name} will be read and indexed anew.")


async def export(house: House, arguments: argparse.Namespace) -> None:
    """Write a knowledge base to an archive; a file that is there already stays."""
    knowledge = await house.knowledge(arguments.name)
    tree = await house.tree(knowledge)
    texts = house.lines if arguments.text else None
    try:
        file = arguments.file.open("xb")
    except OSError as error:
        raise CannotStart(f"{arguments.file} cannot be written: {error.strerror}.") from None
    whole = False
    try:
        async with aclosing(zipped(members(tree, house.files.blobs, texts))) as pieces:
            async for piece in pieces:
                file.write(piece)
        whole = True
    except OSError as error:
        raise CannotStart(f"{arguments.file} cannot be written: {error.strerror}.") from None
    finally:
        file.close()
        if not whole:
            arguments.file.unlink()
    say(f"{len(tree.files)} files of {knowledge.name} are in {arguments.file}.")
