"""`quire index`: look at the vector index, make it anew, compare it, put it into another store."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

from application.command import carry_out
from application.document_settings import ChangeDocumentSettings
from application.documents.ports import Unfit
from application.documents.settings import StoreKind
from application.ports import SYSTEM, Unavailable
from domain.document_settings import DOCUMENT_SETTINGS
from domain.errors import Refusal
from infrastructure.credentials import Credentials
from infrastructure.documents.engines import DocumentEngines, Place, open_engines
from infrastructure.documents.indexes import Indexes, Status
from infrastructure.documents.keys import with_keys
from infrastructure.documents.trials import Trial
from infrastructure.documents.verifying import Verified, Verifying
from infrastructure.event_log import EventLog
from infrastructure.jobs import ask
from infrastructure.lines import Lines
from infrastructure.models.connections import NoConnections
from infrastructure.postgres import pool
from infrastructure.secrets import Vault, master_key
from infrastructure.settings import CannotStart, Settings
from interfaces.cli.running import with_database

LOOK_SECONDS = 1.0
STALLED_SECONDS_MAX = 60.0
SETTLING_SECONDS_MAX = 900.0  # when all is in, and the store makes itself quick to search
CODE_FAILED = 1
CODE_DIFFERENT = 3
CODE_GAVE_UP = 6
DIFFERENCES_SHOWN = 20
COLUMNS = ("state", "store", "files", "passages", "space", "dimension", "cutting", "error")


@dataclass(frozen=True, slots=True)
class House:
    """What is needed to look after the index."""

    log: EventLog
    lines: Lines
    credentials: Credentials
    engines: DocumentEngines
    indexes: Indexes


Action = Callable[[House, argparse.Namespace], Awaitable[int]]


def register(subparsers: Any) -> None:
    """Add the command and its parts."""
    parser = subparsers.add_parser("index", help="Look after the vector index.")
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    status = adding(parts, "status", "show the generations of the index", show)
    status.add_argument("--json", action="store_true", help="for programs")
    adding(parts, "rebuild", "make it anew, beside the present one", rebuild)
    adding(parts, "verify", "compare it with the passages there are", verify)
    switch = adding(parts, "switch", "put it into another store, while people ask", change)
    switch.add_argument("store", choices=get_args(StoreKind), metavar="STORE")
    switch.add_argument("--url", default="", help="where the store is")
    switch.add_argument("--key-stdin", action="store_true", help="read its key from the input")


def adding(parts: Any, name: str, text: str, action: Action) -> argparse.ArgumentParser:
    """One part."""
    parser: argparse.ArgumentParser = parts.add_parser(name, help=text)
    parser.set_defaults(run=run, action=action)
    return parser


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Carry out one part; a refusal is told in its own words."""
    with with_database(settings) as found:
        try:
            return asyncio.run(act(arguments, found))
        except (Refusal, Unavailable, Unfit) as error:
            raise CannotStart(str(error)) from None


async def act(arguments: argparse.Namespace, settings: Settings) -> int:
    """Open what is needed, and do it."""
    action: Action = arguments.action
    async with open_house(settings) as house:
        return await action(house, arguments)


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[House]:
    """The log, the index and its store."""
    key = master_key(settings)
    own = pool(settings.database_url, size_max=3, name="quire index")
    async with own, EventLog(settings.database_url, key, connections=own) as log:
        lines = Lines(own)
        credentials = Credentials(lines, Vault(key))
        place = Place(own, settings.data_folder)
        async with open_engines(place, log, credentials, NoConnections()) as engines:
            yield House(log, lines, credentials, engines, Indexes(lines))


async def show(house: House, arguments: argparse.Namespace) -> int:
    """Print all generations."""
    found = [row_of(each) for each in await house.indexes.all()]
    if arguments.json:
        say(json.dumps([dict(zip(COLUMNS, each, strict=True)) for each in found]))
    elif not found:
        say("There is no index yet. The first file that is read makes one.")
    else:
        rows = [COLUMNS, *found]
        widths = [max(len(row[place]) for row in rows) for place in range(len(COLUMNS))]
        for row in rows:
            say("  ".join(map(str.ljust, row, widths)).rstrip())
    return 0


def row_of(status: Status) -> tuple[str, ...]:
    """A generation as a row."""
    index = status.index
    files = f"{status.files_done:,} of {max(status.files_total, status.files_done):,}"
    numbers = (files, f"{status.passages:,}", index.space, str(index.dimension))
    return (index.state, index.store, *numbers, index.cutting, index.error or "")


async def rebuild(house: House, _: argparse.Namespace) -> int:
    """Ask for a new generation and watch it; it goes on when nobody watches."""
    known = await generations(house)
    await ask(house.lines, "rebuild", DOCUMENT_SETTINGS)
    return await watch(house, known)


async def verify(house: House, _: argparse.Namespace) -> int:
    """Compare the live generation with the passages it should have."""
    index = await house.indexes.live()
    if index is None:
        say("There is no index yet.")
        return 0
    found = Verified()
    store = await house.engines.store_of(index)
    comparing = asyncio.create_task(Verifying(house.lines, store, index).run(found))
    while not (await asyncio.wait([comparing], timeout=LOOK_SECONDS))[0]:
        say(f"{found.passages:,} passages and {found.vectors:,} vectors so far")
    await comparing
    say(f"{found.passages:,} passages, {found.vectors:,} vectors")
    for each in found.differences[:DIFFERENCES_SHOWN]:
        say(f"{each.kind}: passage {each.passage_id} of file {each.file_id}")
    if found.differences:
        return CODE_DIFFERENT
    say("No difference.")
    return 0


async def change(house: House, arguments: argparse.Namespace) -> int:
    """Choose another store, after a try, and watch the new generation."""
    values = {"store": {"kind": arguments.store, "url": arguments.url}}
    keys = {"store": sys.stdin.readline().rstrip("\r\n")} if arguments.key_stdin else {}
    tried = await Trial(house.engines, "store", values, keys).run()
    if not tried.ok:
        raise CannotStart(tried.detail)
    say(f"{tried.detail} is there.")
    before = await house.engines.settings(fresh=True)
    known = await generations(house)
    values = await with_keys(house.credentials, before, values, keys)
    await carry_out(ChangeDocumentSettings(values), log=house.log, actor=SYSTEM)
    live = await house.indexes.live()
    if live is None and not known:
        say("There is no index yet. It will be made there.")
        return 0
    after = await house.engines.settings(fresh=True)
    if (before.store.kind, before.store.url) == (after.store.kind, after.store.url):
        say("The index is there already.")
        return 0
    return await watch(house, known)


async def generations(house: House) -> set[UUID]:
    """Those that are there and not being filled."""
    return {each.index.id for each in await house.indexes.all() if each.index.state != "filling"}


async def watch(house: House, known: set[UUID]) -> int:
    """Show how a generation fills until it is live or has failed."""
    moved, reached, patience = time.monotonic(), -1, STALLED_SECONDS_MAX
    while time.monotonic() < moved + patience:
        for each in await house.indexes.all():
            index = each.index
            if index.id in known or index.state == "old":
                continue
            if index.state == "live":
                say(f"The index is in {index.store} now, with {each.passages:,} passages.")
                return 0
            if index.state == "failed":
                say(f"It cannot be made: {index.error}")
                return CODE_FAILED
            if each.passages != reached:
                moved, reached = time.monotonic(), each.passages
            if each.passages and each.files_done >= each.files_total:
                patience = SETTLING_SECONDS_MAX
            say(f"{each.files_done:,} of {each.files_total:,} files, {each.passages:,} passages")
        await asyncio.sleep(LOOK_SECONDS)
    say("Nothing moves. Is a worker running? It goes on when there is one.")
    return CODE_GAVE_UP


def say(text: str) -> None:
    """Tell whoever called."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
