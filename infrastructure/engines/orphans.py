"""What a killed engine leaves behind: processes without a parent, and marks of dead ones."""

import contextlib
import os
import signal
from pathlib import Path

PROC = Path("/proc")


def working_in(folder: Path, program: str) -> list[int]:
    """Processes of a program that work in a folder; nobody else's are ever meant."""
    found = []
    for each in PROC.glob("[0-9]*"):
        try:
            inside = (each / "cwd").readlink() == folder
            if inside and (each / "exe").readlink().name.split(" ")[0] == program:
                found.append(int(each.name))
        except OSError:
            continue  # gone meanwhile, or not ours to look at
    return found


def evict(folder: Path, program: str) -> None:
    """End what an earlier engine left in a folder. Only for whoever holds the data folder."""
    for pid in working_in(folder, program):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def forget_reused_pid(folder: Path) -> None:
    """Remove PostgreSQL's mark of a dead server whose number some other process has now.

    PostgreSQL would take that process for a server of its own and refuse to start. Only for
    whoever holds the engine's lock: nothing that PostgreSQL forked can be alive then.
    """
    mark = folder / "postmaster.pid"
    try:
        pid = int(mark.read_text(encoding="utf-8").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    if (PROC / str(pid)).exists() and pid not in working_in(folder, "postgres"):
        mark.unlink()
