"""The `quire` command. Each subcommand is a module that is only loaded when it is called."""

import argparse
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from infrastructure.settings import CannotStart, Settings

CODE_CANNOT_START = 2
CODE_INTERRUPTED = 130

# Roles: their module has `run(settings) -> int`.
ROLES = {
    "web": "Serve the HTTP interface and the web UI (one process).",
    "worker": "Write answers and do other jobs (one process).",
    "projector": "Move read models and policies along the log (one process).",
    "migrate": "Check the engines and bring the database up to date.",
}
# The others: their module has `register(subparsers)`, which adds the parser and sets
# `run=function(arguments, settings) -> int` as a default of it. With a default `rest`, it gets
# the words there that no parser knows.
COMMANDS = {
    "serve": "Run everything on this machine, with embedded engines where none are named.",
    "db": "Open, dump or load the database.",
    "users": "List and change people's accounts.",
    "knowledge": "Fill knowledge bases from folders, and take them out.",
    "files": "Bring files in and look after them.",
    "drives": "Show and unlink the drives that people have linked.",
    "index": "Look after the vector index.",
    "export": "Write judgements to files, for training and evaluation.",
    "projections": "Look at read models and rebuild them.",
    "import": "Take over judgements from elsewhere.",
    "evaluation": "Look after battles, votes and judges.",
    "leaderboard": "Show, publish and verify tables of models.",
    "sinks": "Have others told what people think of answers.",
    "analytics": "Show what models were asked, and by whom.",
}

# Where a module cannot have the name of its command.
MODULES = {"import": "importing"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; what cannot start says why in plain words."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return run(words)
    except CannotStart as refusal:
        print(f"quire: {refusal}", file=sys.stderr)  # noqa: T201 (what a terminal shows)
        return CODE_CANNOT_START
    except KeyboardInterrupt:
        return CODE_INTERRUPTED


def run(words: Sequence[str]) -> int:
    """Parse and carry out."""
    parser = build(words)
    arguments, rest = parser.parse_known_args(words)
    if rest and not hasattr(arguments, "rest"):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    arguments.rest = rest
    settings = Settings.from_env(os.environ, **chosen(arguments))
    if arguments.command in ROLES:
        module = load_for_long(f"interfaces.cli.{arguments.command}")
        return int(module.run(with_running_engines(settings)))
    return int(arguments.run(arguments, settings))


def load_for_long(name: str) -> ModuleType:
    """Import what a process needs for all its life, and never look through that for garbage.

    It is some hundred thousand objects: looking at them costs a sixth of the start, and pauses of
    tens of milliseconds later on.
    """
    gc.disable()
    module = importlib.import_module(name)
    gc.freeze()
    gc.enable()
    return module


def build(words: Sequence[str]) -> argparse.ArgumentParser:
    """The parser; only the command that is meant has its own options loaded."""
    parser = argparse.ArgumentParser(
        prog="quire", description="A self-hosted AI chat platform that never loses a word."
    )
    parser.add_argument("--version", action="version", version=f"quire {version('quire')}")
    parser.add_argument("--data", type=Path, help="the data folder (QUIRE_DATA)")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, text in ROLES.items():
        subparsers.add_parser(name, help=text, description=text)
    for name, text in COMMANDS.items():
        if name in words:
            module = MODULES.get(name, name)
            importlib.import_module(f"interfaces.cli.{module}").register(subparsers)
        if name not in subparsers.choices:
            subparsers.add_parser(name, help=text)
    return parser


def chosen(arguments: argparse.Namespace) -> dict[str, Any]:
    """Settings that were given as options."""
    names = ("data", "host", "port")
    given = {name: getattr(arguments, name, None) for name in names}
    return {name: value for name, value in given.items() if value is not None}


def with_running_engines(settings: Settings) -> Settings:
    """The same settings with the addresses of this data folder's running engines filled in."""
    from interfaces.cli.running import filled, is_complete  # noqa: PLC0415 (only for roles)

    complete = filled(settings)
    if not is_complete(complete):
        raise CannotStart(
            "No engines: `quire serve` is not running here. Set QUIRE_DATABASE_URL and "
            "QUIRE_REDIS_URL, or start everything with `quire serve`."
        )
    return complete


if __name__ == "__main__":
    sys.exit(main())
