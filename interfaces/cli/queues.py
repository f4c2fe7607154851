"""`quire evaluation queues`: draw battles that people judge, see how far they are, take it out."""

import argparse
import json
import sys
from typing import Any
from uuid import UUID, uuid4

from application.command import carry_out
from application.evaluation.agreement import krippendorff
from application.exporting.annotations import COLUMNS as SAID
from application.exporting.annotations import annotations_of
from application.ports import SYSTEM
from application.queues import CloseQueue, OpenQueue
from domain.queues import Plan, Sieve
from infrastructure.exports.names import house_pseudonyms
from infrastructure.exports.writers import csv_line
from interfaces.cli.evaluation_house import House
from projections import queues

LIMIT = 100
COLUMNS = ("id", "name", "state", "items", "finished", "annotated", "people", "alpha")


def register(parts: Any) -> None:
    """Add the parts of `quire evaluation queues`."""
    parser = parts.add_parser("queues", help="battles that people judge one after the other")
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    shown = acts.add_parser("list", help="all queues, their progress and agreement")
    shown.add_argument("--json", action="store_true", help="for programs")
    shown.set_defaults(action=show)
    opening(acts.add_parser("open", help="draw battles at random"))
    said = acts.add_parser("annotations", help="all that was said in one, as JSON lines or CSV")
    said.add_argument("queue", type=UUID)
    said.add_argument("--csv", action="store_true")
    said.set_defaults(action=tell)
    close = acts.add_parser("close", help="have one judged no more")
    close.add_argument("queue", type=UUID)
    close.set_defaults(action=end)


def opening(parser: argparse.ArgumentParser) -> None:
    """Add what one can choose of a queue."""
    parser.add_argument("name")
    parser.add_argument("--size", type=int, required=True, metavar="N", help="battles at most")
    parser.add_argument("--people", type=int, default=1, metavar="N", help="who judge each")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--instructions", default="", metavar="TEXT")
    for name in ("space", "category", "language"):
        parser.add_argument(f"--{name}", default="", metavar="X")
    parser.add_argument("--models", nargs="+", default=[], metavar="M", help="one of them")
    parser.add_argument("--without-votes", action="store_true", help="that nobody voted on")
    parser.add_argument("--annotators", nargs="+", type=UUID, default=[], metavar="ID")
    parser.set_defaults(action=begin)


async def show(house: House, arguments: argparse.Namespace) -> int:
    """Print all queues, a hundred at most."""
    async with house.reader.read(queues.queues) as db:
        rows = await queues.page(db, SYSTEM.id, every=True, limit=LIMIT, before=None)
        said = await queues.winners(db, [each.id for each in rows])
    found = [told(each, krippendorff(said[each.id])) for each in rows]
    if arguments.json:
        say(json.dumps(found, ensure_ascii=False, indent=2))
    elif not found:
        say("There is no queue yet.")
    else:
        table = [COLUMNS, *(tuple(cell(each[name]) for name in COLUMNS) for each in found)]
        widths = [max(len(row[place]) for row in table) for place in range(len(COLUMNS))]
        for row in table:
            say("  ".join(map(str.ljust, row, widths)).rstrip())
    return 0


def told(row: queues.QueueRow, alpha: float | None) -> dict[str, Any]:
    """A queue as it is printed."""
    return {
        "id": str(row.id),
        "name": row.name,
        "state": "closed" if row.is_over else "open",
        "items": row.count,
        "finished": row.finished,
        "annotated": row.annotated,
        "people": row.people,
        "alpha": alpha,
    }


async def begin(house: House, arguments: argparse.Namespace) -> int:
    """Draw battles and let people judge them."""
    names = ("space", "category", "language", "models")
    chosen = {name: getattr(arguments, name) for name in names}
    sieve = Sieve(**chosen, without_votes=arguments.without_votes)
    plan = Plan(
        arguments.name,
        arguments.instructions,
        sieve,
        arguments.size,
        arguments.seed,
        arguments.people,
        arguments.annotators,
    )
    async with house.reader.read(queues.queues) as db:
        battles, pool = await queues.drawn(db, sieve, seed=plan.seed, size=max(plan.size, 0))
    key = uuid4()
    await carry_out(OpenQueue(key, plan, battles, pool), log=house.log, actor=SYSTEM)
    say(f"{key}: {len(battles)} of {pool} battles")
    return 0


async def tell(house: House, arguments: argparse.Namespace) -> int:
    """Print all annotations of a queue."""
    async with house.reader.read(queues.queues) as db:
        await queues.queue(db, arguments.queue, SYSTEM.id)
        rows = await queues.annotations(db, arguments.queue)
    if arguments.csv:
        sys.stdout.write(csv_line(SAID))
    for each in annotations_of(rows, house_pseudonyms(arguments.settings)):
        if arguments.csv:
            sys.stdout.write(csv_line(tuple(each.values())))
        else:
            say(json.dumps(each, ensure_ascii=False))
    return 0


async def end(house: House, arguments: argparse.Namespace) -> int:
    """Have a queue judged no more."""
    await carry_out(CloseQueue(arguments.queue), log=house.log, actor=SYSTEM)
    return 0


def cell(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def say(text: str) -> None:
    """Tell whoever called."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
