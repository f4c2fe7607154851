"""`quire db`: the database by hand. It works beside `quire serve`, and without it."""

import argparse
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from infrastructure.engines.postgres import find_bin
from infrastructure.settings import CannotStart, Settings
from interfaces.cli.running import with_database

HAS_LOG = "select count(*) from pg_namespace where nspname = 'log'"


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `quire db`."""
    text = "Open, dump or load the database."
    parser = subparsers.add_parser("db", help=text, description=text)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    shell = actions.add_parser("psql", help="open a SQL shell; what follows goes to psql")
    shell.set_defaults(run=psql, rest=[])
    out = actions.add_parser("dump", help="write everything in the database to a file")
    out.add_argument("file", type=Path)
    out.set_defaults(run=dump)
    into = actions.add_parser("load", help="read such a file into an empty database")
    into.add_argument("file", type=Path)
    into.set_defaults(run=load)


def psql(arguments: argparse.Namespace, settings: Settings) -> int:
    """Open a SQL shell on the installation's database."""
    with with_database(settings) as found:
        # The system's psql knows line editing; any version will do.
        program = shutil.which("psql") or find_program("psql", settings)
        return call([program, found.database_url, *arguments.rest])


def dump(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write the database to a file, whole or not at all."""
    draft = arguments.file.with_name(f"{arguments.file.name}.part")
    with with_database(settings) as found:
        program = find_program("pg_dump", settings)
        code = call([program, "--format=custom", f"--file={draft}", found.database_url])
    if code == 0:
        draft.replace(arguments.file)
        print(f"Written: {arguments.file}. Keep secret.key with it.")  # noqa: T201
    return code


def load(arguments: argparse.Namespace, settings: Settings) -> int:
    """Read a dump into an empty database; what is there already is never touched."""
    if not arguments.file.is_file():
        raise CannotStart(f"There is no file {arguments.file}.")
    with with_database(settings) as found:
        if has_log(found.database_url, settings):
            raise CannotStart(
                "This database holds a log already. Stop Quire and load into a new data folder: "
                "quire --data DIR db load FILE"
            )
        program = find_program("pg_restore", settings)
        words = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"]
        return call([program, *words, f"--dbname={found.database_url}", str(arguments.file)])


def has_log(url: str, settings: Settings) -> bool:
    """Whether somebody uses this database."""
    told = subprocess.run(  # noqa: S603
        [find_program("psql", settings), url, "-XAtc", HAS_LOG],
        check=True,
        capture_output=True,
        text=True,
    )
    return told.stdout.strip() != "0"


def find_program(name: str, settings: Settings) -> str:
    """One of PostgreSQL's own programs: of the embedded server's version where there is one."""
    embedded = find_bin(settings.postgres_bin, None, settings.data_folder) / name
    if embedded.exists():
        return str(embedded)
    found = shutil.which(name)
    if found is None:
        raise CannotStart(f"{name} was not found. Install PostgreSQL's client programs.")
    return found


def call(words: list[str]) -> int:
    """Run a program in our terminal; Ctrl-C is its business."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        sys.stdout.flush()
        return subprocess.run(words, check=False, preexec_fn=_interruptible).returncode  # noqa: S603
    finally:
        signal.signal(signal.SIGINT, before)


def _interruptible() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
