"""`quire sinks`: who outside is told of evaluations."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from application.command import Command, carry_out
from application.ports import SYSTEM, Unavailable
from application.sinks import AddSink, RemoveSink, ReplaySink, Secrets
from domain.errors import Refusal
from domain.sinks import Sink
from infrastructure.credentials import Credentials
from infrastructure.event_log import EventLog
from infrastructure.lines import Lines
from infrastructure.postgres import pool
from infrastructure.pushing.cursors import forget, states_of
from infrastructure.pushing.hosts import hooks_client
from infrastructure.pushing.sending import Kept, Place, keep, kept_of, origin_of
from infrastructure.pushing.setting_up import checked_headers, secret_for, tried
from infrastructure.secrets import Vault, master_key
from infrastructure.settings import CannotStart, Settings
from interfaces.cli.running import with_database

CODE_UNTOLD = 3
CONNECTIONS_MAX = 3
PAGE = 500


@dataclass(frozen=True, slots=True)
class House:
    """The log is asked, not the read models: so it works also while nothing else runs."""

    settings: Settings
    log: EventLog
    lines: Lines
    credentials: Credentials

    async def execute(self, command: Command[Any]) -> None:
        """Carry out a command in the name of whoever runs the house."""
        await carry_out(command, log=self.log, actor=SYSTEM)

    async def sinks(self) -> Sequence[Sink]:
        """All sinks, oldest first."""
        added = await self.log.read(0, PAGE, types=["sink.added"])
        found = [await self.log.get(Sink, each.stream_id) for each in added]
        return [each for each in found if not each.removed]

    async def sink(self, name: str) -> Sink:
        """The sink of a name, or of an id."""
        found = [each for each in await self.sinks() if name in (each.name, str(each.id))]
        if len(found) != 1:
            raise CannotStart(f"{len(found)} sinks are called {name}. `quire sinks list` has ids.")
        return found[0]


def register(subparsers: Any) -> None:
    """Add `quire sinks`."""
    parser = subparsers.add_parser("sinks", help="Who outside is told of evaluations.")
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    parts.add_parser("list", help="all of them, and how they do").set_defaults(act=show)
    add = parts.add_parser("add", help="have somebody told")
    add.add_argument("kind", choices=("webhook", "otlp"))
    add.add_argument("name")
    add.add_argument("url")
    add.add_argument("--votes", action="store_true", help="votes too, once models are named")
    add.add_argument("--from", dest="start", type=int, help="a position; else from now on")
    add.add_argument("--header", action="append", default=[], metavar="NAME=VALUE")
    add.set_defaults(act=add_sink)
    texts = {"test": "send a test", "replay": "tell it again", "remove": "tell it nothing more"}
    acts = {"test": test, "replay": replay, "remove": remove}
    for name, text in texts.items():
        part = parts.add_parser(name, help=text)
        part.add_argument("sink", help="its name or id")
        part.set_defaults(act=acts[name])
        if name == "replay":
            part.add_argument("--from", dest="start", type=int, required=True, metavar="POSITION")
    for each in parts.choices.values():
        each.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Carry out one part."""
    try:
        with with_database(settings) as found:
            return asyncio.run(act(arguments, found))
    except (Refusal, Unavailable) as error:
        raise CannotStart(str(error)) from None


async def act(arguments: argparse.Namespace, settings: Settings) -> int:
    """Open what is needed, and do it."""
    key = master_key(settings)
    url = settings.database_url
    async with (
        pool(url, size_max=CONNECTIONS_MAX, name="quire sinks") as connections,
        EventLog(url, key, connections=connections) as log,
    ):
        lines = Lines(connections)
        house = House(settings, log, lines, Credentials(lines, Vault(key)))
        code: int = await arguments.act(house, arguments)
        return code


async def show(house: House, _: argparse.Namespace) -> int:
    """All of them, and how they do."""
    sinks = await house.sinks()
    states = await states_of(house.lines, [each.id for each in sinks])
    head = await house.log.head()
    for each in sinks:
        state = states.get(each.id)
        position = state.position if state else each.from_position
        how = f"paused: {each.paused}" if each.paused else (state and state.error) or "well"
        say(f"{each.id}  {each.kind}  {each.name}  {each.url}  at {position} of {head}  {how}")
    return 0


async def add_sink(house: House, arguments: argparse.Namespace) -> int:
    """Have somebody told; the secret of a webhook is shown this once."""
    async with hooks_client(house.settings) as client:
        client.checked(arguments.url)
    headers = checked_headers(dict(each.partition("=")[::2] for each in arguments.header))
    kept = Kept(secret_for(arguments.kind, None), headers, origin_of(arguments.url))
    head = await house.log.head()
    start = head if arguments.start is None else max(0, min(arguments.start, head))
    sink_id = uuid4()
    wish = AddSink(
        sink_id,
        arguments.kind,
        arguments.name,
        arguments.url,
        votes=arguments.votes,
        from_position=start,
        secrets=Secrets(bool(kept.secret), tuple(kept.headers)),
    )
    await keep(house.credentials, sink_id, kept)
    await house.execute(wish)
    say(str(sink_id))
    if kept.secret:
        say(kept.secret)
    return 0


async def test(house: House, arguments: argparse.Namespace) -> int:
    """Send a test now."""
    sink = await house.sink(arguments.sink)
    kept = await kept_of(house.credentials, sink.id)
    async with hooks_client(house.settings) as client:
        found = await tried(client, Place(sink.id, sink.kind, sink.url), kept)
    say(found.error or f"It arrived, in {found.milliseconds} ms.")
    return CODE_UNTOLD if found.error else 0


async def replay(house: House, arguments: argparse.Namespace) -> int:
    """Tell everything after a position once more."""
    sink = await house.sink(arguments.sink)
    start = max(0, min(arguments.start, await house.log.head()))
    await house.execute(ReplaySink(sink.id, start))
    say(f"{sink.name} is told again what comes after {start}.")
    return 0


async def remove(house: House, arguments: argparse.Namespace) -> int:
    """Tell it nothing more."""
    sink_id: UUID = (await house.sink(arguments.sink)).id
    await house.execute(RemoveSink(sink_id))
    await keep(house.credentials, sink_id, Kept())
    await forget(house.lines, sink_id)
    return 0


def say(text: str) -> None:
    """Tell whoever called."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
