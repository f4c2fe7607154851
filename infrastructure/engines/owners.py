"""Whom the engines run as: ourselves, or as root somebody without any rights."""

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from infrastructure.settings import PREFIX, CannotStart


@dataclass(frozen=True, slots=True)
class Owner:
    """An unprivileged user that exists already; none is ever created."""

    name: str
    uid: int
    gid: int


def find_owner(name: str) -> Owner | None:
    """Whom to become when started by root; None: stay who we are."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise CannotStart(
            f"There is no user {name!r} to run the embedded engines as (PostgreSQL refuses to "
            f"run as root). Name one with {PREFIX}ENGINE_USER, or start Quire as another user."
        ) from None
    if entry.pw_uid == 0:
        raise CannotStart(f"{PREFIX}ENGINE_USER must not be root: PostgreSQL refuses to run so.")
    return Owner(name, entry.pw_uid, entry.pw_gid)


def make_folder(path: Path, owner: Owner | None) -> Path:
    """A folder only its owner can look into."""
    path.mkdir(mode=0o700, exist_ok=True)
    if owner is not None and path.stat().st_uid != owner.uid:
        os.chown(path, owner.uid, owner.gid)
    path.chmod(0o700)
    return path


def may_pass(path: Path, owner: Owner) -> Path | None:
    """The first folder on the way to a path that the owner cannot walk through, if any."""
    for folder in [*reversed(path.parents), path]:
        if not folder.is_dir():
            continue
        status = folder.stat()
        bit = 0o001
        if status.st_uid == owner.uid:
            bit = 0o100
        elif status.st_gid == owner.gid:
            bit = 0o010
        if not status.st_mode & bit:
            return folder
    return None


def check_way(data: Path, owner: Owner) -> None:
    """Refuse a data folder the engines cannot reach. What lies above it is not ours to open."""
    closed = may_pass(data, owner)
    if closed is not None:
        raise CannotStart(
            f"The embedded engines run as {owner.name!r}, which cannot walk through {closed} to "
            f"{data}.\nChoose another folder with --data or {PREFIX}DATA (default /var/lib/quire), "
            f"or allow walking through it: chmod o+x {closed}"
        )


def reachable(package: Path, also: tuple[str, ...], owner: Owner | None, store: Path) -> Path:
    """A package's folder, or a copy of it where the owner may run what is inside.

    An environment below /root is closed to everybody else.
    """
    if owner is None or may_pass(package, owner) is None:
        return package
    if not (store / package.name).exists():
        draft = store.with_name(f"{store.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True, mode=0o755)
        for name in (package.name, *also):
            if (package.parent / name).exists():
                shutil.copytree(package.parent / name, draft / name)
        draft.parent.chmod(0o755)
        shutil.rmtree(store, ignore_errors=True)
        draft.rename(store)
    return store / package.name
