"""`quire evaluation judge` and `judges`: have a model judge battles, and see who agrees."""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

from application.command import carry_out
from application.evaluation.agreement import cohen
from application.evaluation.judge import TEMPLATE
from application.judgings import WHERE, StartJudging, StopJudging
from application.ports import SYSTEM, Unavailable
from domain.errors import Refusal
from domain.judgings import Assignment
from infrastructure.reader import Lagging
from interfaces.cli.evaluation_house import House
from projections import judges as verdicts
from projections import judgings
from projections.judges import Bench, JudgeRow

LOOK_SECONDS = 1.0
STALLED_SECONDS_MAX = 120.0
CODE_FAILED = 1
CODE_GAVE_UP = 6
COLUMNS = (
    "judge",
    "template",
    "space",
    "judged",
    "failed",
    "inconsistent",
    "pairs",
    "raw",
    "kappa",
)


def register(parts: Any) -> None:
    """Add the parts of `quire evaluation` about judges."""
    judge = parts.add_parser("judge", help="let a model judge battles; Ctrl-C stops it")
    judge.add_argument("--model", required=True, metavar="M", help="which model judges")
    judge.add_argument("--limit", type=int, required=True, metavar="N", help="battles at most")
    judge.add_argument(
        "--where", nargs="+", default=[], metavar="NAME=VALUE", help=", ".join(WHERE)
    )
    judge.add_argument("--space", default="", help="an imported data set of its own")
    judge.set_defaults(action=let_judge)
    judges = parts.add_parser("judges", help="all judges, and how far people agree with them")
    judges.add_argument("--json", action="store_true", help="for programs")
    judges.set_defaults(action=show)


async def let_judge(house: House, arguments: argparse.Namespace) -> int:
    """Choose battles, have a worker judge them, and show how far it is."""
    where = dict(each.partition("=")[::2] for each in arguments.where)
    choice = (arguments.model, TEMPLATE, arguments.space, where, arguments.limit)
    async with house.reader.read(judgings.judgings) as db:
        battles = await judgings.left(db, judgings.Wanted(*choice))
    key = uuid4()
    wish = StartJudging(key, Assignment(*choice, battles))
    receipt = await carry_out(wish, log=house.log, actor=SYSTEM)
    say(f"{len(battles)} battles, run {key}")
    try:
        return await watch(house, key, receipt.position or 0)
    except asyncio.CancelledError:
        with suppress(Refusal):  # it has just ended
            await carry_out(StopJudging(key), log=house.log, actor=SYSTEM)
        say("Stopped. What was judged stays.")
        raise


async def watch(house: House, key: UUID, after: int) -> int:
    """Show a run until it ends."""
    moved, reached = time.monotonic(), -1
    while time.monotonic() < moved + STALLED_SECONDS_MAX:
        with suppress(Lagging, Unavailable):  # look again
            async with house.reader.read(judgings.judgings, after=after) as db:
                found = await judgings.judging(db, key)
            if found.done != reached:
                moved, reached = time.monotonic(), found.done
                say(f"{found.done} of {found.count}, {found.failed} failed")
            if found.state == "failed":
                say(f"It cannot go on: {found.reason}")
                return CODE_FAILED
            if found.state != "running":
                tokens = f"{found.input_tokens:,} tokens in, {found.output_tokens:,} out"
                say(f"{found.state}: {found.inconsistent} inconsistent, {tokens}")
                return 0
        await asyncio.sleep(LOOK_SECONDS)
    say("Nothing moves. Is `quire serve` running? It goes on when it is.")
    return CODE_GAVE_UP


async def show(house: House, arguments: argparse.Namespace) -> int:
    """Print all judges."""
    async with house.reader.read(judgings.judgings) as db:
        rows = await verdicts.judges(db)
        found = [
            told(each, await verdicts.pairs(db, Bench(each.judge, each.template, each.space)))
            for each in rows
        ]
    if arguments.json:
        say(json.dumps(found, ensure_ascii=False, indent=2))
    elif not found:
        say("Nobody has judged yet.")
    else:
        table = [COLUMNS, *(tuple(cell(each[name]) for name in COLUMNS) for each in found)]
        widths = [max(len(row[place]) for row in table) for place in range(len(COLUMNS))]
        for row in table:
            say("  ".join(map(str.ljust, row, widths)).rstrip())
    return 0


def told(row: JudgeRow, pairs: dict[str, Counter[Any]]) -> dict[str, Any]:
    """A judge with the agreement of people, in all and by category."""
    total: Counter[Any] = Counter()
    for each in pairs.values():
        total.update(each)
    categories = {name: asdict(cohen(each)) for name, each in sorted(pairs.items())}
    return {**asdict(row), **asdict(cohen(total)), "categories": categories}


def cell(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def say(text: str) -> None:
    """Tell whoever called."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
