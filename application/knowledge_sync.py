"""How a folder elsewhere differs from a knowledge base. Nothing is changed here."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from domain.errors import Invalid
from domain.files import DEVICE, checked_name
from domain.knowledge import DEPTH_MAX, checked_directory_name

PATH_CHARACTERS_MAX = 4_000
DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Local:
    """A file of the folder; the path is relative to it, with slashes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of the knowledge base."""

    path: str
    file_id: UUID
    sha256: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What would have to be done for the knowledge base to hold what the folder holds.

    Directories are in the order in which they can be made, or removed.
    """

    added: tuple[Local, ...]
    changed: tuple[tuple[Local, Kept], ...]
    removed: tuple[Kept, ...]
    unchanged: tuple[Kept, ...]
    directories_added: tuple[str, ...]
    directories_removed: tuple[tuple[str, UUID], ...]


def checked_path(path: str) -> str:
    """A relative path as a knowledge base would have it; refused when it may lead elsewhere."""
    if not path or len(path) > PATH_CHARACTERS_MAX:
        raise Invalid(f"A path has 1 to {PATH_CHARACTERS_MAX} characters.")
    if path.startswith("/") or DRIVE.match(path):
        raise Invalid("A path is relative to the folder.")
    if "\\" in path:
        raise Invalid("A path has slashes and no backslashes.")
    *directories, name = path.split("/")
    if len(directories) > DEPTH_MAX:
        raise Invalid(f"Directories lie at most {DEPTH_MAX} deep.")
    for part in (*directories, name):
        if part in ("", ".", ".."):
            raise Invalid("A path has no empty parts, no `.` and no `..`.")
        if DEVICE.fullmatch(part.partition(".")[0].rstrip()):
            raise Invalid("A path has no names of devices, such as con or lpt1.")
    checked = [checked_directory_name(each) for each in directories]
    checked_directory_name(name)
    return "/".join([*checked, checked_name(name)])


def checked(entries: Iterable[Local]) -> dict[str, Local]:
    """Files by their paths as a knowledge base would have them."""
    found: dict[str, Local] = {}
    for each in entries:
        path = checked_path(each.path)
        if path in found:
            raise Invalid("Two entries have the same path.")
        found[path] = Local(path, each.sha256, each.size)
    return found


def difference(
    local: Mapping[str, Local], kept: Iterable[Kept], directories: Mapping[str, UUID]
) -> Difference:
    """Compare the files of a folder, by path, with all that is in a knowledge base.

    Of several files at one path, the one with the same bytes counts, else the oldest.
    """
    at: dict[str, list[Kept]] = {}
    for each in kept:
        at.setdefault(each.path, []).append(each)
    same: list[Kept] = []
    changed: list[tuple[Local, Kept]] = []
    for path, wanted in local.items():
        candidates = at.get(path, [])
        equal = next((each for each in candidates if each.sha256 == wanted.sha256), None)
        if equal:
            same.append(equal)
        elif candidates:
            changed.append((wanted, candidates[0]))
    stays = {each.file_id for each in same} | {each.file_id for _, each in changed}
    needed = {above for path in local for above in parents(path)}
    gone = set(directories) - needed
    return Difference(
        added=tuple(each for path, each in local.items() if path not in at),
        changed=tuple(changed),
        removed=tuple(each for those in at.values() for each in those if each.file_id not in stays),
        unchanged=tuple(same),
        directories_added=tuple(sorted(needed - set(directories))),
        directories_removed=tuple((path, directories[path]) for path in sorted(gone, reverse=True)),
    )


def parents(path: str) -> Iterator[str]:
    """The directories a path leads through, from the top."""
    end = path.find("/")
    while end >= 0:
        yield path[:end]
        end = path.find("/", end + 1)
