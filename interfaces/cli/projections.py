"""`quire projections`: look at read models and policies, and have read models told anew."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from infrastructure.checkpoints import Lag, lags, request_rebuild
from infrastructure.documents.lagging import PREFIX, index_lags
from infrastructure.lines import Lines
from infrastructure.postgres import pool
from infrastructure.settings import Settings
from interfaces.cli.running import with_database

LOOK_SECONDS = 1.0
CODE_UNKNOWN = 2
CODE_BUSY = 3
CODE_GAVE_UP = 6
STALLED_SECONDS_MAX = 60.0

COLUMNS = ("name", "version", "lane", "state", "position", "lag_events", "parked")


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `quire projections`."""
    parser = subparsers.add_parser("projections", help="Look at read models and rebuild them.")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = actions.add_parser("list", help="show how far everybody is")
    show.add_argument("--json", action="store_true", help="for programs")
    show.set_defaults(run=run_list)
    rebuild = actions.add_parser("rebuild", help="tell a read model anew, beside the living one")
    rebuild.add_argument("name", nargs="?", help="which one; all, one after the other, if left out")
    rebuild.add_argument("--json", action="store_true", help="for programs")
    rebuild.set_defaults(run=run_rebuild)


def run_list(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print how far everybody is; 1 when something is parked."""

    async def work(lines: Lines) -> int:
        found = [*await lags(lines), *await index_lags(lines)]
        if arguments.json:
            say(json.dumps([asdict(each) for each in found]))
        else:
            say(table(found))
        return 1 if any(each.parked for each in found) else 0

    return with_lines(settings, work)


def run_rebuild(arguments: argparse.Namespace, settings: Settings) -> int:
    """Ask for a rebuild and watch it; it goes on when nobody watches."""

    async def work(lines: Lines) -> int:
        if (arguments.name or "").startswith(PREFIX):
            say("A vector index is made anew with `quire index rebuild`.")
            return CODE_UNKNOWN
        names = [each.name for each in await lags(lines) if is_rebuildable(each)]
        chosen = [each for each in names if arguments.name in (None, each)]
        if not chosen:
            say(f"There is no read model {arguments.name}. There are: {', '.join(names)}.")
            return CODE_UNKNOWN
        for name in chosen:
            if code := await rebuild(lines, name, as_json=arguments.json):
                return code
        return 0

    return with_lines(settings, work)


def is_rebuildable(lag: Lag) -> bool:
    """Whether this is a living read model; policies are never repeated."""
    return lag.state == "live" and lag.version > 0


async def rebuild(lines: Lines, name: str, *, as_json: bool) -> int:
    """Have one read model told anew and wait for it."""
    schema = await request_rebuild(lines, name)
    if schema is None:
        say(f"{name} is being rebuilt already.")
        return CODE_BUSY
    began = moved = time.monotonic()
    reached = -1
    while found := [each for each in await lags(lines) if each.schema == schema]:
        lag = found[0]
        if lag.state == "live":
            seconds = time.monotonic() - began
            done = {"name": name, "events": lag.position, "seconds": round(seconds, 1)}
            say(json.dumps(done) if as_json else f"{name}: rebuilt in {seconds:.1f} s.")
            return 0
        if lag.position != reached:
            reached, moved = lag.position, time.monotonic()
        elif time.monotonic() > moved + STALLED_SECONDS_MAX:
            break
        if not as_json:
            say(progress(lag, time.monotonic() - began))
        await asyncio.sleep(LOOK_SECONDS)
    say(f"{name}: nothing moves. Is a projector running? It goes on when there is one.")
    return CODE_GAVE_UP


def progress(lag: Lag, seconds: float) -> str:
    """How far it is, and how long it will take."""
    whole = lag.position + lag.lag_events
    rate = lag.position / seconds if seconds > 0 else 0
    left = f", about {lag.lag_events / rate:.0f} s left" if rate else ""
    share = lag.position / whole if whole else 1
    return f"{lag.name}: {lag.position:,} of {whole:,} events ({share:.0%}){left}"


def table(found: list[Lag]) -> str:
    """Rows with a heading, for people."""
    rows = [COLUMNS, *(tuple(str(getattr(each, name)) for name in COLUMNS) for each in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join(lines)


def with_lines(settings: Settings, work: Callable[[Lines], Awaitable[int]]) -> int:
    """Work with the database of this installation."""

    async def connected(url: str) -> int:
        async with pool(url, size_max=2, name="quire projections") as connections:
            return await work(Lines(connections))

    with with_database(settings) as complete:
        return asyncio.run(connected(complete.database_url))


def say(text: str) -> None:
    """Tell whoever called."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
