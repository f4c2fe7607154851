"""`quire analytics`: what models were asked, and by whom."""

import argparse
import asyncio
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from application.ports import Unavailable
from infrastructure.postgres import pool
from infrastructure.reader import Lagging, Reader
from infrastructure.settings import CannotStart, Settings
from interfaces.cli.running import with_database
from projections import usage_queries
from projections.usage import usage
from projections.usage_queries import WIDTHS, Counts, Span
from projections.users import found, users

DAYS = timedelta(days=7)
COLUMNS = ("questions", "answers", "failed", "input_tokens", "output_tokens", "mean_seconds")
Row = tuple[str, Counts]


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `quire analytics`."""
    text = "Show what models were asked, and by whom."
    parser = subparsers.add_parser("analytics", help=text, description=text)
    when = "a day or a time, as 2026-01-31 or 2026-01-31T12:00Z; UTC if it does not say"
    parser.add_argument("--from", dest="since", type=time_of, help=f"{when}; seven days ago")
    parser.add_argument("--to", dest="until", type=time_of, help=f"{when}; now")
    parser.add_argument("--by", choices=("model", "user"), default="model")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def time_of(text: str) -> datetime:
    """A time as it is typed."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time, as 2026-01-31 is") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print one row for each model or person, and all together."""
    until = arguments.until or datetime.now(UTC)
    since = arguments.since or until - DAYS
    if since >= until:
        raise CannotStart("--from is before --to.")
    span = Span(since, until).widened(WIDTHS["10m"])
    with with_database(settings) as there:
        try:
            rows, total = asyncio.run(look(there, span, arguments.by))
        except (Lagging, Unavailable) as error:
            raise CannotStart(str(error)) from None
    say(as_json(span, rows, total) if arguments.json else table(rows, total))
    return 0


async def look(settings: Settings, span: Span, key: str) -> tuple[list[Row], Counts]:
    """What there is to show."""
    async with pool(settings.database_url, size_max=2, name="quire analytics") as own:
        reader = Reader(own)
        async with reader.read(usage) as db:
            total = await usage_queries.totals(db, span)
            rows = await usage_queries.by(db, "model" if key == "model" else "person", span)
        if key == "model":
            return rows, total
        async with reader.read(users) as db:
            known = await found(db, [each for each, _ in rows])
    named = [(known[each].email if each in known else str(each), row) for each, row in rows]
    return named, total


def as_json(span: Span, rows: list[Row], total: Counts) -> str:
    """For programs."""
    told: dict[str, Any] = {
        "from": span.since.isoformat(),
        "until": span.until.isoformat(),
        "items": [{"name": name, **asdict(counts)} for name, counts in rows],
        "total": asdict(total),
    }
    return json.dumps(told)


def table(rows: list[Row], total: Counts) -> str:
    """For people."""
    lines = [["", *(each.replace("_", " ") for each in COLUMNS)]]
    lines += [[name, *cells(counts)] for name, counts in [*rows, ("all", total)]]
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])])
        for line in lines
    )


def cells(counts: Counts) -> list[str]:
    """Numbers as they are shown."""
    found = [getattr(counts, name) for name in COLUMNS]
    return ["-" if x is None else f"{x:,.1f}" if isinstance(x, float) else f"{x:,}" for x in found]


def say(text: str) -> None:
    """Print it."""
    print(text)  # noqa: T201 (what a terminal shows)
