"""`quire export`: judgements written to a folder."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from application.command import carry_out
from application.exporting.formats import FORMATS
from application.exporting.orders import SHARD_ROWS, VOTES, WHERE, Order
from application.exporting.redaction import PATTERNS
from application.exports import RecordExport
from application.ports import SYSTEM, Unavailable
from domain.errors import Refusal
from infrastructure.exports.choosing import ReadChoosing
from infrastructure.exports.exporting import Export, NotEmpty, NothingMatches, prepared
from infrastructure.exports.job import exported_in
from infrastructure.exports.names import house_pseudonyms, pseudonyms_of
from infrastructure.exports.source import LogSource
from infrastructure.exports.tombstones import Earlier
from infrastructure.reader import Lagging
from infrastructure.secrets import master_key
from infrastructure.settings import CannotStart, Settings
from interfaces.cli.evaluation_house import opened
from interfaces.cli.running import with_database

CODE_NOTHING = 4
CODE_NOT_EMPTY = 5
POSITION_HELP = "a position of the log"


def register(subparsers: Any) -> None:
    """Add `quire export`."""
    parser = subparsers.add_parser("export", help="Write judgements to files.")
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    part = parts.add_parser("evaluation", help="votes and ratings, for training and evaluation")
    part.add_argument("--format", nargs="+", required=True, metavar="F", help=", ".join(FORMATS))
    part.add_argument("--out", type=Path, required=True, metavar="DIR", help="an empty folder")
    part.add_argument("--force", action="store_true", help="write over an export that is there")
    part.add_argument("--from", type=int, default=0, dest="after", metavar="P", help=POSITION_HELP)
    until = part.add_mutually_exclusive_group()
    until.add_argument("--to", type=int, dest="until", metavar="P", help=POSITION_HELP)
    until.add_argument("--as-of", type=int, dest="until", metavar="P", help=POSITION_HELP)
    part.add_argument("--where", nargs="+", default=[], metavar="NAME=VALUE", help=", ".join(WHERE))
    part.add_argument("--space", default="", help="an imported data set of its own")
    part.add_argument("--votes", default=VOTES[0], help=", ".join(VOTES))
    part.add_argument("--parquet", action="store_true", help="in place of JSON lines")
    part.add_argument("--with-system", action="store_true", help="with the instructions of chats")
    part.add_argument("--distinct", action="store_true", help="each prompt once (trl-prompt-only)")
    part.add_argument("--shard-rows", type=int, default=SHARD_ROWS, metavar="N")
    part.add_argument("--pseudonyms", type=Path, metavar="KEYFILE", help="the key of their names")
    part.add_argument("--redact", nargs="+", default=[], metavar="RULE", help=", ".join(PATTERNS))
    part.add_argument("--since-manifest", type=Path, metavar="OLD", help="also tell what is gone")
    part.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write an export; 4 when nothing matches, 5 when the folder is not empty."""
    try:
        order = order_of(arguments)
        earlier = earlier_of(arguments)
        folder = prepared(arguments.out, force=arguments.force)
        with with_database(settings) as found:
            return asyncio.run(write(arguments, found, order, folder, earlier))
    except NotEmpty as error:
        tell(f"quire: {error} Use --force to write over it.")
        return CODE_NOT_EMPTY
    except NothingMatches:
        tell("quire: nothing matches.")
        return CODE_NOTHING
    except (Refusal, Unavailable) as error:
        raise CannotStart(str(error)) from None
    except Lagging:
        raise CannotStart("The votes are not all read yet. Run it again in a moment.") from None


async def write(
    arguments: argparse.Namespace,
    settings: Settings,
    order: Order,
    folder: Path,
    earlier: Earlier | None,
) -> int:
    """Write the files, and have the log remember that they left the house."""
    names = pseudonyms_of(arguments.pseudonyms) if arguments.pseudonyms else None
    async with opened(settings.database_url, master_key(settings)) as house:
        export = Export(
            LogSource(house.log, ReadChoosing(house.reader, house.boards)),
            order,
            names or house_pseudonyms(settings),
            folder,
            earlier,
            progress=show,
        )
        manifest = await export.run()
        exported = exported_in(folder, manifest)
        await carry_out(RecordExport(uuid4(), order, exported), log=house.log, actor=SYSTEM)
    left_out = sum(manifest["left_out"].values())
    tell(f"\n{exported.rows} rows in {len(manifest['files'])} files; {left_out} left out.")
    return 0


def order_of(arguments: argparse.Namespace) -> Order:
    """The order in the words of the command line."""
    where = dict(each.partition("=")[::2] for each in arguments.where)
    return Order(
        formats=arguments.format,
        after=arguments.after,
        until=arguments.until,
        space=arguments.space,
        where=where,
        votes=arguments.votes,
        parquet=arguments.parquet,
        with_system=arguments.with_system,
        distinct=arguments.distinct,
        shard_rows=arguments.shard_rows,
        redact=arguments.redact,
    )


def earlier_of(arguments: argparse.Namespace) -> Earlier | None:
    """The earlier export that is named, which must lie elsewhere."""
    manifest: Path | None = arguments.since_manifest
    if manifest is None:
        return None
    if manifest.resolve().parent == arguments.out.resolve():
        raise CannotStart("--since-manifest and --out must be different folders.")
    return Earlier.read(manifest)


def show(done: int, count: int) -> None:
    """Say how far it is, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r{done:,} of {count:,}", end="", file=sys.stderr, flush=True)  # noqa: T201


def tell(line: str) -> None:
    """Show a line; what is written goes to files alone."""
    print(line, file=sys.stderr)  # noqa: T201 (what a terminal shows)
