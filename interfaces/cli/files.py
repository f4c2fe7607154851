"""`quire files`: bring files in, look how far they are, try again what failed."""

import argparse
import asyncio
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from application.documents.media_types import media_type_of
from application.documents.settings import Limits
from application.files import AddFile, Content, RetryFile, check_limits
from application.ports import Stale, Unavailable
from domain.errors import Invalid, Refusal
from domain.files import File, State, checked_name
from infrastructure.settings import CannotStart, Settings
from interfaces.cli.folders import pieces_of, walked
from interfaces.cli.knowledge_house import House, open_house
from interfaces.cli.knowledge_sync import say
from interfaces.cli.running import with_database

PAGE = 500

Action = Callable[[House, argparse.Namespace], Awaitable[None]]


def register(subparsers: Any) -> None:
    """Add the command and its parts."""
    parser = subparsers.add_parser("files", help="Bring files in and look after them.")
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    add = adding(parts, "add", "bring in files, and all that is in folders", bring)
    add.add_argument("path", type=Path, nargs="+", metavar="PATH")
    adding(parts, "list", "show all files and how far they are", show)
    retry = adding(parts, "retry", "read or index again what failed", again)
    which = retry.add_mutually_exclusive_group(required=True)
    which.add_argument("id", type=UUID, nargs="?", metavar="ID", help="one file")
    which.add_argument("--failed", action="store_true", help="all files that failed")


def adding(parts: Any, name: str, text: str, action: Action) -> argparse.ArgumentParser:
    """One part, for whoever it is done."""
    parser: argparse.ArgumentParser = parts.add_parser(name, help=text)
    parser.add_argument(
        "--as", dest="email", metavar="EMAIL", help="for whom; the first administrator if left out"
    )
    parser.set_defaults(run=run, action=action)
    return parser


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Carry out one part; a refusal is told in its own words."""
    with with_database(settings) as found:
        try:
            asyncio.run(act(arguments, found))
        except (Refusal, Unavailable) as error:
            raise CannotStart(str(error)) from None
        except Stale:
            raise CannotStart("Others changed it at the same time. Run it again.") from None
    return 0


async def act(arguments: argparse.Namespace, settings: Settings) -> None:
    """Open what is needed, and do it."""
    action: Action = arguments.action
    async with open_house(settings, arguments.email) as house:
        await action(house, arguments)


async def bring(house: House, arguments: argparse.Namespace) -> None:
    """Bring in files; what is there already is not brought twice, what cannot come is named."""
    known = {each.sha256: each async for each in own_files(house)}
    limits = await house.limits()
    refused = 0
    for path in chosen(arguments.path, limits):
        try:
            say(await brought(house, path, known, limits))
        except (Refusal, OSError) as error:
            refused += 1
            why = error.strerror if isinstance(error, OSError) else str(error)
            say(f"! {path}: {why or 'It cannot be read.'}")
    if refused:
        raise CannotStart(f"{refused} files were left out.")


def chosen(paths: list[Path], limits: Limits) -> Iterator[Path]:
    """The files that are meant: those named, and those in folders."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        folder = walked(path, limits)
        yield from folder.files.values()
        for name, why in folder.left_out:
            say(f"! {path / name}: {why}")


async def brought(house: House, path: Path, known: dict[str, File], limits: Limits) -> str:
    """Keep one file; a line that says what became of it."""
    name = taken(path, limits)
    async with house.files.scratch.file() as draft:
        await draft.write_all(pieces_of(path))
        if same := known.get(draft.sha256):
            return f"= {path}: it is here already, as {same.id}  {same.name}"
        content = Content(name, media_type_of(name), draft.size, draft.sha256)
        file_id = uuid4()
        await house.files.keep(draft.path, content, file_id)
    await house.execute(AddFile(file_id, content))
    known[content.sha256] = await house.log.get(File, file_id)
    return f"+ {file_id}  {name}"


def taken(path: Path, limits: Limits) -> str:
    """The name of a file as it is kept; refused when it is no file, or none that is wanted."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise Invalid("It is no file.")
    name = checked_name(path.name)
    check_limits(limits, name, found.st_size)
    return name


async def show(house: House, _: argparse.Namespace) -> None:
    """List the files of the person, oldest first, with what stands in the way."""
    async for each in own_files(house):
        why = await reason(house, each)
        say(f"{each.id}  {each.state.value:<8} {each.size:>12}  {each.name}{why}")


async def reason(house: House, file: File) -> str:
    """Why a file failed, if it did."""
    if file.state != State.FAILED:
        return ""
    events = await house.log.history(file.id)
    failed = [each for each in events if isinstance(each, File.Failed)]
    return f"  ({failed[-1].stage}: {failed[-1].message})"


async def again(house: House, arguments: argparse.Namespace) -> None:
    """Try again one file, or all that failed."""
    wanted = [arguments.id] if arguments.id else []
    if arguments.failed:
        wanted = [each.id async for each in own_files(house) if each.state == State.FAILED]
    for file_id in wanted:
        await house.execute(RetryFile(file_id))
    say(f"{len(wanted)} files are tried again.")


async def own_files(house: House) -> AsyncIterator[File]:
    """All files of the person out of the trash, from the log itself."""
    position = 0
    owner = house.user.id
    while page := await house.log.read(position, PAGE, types=["file.added"], owner=owner):
        position = page[-1].position
        for each in page:
            file = await house.log.get(File, each.stream_id)
            if not file.is_closed:
                yield file
