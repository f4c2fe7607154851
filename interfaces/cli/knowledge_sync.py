"""`quire knowledge sync`: have a knowledge base hold what a folder holds."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

from application.command import Command, Work
from application.documents.media_types import media_type_of
from application.files import AddFile, Content, KeepFile, ReplaceFile
from application.knowledge import MakeDirectory, RemoveDirectory, RemoveFile
from application.knowledge_sync import Difference, Kept, Local, difference
from domain.files import File
from domain.knowledge import Knowledge
from infrastructure.blobs.content import hash_of
from infrastructure.settings import CannotStart
from interfaces.cli.folders import Folder, pieces_of, walked
from interfaces.cli.knowledge_house import House

SHOWN_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Wishes(Command[None]):
    """Several commands that are carried out together or not at all."""

    commands: Sequence[Command[None]]

    async def execute(self, work: Work) -> None:
        for each in self.commands:
            await each.execute(work)


@dataclass(slots=True)
class Progress:
    """A line that says how far the work is; only where somebody watches."""

    what: str
    total: int
    done: int = 0

    def step(self) -> None:
        """One more is done."""
        self.done += 1
        if sys.stderr.isatty():
            end = "\n" if self.done == self.total else ""
            sys.stderr.write(f"\r{self.what}: {self.done} of {self.total}{end}")
            sys.stderr.flush()


@dataclass(slots=True)
class Sync:
    """One run: a folder, a knowledge base, and what is done to it."""

    house: House
    knowledge: Knowledge
    folder: Folder
    remove: bool
    directories: dict[str, UUID] = field(default_factory=dict)

    async def compare(self) -> Difference:
        """What would have to be done."""
        tree = await self.house.tree(self.knowledge)
        self.directories = {"/".join(path): key for key, path in tree.directories.items()}
        kept = [Kept("/".join(each.path), each.id, each.sha256) for each in tree.files]
        return difference(await self.local(), kept, self.directories)

    async def local(self) -> dict[str, Local]:
        """The files of the folder with their hashes."""
        found: dict[str, Local] = {}
        progress = Progress("Looking at files", len(self.folder.files))
        for name, path in self.folder.files.items():
            try:
                sha256, size = await asyncio.to_thread(hash_of, path)
                found[name] = Local(name, sha256, size)
            except OSError as error:
                self.folder.leave_out(path, error.strerror or "It cannot be read.")
            progress.step()
        return found

    async def apply(self, found: Difference) -> None:
        """Do it. Each step is whole by itself, so that a later run goes on after any of them."""
        for path in found.directories_added:
            await self.make(path)
        progress = Progress("Sending files", len(found.added) + len(found.changed))
        for each in found.added:
            await self.send(each.path, None)
            progress.step()
        for each, kept in found.changed:
            await self.send(each.path, kept)
            progress.step()
        if self.remove:
            await self.clear(found)

    async def make(self, path: str) -> None:
        """Make a directory in one that is there."""
        above, _, name = path.rpartition("/")
        key = uuid4()
        parent_id = self.directories.get(above)
        await self.house.execute(MakeDirectory(self.knowledge.id, key, name, parent_id))
        self.directories[path] = key

    async def send(self, name: str, kept: Kept | None) -> None:
        """Put a file in, or in place of the one that is there."""
        above, _, last = name.rpartition("/")
        path = self.folder.files[name]
        async with self.house.files.scratch.file() as draft:
            try:
                await draft.write_all(pieces_of(path))
            except OSError as error:
                self.folder.leave_out(path, error.strerror or "It cannot be read.")
                return
            content = Content(last, media_type_of(last), draft.size, draft.sha256)
            keep, more = await self.wish(content, kept)
            await self.house.files.keep(draft.path, content, keep.file_id)
        placed = KeepFile(keep, self.knowledge.id, self.directories.get(above))
        await self.house.execute(Wishes([placed, *more]))

    async def wish(
        self, content: Content, kept: Kept | None
    ) -> tuple[AddFile | ReplaceFile, list[Command[None]]]:
        """How a file comes in; one of somebody else makes room for a new one."""
        if kept is None:
            return AddFile(uuid4(), content), []
        if (await self.house.log.get(File, kept.file_id)).owner == self.house.user.id:
            return ReplaceFile(kept.file_id, content), []
        return AddFile(uuid4(), content), [RemoveFile(self.knowledge.id, kept.file_id)]

    async def clear(self, found: Difference) -> None:
        """Take out what the folder does not have; the files stay with their owners."""
        progress = Progress("Taking out", len(found.removed) + len(found.directories_removed))
        for each in found.removed:
            await self.house.execute(RemoveFile(self.knowledge.id, each.file_id))
            progress.step()
        for _, key in found.directories_removed:
            await self.house.execute(RemoveDirectory(self.knowledge.id, key))
            progress.step()


async def sync(house: House, path: Path, name: str, *, yes: bool, remove: bool) -> None:
    """Show what differs, ask, and do it."""
    knowledge = await house.knowledge(name)
    folder = await asyncio.to_thread(walked, path, await house.limits())
    work = Sync(house, knowledge, folder, remove)
    found = await work.compare()
    steps = show(found, folder, remove=remove)
    if not steps:
        say("Nothing is to be done.")
        return
    if not yes and not confirmed():
        say("Nothing was changed.")
        return
    known = len(folder.left_out)
    await work.apply(found)
    for each, why in folder.left_out[known:]:
        say(f"! {each}: {why}")
    say(f"{knowledge.name} is up to date. What is new can be found when it has been read.")


def show(found: Difference, folder: Folder, *, remove: bool) -> int:
    """Tell what differs; return how much of it is to be done."""
    gone = [path for path, _ in found.directories_removed]
    lines = [f"+ {each}/" for each in found.directories_added]
    lines += [f"+ {each.path}" for each in found.added]
    lines += [f"~ {each.path}" for each, _ in found.changed]
    steps = len(lines)
    removals = [f"- {each.path}" for each in found.removed] + [f"- {each}/" for each in gone]
    if remove:
        lines += removals
        steps += len(removals)
    for line in lines[:SHOWN_MAX]:
        say(line)
    if len(lines) > SHOWN_MAX:
        say(f"... and {len(lines) - SHOWN_MAX} more")
    for each, why in folder.left_out[:SHOWN_MAX]:
        say(f"! {each}: {why}")
    say(
        f"{len(found.added)} new, {len(found.changed)} changed, {len(found.unchanged)} the same, "
        f"{len(folder.left_out)} left out, {len(found.removed)} not in the folder"
        + (", which stay without --remove." if removals and not remove else ".")
    )
    return steps


def confirmed() -> bool:
    """Whether the person at the terminal agrees."""
    if not sys.stdin.isatty():
        raise CannotStart("Nobody is there to be asked. Add --yes to go on without.")
    return input("Go on? [y/N] ").strip().lower() in ("y", "yes")


def say(line: str) -> None:
    """Show a line; names of files may hold anything, terminals should not get it."""
    print("".join(each if each.isprintable() else "?" for each in line))  # noqa: T201 (a terminal)
