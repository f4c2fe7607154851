"""`quire leaderboard`: tables of models; publish one, and make sure of it from the log."""

import argparse
import asyncio
import csv
import json
import sys
from dataclasses import replace
from typing import Any

from application.command import carry_out
from application.leaderboards.asking import Asked
from application.leaderboards.content import content_sha256
from application.leaderboards.publishing import PublishLeaderboard
from application.ports import SYSTEM, Unavailable
from domain.errors import Conflict, Refusal
from domain.leaderboards import Leaderboard
from infrastructure.reader import Lagging
from infrastructure.secrets import master_key
from infrastructure.settings import CannotStart, Settings
from interfaces.cli.evaluation_house import House, opened
from interfaces.cli.running import with_database

CODE_DIFFERS = 3
OPTIONS = (
    "method",
    "category",
    "language",
    "ties",
    "weighting",
    "style",
    "votes",
    "interval",
    "anchor",
    "from",
    "until",
    "as-of",
    "space",
    "k",
    "topic",
)
COLUMNS = (
    "rank",
    "model",
    "rating",
    "lower",
    "upper",
    "battles",
    "wins",
    "losses",
    "ties",
    "both_bad",
    "win_rate",
    "provisional",
    "reason",
)
SHOWN = COLUMNS[:6]


def register(subparsers: Any) -> None:
    """Add `quire leaderboard`."""
    parser = subparsers.add_parser("leaderboard", help="Tables of models by the votes of people.")
    asking(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as the API answers")
    form.add_argument("--csv", action="store_true", help="all columns")
    parser.set_defaults(run=run, action="show")
    parts = parser.add_subparsers(dest="part", metavar="PART")
    publish = parts.add_parser("publish", help="stand by a table under a name")
    asking(publish)
    verify = parts.add_parser("verify", help="reckon a published table anew: 0 same, 3 differs")
    for each, name in ((publish, "publish"), (verify, "verify")):
        each.add_argument("name")
        each.set_defaults(run=run, action=name)


def asking(parser: argparse.ArgumentParser) -> None:
    """Add what one can choose of a table."""
    for each in OPTIONS:
        parser.add_argument(f"--{each}", dest=f"ask_{each.replace('-', '_')}", metavar="X")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Carry out one part."""
    words = {
        name.removeprefix("ask_"): value
        for name, value in vars(arguments).items()
        if name.startswith("ask_") and value is not None
    }
    try:
        with with_database(settings) as found:
            return asyncio.run(act(arguments, found, words))
    except (Refusal, Unavailable) as error:
        raise CannotStart(str(error)) from None
    except Lagging:
        raise CannotStart("The votes are not all read yet. Run it again in a moment.") from None


async def act(arguments: argparse.Namespace, settings: Settings, words: dict[str, str]) -> int:
    """Open what is needed, and do it."""
    asked = Asked.of(words)
    async with opened(settings.database_url, master_key(settings)) as house:
        if arguments.action == "verify":
            return await verify(house, arguments.name)
        board = await house.boards.board(asked, await house.boards.place(asked))
        if arguments.action == "publish":
            await publish(house, arguments.name, words, board)
        elif arguments.json:
            say(json.dumps(board, ensure_ascii=False, indent=2))
        elif arguments.csv:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows([each[name] for name in COLUMNS] for each in board["entries"])
        else:
            show(board)
    return 0


async def publish(house: House, name: str, words: dict[str, str], board: dict[str, Any]) -> None:
    """Stand by a table as it is now."""
    if board.get("topic", {}).get("reading"):
        raise Conflict(f"{unread(board)} Publish when all are.")
    given = {key: value for key, value in words.items() if key != "as_of"}
    wish = PublishLeaderboard(name, given, board["position"], content_sha256(board))
    await carry_out(wish, log=house.log, actor=SYSTEM)
    say(f"{name} is published at position {board['position']}: sha256 {wish.content_sha256}")


async def verify(house: House, name: str) -> int:
    """Reckon a published table anew from all that happened up to its position."""
    known = await house.log.get(Leaderboard, Leaderboard.id_of(name))
    asked = Asked.of({**known.params, "as_of": str(known.position)})
    place = replace(await house.boards.place(asked), position=known.position, is_head=False)
    sum_ = content_sha256(await house.boards.board(asked, place))
    if sum_ == known.content_sha256:
        say(f"{name}: the same, sha256 {sum_}")
        return 0
    say(f"{name}: differs. Published {known.content_sha256}, reckoned {sum_}")
    return CODE_DIFFERS


def show(board: dict[str, Any]) -> None:
    """A table for people."""
    rows = [SHOWN, *(tuple(cell(each[name]) for name in SHOWN) for each in board["entries"])]
    widths = [max(len(row[place]) for row in rows) for place in range(len(SHOWN))]
    for row in rows:
        say("  ".join(map(str.ljust, row, widths)).rstrip())
    totals = board["totals"]
    say(f"{totals['accepted']:,} of {totals['votes']:,} votes at position {board['position']}")
    if topic := board.get("topic"):
        effective = f"{topic['effective']:,.1f} about nothing else"
        say(f"{topic['votes']:,} of them can be compared, and say as much as {effective}")
        if topic["reading"]:
            say(unread(board))


def unread(board: dict[str, Any]) -> str:
    """How many questions nobody can compare yet."""
    count = board["topic"]["reading"]
    return f"{count:,} questions are still to be read; `quire evaluation classify` reads them now."


def cell(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "-"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def say(text: str) -> None:
    """Tell whoever called."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
