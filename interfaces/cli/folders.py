"""Folders of this machine as one reads them into a knowledge base."""

import os
import stat
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from application.documents.settings import Limits
from application.files import check_limits
from application.knowledge_sync import checked_path
from domain.errors import Invalid, TooLarge
from infrastructure.blobs.store import PIECE_BYTES
from infrastructure.settings import CannotStart


@dataclass(slots=True)
class Folder:
    """What is in a folder, by the paths a knowledge base would have; and what was left out."""

    root: Path
    files: dict[str, Path] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)

    def leave_out(self, path: Path, why: str) -> None:
        """Note that something is not taken."""
        self.left_out.append((str(path.relative_to(self.root)), why))


def walked(root: Path, limits: Limits) -> Folder:
    """Look at all that is in a folder; hidden things are passed over."""
    if not root.is_dir():
        raise CannotStart(f"There is no folder {root}.")
    root = root.resolve()
    folder = Folder(root)
    for path in paths_below(folder, root):
        try:
            take(folder, path, limits)
        except (Invalid, TooLarge) as refusal:
            folder.leave_out(path, str(refusal))
        except OSError as error:
            folder.leave_out(path, error.strerror or "It cannot be read.")
    return folder


def paths_below(folder: Folder, root: Path) -> Iterator[Path]:
    """Everything that is no directory, in order; links to directories are not followed."""

    def unreadable(error: OSError) -> None:
        folder.leave_out(Path(error.filename), error.strerror or "It cannot be read.")

    for above, directories, names in os.walk(root, onerror=unreadable):
        visible = [each for each in sorted(directories) if not each.startswith(".")]
        directories[:] = [each for each in visible if not (Path(above) / each).is_symlink()]
        for each in visible:
            if each not in directories:
                folder.leave_out(Path(above) / each, "Links to directories are not followed.")
        yield from (Path(above) / each for each in sorted(names) if not each.startswith("."))


def take(folder: Folder, path: Path, limits: Limits) -> None:
    """Take a file into the list, or refuse it."""
    target = path.resolve(strict=True)
    if not target.is_relative_to(folder.root):
        raise Invalid("It is a link out of the folder.")
    found = target.stat()
    if not stat.S_ISREG(found.st_mode):
        raise Invalid("It is no file.")
    checked = checked_path(path.relative_to(folder.root).as_posix())
    check_limits(limits, checked.rpartition("/")[2], found.st_size)
    if checked in folder.files:
        raise Invalid("Another file has this path.")
    folder.files[checked] = path


async def pieces_of(path: Path) -> AsyncGenerator[bytes, None]:
    """A file, piece by piece."""
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece
