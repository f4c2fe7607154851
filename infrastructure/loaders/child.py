"""Reads one file in a process of its own: `python -m infrastructure.loaders.child`.

The wish comes as a line of JSON at standard input, which stays open as long as somebody waits. The
answer goes to standard output: a line of JSON, then the text.
"""

import fcntl
import json
import os
import resource
import signal
from pathlib import Path
from typing import Any

from infrastructure.loaders.base import Limits, Reading, Source, Unreadable
from infrastructure.loaders.reading import text_of

FILES_MAX = 64
ANSWER_BYTES_MAX = 1_000_000  # the line before the text, and compiled modules
PATIENCE = 10


def main() -> None:
    """Take the wish, read, answer, and go without tidying up."""
    wish = take()
    output = os.dup(1)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)  # what libraries print is no answer
    limits = Limits(**wish["limits"])
    follow_the_reader()
    restrict(limits)
    head, text = answer(wish, limits)
    with open(output, "wb", closefd=False) as file:  # our own descriptor
        file.write(json.dumps({**head, "bytes": len(text)}).encode() + b"\n" + text)
    os._exit(0)


def take() -> dict[str, Any]:
    """The wish, byte by byte up to its end: the pipe stays open."""
    line = bytearray()
    while piece := os.read(0, 65_536):
        line += piece
        if piece.endswith(b"\n"):
            break
    wish: dict[str, Any] = json.loads(line)
    return wish


def follow_the_reader() -> None:
    """Die with all our children when who waits for us closes the pipe or is killed."""
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(0, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(0, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)


def restrict(limits: Limits) -> None:
    """Take less of everything than the machine would give."""
    seconds = int(limits.seconds_max) + 1
    written = limits.text_bytes_max + ANSWER_BYTES_MAX
    for what, most in (
        (resource.RLIMIT_AS, limits.memory_bytes_max),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, written),
        (resource.RLIMIT_NOFILE, FILES_MAX),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (value, value))
    os.nice(PATIENCE)


def answer(wish: dict[str, Any], limits: Limits) -> tuple[dict[str, Any], bytes]:
    """What became of the wish; anything unforeseen ends the process, which also tells."""
    reading = Reading(limits, wish["tesseract"], wish["languages"])
    source = Source(wish["name"], Path(wish["path"]), reading, media_type=wish["media_type"])
    try:
        found = text_of(source, wish["kind"])
    except Unreadable as refusal:
        return {"kind": refusal.kind, "message": refusal.message}, b""
    except MemoryError:
        return {"kind": "memory", "message": ""}, b""
    head = {"title": found.title, "pages": found.pages, "loader": found.loader}
    return head, found.text.encode()


if __name__ == "__main__":
    main()
