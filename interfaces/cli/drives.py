"""`quire drives`: which drives a person has linked, and how to unlink them."""

import argparse
import asyncio
from typing import Any, get_args

from application.drives import UnlinkDrive
from domain.drives import NAMES, Drive, Kind, drive_id_of
from domain.errors import NotFound
from infrastructure.drives.links import DROP
from infrastructure.settings import CannotStart, Settings
from interfaces.cli.knowledge_house import House, open_house
from interfaces.cli.knowledge_sync import say
from interfaces.cli.running import with_database

KINDS: tuple[Kind, ...] = get_args(Kind)


def register(subparsers: Any) -> None:
    """Add the command and its parts."""
    parser = subparsers.add_parser("drives", help="Show and unlink drives.")
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    listing = parts.add_parser("list", help="show the drives that are linked")
    unlinking = parts.add_parser("unlink", help="forget what opens a drive")
    unlinking.add_argument("kind", choices=KINDS, help="which drive")
    for part, action in ((listing, show), (unlinking, unlink)):
        part.add_argument(
            "--as", dest="email", metavar="EMAIL", help="whose; the first administrator if left out"
        )
        part.set_defaults(run=run, action=action)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Carry out one part."""
    with with_database(settings) as found:
        asyncio.run(act(arguments, found))
    return 0


async def act(arguments: argparse.Namespace, settings: Settings) -> None:
    """Open what is needed, and do it."""
    async with open_house(settings, arguments.email) as house:
        await arguments.action(house, arguments)


async def show(house: House, _: argparse.Namespace) -> None:
    """Tell which drives of the person are linked."""
    for kind in KINDS:
        if await linked(house, kind):
            say(f"{kind}  {NAMES[kind]}")


async def unlink(house: House, arguments: argparse.Namespace) -> None:
    """Forget what opens a drive; the drive itself hears nothing of it."""
    kind: Kind = arguments.kind
    if not await linked(house, kind):
        raise CannotStart(f"{house.user.email} has not linked {NAMES[kind]}.")
    await house.execute(UnlinkDrive(kind))
    await house.lines.run(DROP, {"user": house.user.id, "kind": kind})
    say(f"{NAMES[kind]} is unlinked. The permission can be taken back in the account there, too.")


async def linked(house: House, kind: Kind) -> bool:
    """Whether the person has linked a drive."""
    try:
        return (await house.log.get(Drive, drive_id_of(house.user.id, kind))).linked
    except NotFound:
        return False
