"""`quire import`: judgements that were made elsewhere."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from application.importing.fields import Malformed
from application.imports import Import, Report
from application.ports import Stale, Unavailable
from infrastructure.evaluation.lines import LoggedStreams
from infrastructure.evaluation.readings import Brought, Found
from infrastructure.event_log import EventLog
from infrastructure.lines import Lines
from infrastructure.postgres import pool
from infrastructure.secrets import master_key
from infrastructure.settings import CannotStart, Settings
from interfaces.cli.running import with_database

CONNECTIONS_MAX = 3
REMEMBERED_MAX = 16
BROKEN_SHOWN_MAX = 50
PARTS = ("models", "battles", "votes", "table", "feedback")


def register(subparsers: Any) -> None:
    """Add `quire import`."""
    parser = subparsers.add_parser("import", help="Take over judgements from elsewhere.")
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    arena = adding(parts, "arena", "models, battles and votes of the interchange format")
    arena.add_argument("--models", type=Path, metavar="FILE", help="JSON: name, vendor, aliases")
    arena.add_argument("--battles", type=Path, required=True, metavar="FILE", help="JSON lines")
    arena.add_argument("--votes", type=Path, required=True, metavar="FILE", help="JSON lines")
    table = adding(parts, "arena-table", "a flat table of battles")
    table.add_argument("table", type=Path, metavar="FILE", help="JSON lines or .parquet")
    for each in (arena, table):
        each.add_argument("--space", default="", help="a data set of its own, with its own table")
        each.add_argument("--name", help="for as_of=import:NAME@SEQ; the space or the file's name")
    feedback = adding(parts, "openwebui-feedback", "feedback that Open WebUI exported")
    feedback.add_argument("feedback", type=Path, metavar="FILE", help="a JSON array")


def adding(parts: Any, name: str, text: str) -> argparse.ArgumentParser:
    """One part."""
    parser: argparse.ArgumentParser = parts.add_parser(name, help=text)
    parser.set_defaults(run=run)
    return parser


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Take everything over that can be; what cannot is told with its line."""
    try:
        with with_database(settings) as found:
            asyncio.run(carry(arguments, found))
    except OSError as error:
        raise CannotStart(f"{error.filename} cannot be read: {error.strerror}.") from None
    except Malformed as error:
        raise CannotStart(f"The file cannot be read: {error}.") from None
    except (Stale, Unavailable):
        raise CannotStart(
            "Others import the same, or the database is away. Run it again."
        ) from None
    return 0


async def carry(arguments: argparse.Namespace, settings: Settings) -> None:
    """Take file after file over, and say what became of it."""
    url = settings.database_url
    async with (
        pool(url, size_max=CONNECTIONS_MAX, name="quire import") as connections,
        EventLog(
            url, master_key(settings), connections=connections, remembered_max=REMEMBERED_MAX
        ) as log,
    ):
        taking = Import(log, LoggedStreams(Lines(connections)), show)
        for step in brought(arguments).steps():
            tell(step.name, await taking.run(step.lines, step.reading), arguments.part)


def brought(arguments: argparse.Namespace) -> Brought:
    """What is to be taken over."""
    given = {each: getattr(arguments, each, None) for each in PARTS}
    files = {part: Found(path.name, path) for part, path in given.items() if path is not None}
    space, name = getattr(arguments, "space", ""), getattr(arguments, "name", None)
    return Brought(arguments.part, files, space, name or "")


def show(report: Report) -> None:
    """Say how far it is, on a terminal."""
    if sys.stderr.isatty():
        line = f"\r{report.imported:,} imported, {report.skipped:,} skipped"
        print(line, end="", file=sys.stderr, flush=True)  # noqa: T201 (what a terminal shows)


def tell(name: str, report: Report, part: str) -> None:
    """Say what became of a file."""
    if part == "openwebui-feedback":
        why = "".join(f" ({reason}: {n})" for reason, n in sorted(report.reasons.items()))
        counts = f"imported {report.imported:,}, skipped {report.skipped:,}"
        say([f"{counts}, not usable {report.broken:,}{why}"])
        return
    broken = f", malformed {report.broken:,}" if report.broken else ""
    say([f"{name}: imported {report.imported:,}, skipped {report.skipped:,}{broken}"])
    say([f"  line {number}: {why}" for number, why in report.shown[:BROKEN_SHOWN_MAX]])


def say(lines: Sequence[str]) -> None:
    """Tell whoever called."""
    for each in lines:
        sys.stdout.write(each + "\n")
    sys.stdout.flush()
