"""`quire evaluation`: each part is told in a module beside this one, which has `register(parts)`.

A part sets `action=function(house, arguments)`, a coroutine that gives the exit code.
"""

import argparse
import asyncio
from importlib import import_module
from typing import Any

from application.ports import Unavailable
from domain.errors import Refusal
from infrastructure.reader import Lagging
from infrastructure.secrets import master_key
from infrastructure.settings import CannotStart, Settings
from interfaces.cli.evaluation_house import opened
from interfaces.cli.running import with_database

PARTS = ("judgings", "queues", "flagging", "topics")


def register(subparsers: Any) -> None:
    """Add `quire evaluation` and its parts."""
    parser = subparsers.add_parser("evaluation", help="Look after battles, votes and judges.")
    parser.set_defaults(run=run)
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    for name in PARTS:
        import_module(f"interfaces.cli.{name}").register(parts)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Carry out one part; a refusal is told in its own words."""
    try:
        with with_database(settings) as found:
            return asyncio.run(act(arguments, found))
    except (Refusal, Unavailable) as error:
        raise CannotStart(str(error)) from None
    except Lagging:
        raise CannotStart("The votes are not all read yet. Run it again in a moment.") from None


async def act(arguments: argparse.Namespace, settings: Settings) -> int:
    """Open what is needed, and do it."""
    arguments.settings = settings
    async with opened(settings.database_url, master_key(settings)) as house:
        return int(await arguments.action(house, arguments))
