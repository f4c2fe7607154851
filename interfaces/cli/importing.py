"""`quire import`: judgements that were made elsewhere."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from application.importing.arena import Source, known_aliases
from application.importing.feedback import told_by
from application.importing.fields import Malformed
from application.imports import Import, Numbered, Reading, Report
from application.ports import SYSTEM, Stale, Unavailable
from infrastructure.evaluation.lines import LoggedStreams, in_order, json_lines, parquet_rows
from infrastructure.event_log import EventLog
from infrastructure.lines import Lines
from infrastructure.postgres import pool
from infrastructure.secrets import master_key
from infrastructure.settings import CannotStart, Settings
from interfaces.cli.running import with_database

CONNECTIONS_MAX = 3
REMEMBERED_MAX = 16
BROKEN_SHOWN_MAX = 50

Step = tuple[str, Iterator[Numbered], Reading]
Steps = Callable[[argparse.Namespace], Iterator[Step]]


def register(subparsers: Any) -> None:
    """Add `quire import`."""
    parser = subparsers.add_parser("import", help="Take over judgements from elsewhere.")
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    arena = adding(parts, "arena", "models, battles and votes of the interchange format", arena_of)
    arena.add_argument("--models", type=Path, metavar="FILE", help="JSON: name, vendor, aliases")
    arena.add_argument("--battles", type=Path, required=True, metavar="FILE", help="JSON lines")
    arena.add_argument("--votes", type=Path, required=True, metavar="FILE", help="JSON lines")
    table = adding(parts, "arena-table", "a flat table of battles", table_of)
    table.add_argument("file", type=Path, metavar="FILE", help="JSON lines or .parquet")
    for each in (arena, table):
        each.add_argument("--space", default="", help="a data set of its own, with its own table")
        each.add_argument("--name", help="for as_of=import:NAME@SEQ; the space or the file's name")
    feedback = adding(parts, "openwebui-feedback", "feedback that Open WebUI exported", thumbs_of)
    feedback.add_argument("file", type=Path, metavar="FILE", help="a JSON array")


def adding(parts: Any, name: str, text: str, steps: Steps) -> argparse.ArgumentParser:
    """One part."""
    parser: argparse.ArgumentParser = parts.add_parser(name, help=text)
    parser.set_defaults(run=run, steps=steps)
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
        for name, lines, reading in arguments.steps(arguments):
            tell(name, await taking.run(lines, reading), arguments.part)


def arena_of(arguments: argparse.Namespace) -> Iterator[Step]:
    """Battles, then votes."""
    aliases = {}
    if arguments.models:
        try:
            aliases = known_aliases(json.loads(arguments.models.read_bytes()))
        except ValueError as error:
            raise Malformed(f"{arguments.models.name}: {error}") from None
    source = source_of(arguments, arguments.votes, aliases)
    for path, reading in ((arguments.battles, source.battle), (arguments.votes, source.vote)):
        with opened(path) as file:
            yield path.name, json_lines(file), reading


def table_of(arguments: argparse.Namespace) -> Iterator[Step]:
    """The rows of a flat table."""
    path: Path = arguments.file
    source = source_of(arguments, path, {})
    with opened(path) as file:
        lines = parquet_rows(path) if path.suffix == ".parquet" else json_lines(file)
        yield path.name, lines, source.row


def thumbs_of(arguments: argparse.Namespace) -> Iterator[Step]:
    """Records of feedback, in their order."""
    with opened(arguments.file) as file:
        records = in_order(file)
    lines = iter(list(enumerate(records, 1)))
    yield arguments.file.name, lines, lambda record, _: told_by(record, SYSTEM.id)


def source_of(arguments: argparse.Namespace, path: Path, aliases: dict[str, list[str]]) -> Source:
    """Where the lines come from."""
    name = arguments.name or arguments.space or path.stem
    return Source(SYSTEM.id, arguments.space, name, aliases)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file to be read."""
    with path.open("rb") as file:
        yield file


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
