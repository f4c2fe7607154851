"""Reads one file in a process of its own, which is killed with all it started when it is late."""

import asyncio
import json
import logging
import os
import re
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from infrastructure.loaders.base import Extracted, Limits, Unreadable

ROOT = Path(__file__).parents[2]
NAME_CHARS_MAX = 1_000
WORDS_BYTES = 2_000
COMMAND = (sys.executable, "-s", "-P", "-X", "utf8", "-m", "infrastructure.loaders.child")
ENVIRONMENT = {
    "PATH": os.defpath,
    "PYTHONPATH": str(ROOT),
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "1",
    "OMP_THREAD_LIMIT": "1",
}
NEEDS_MEMORY = re.compile(rb"MemoryError|memory allocation|bad_alloc|out of memory", re.IGNORECASE)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a child is to read; an empty kind lets it find out."""

    path: Path
    name: str
    media_type: str = ""
    kind: str = ""
    tesseract: str = ""
    languages: str = "eng"
    limits: Limits = field(default_factory=Limits)


async def read_apart(wish: Wish) -> Extracted:
    """The text of a file, or Unreadable; nothing of the child is left when this ends."""
    limits = wish.limits
    with TemporaryFile() as answer, TemporaryFile() as words:
        try:
            async with asyncio.timeout(limits.seconds_max), running(wish, answer, words) as child:
                code = await child.wait()
        except TimeoutError:
            raise _late(limits) from None
        if code:
            raise _fate(code, words, limits)
        return await asyncio.to_thread(_told, answer, limits)


@asynccontextmanager
async def running(wish: Wish, answer: IO[bytes], words: IO[bytes]) -> AsyncGenerator[Process, None]:
    """A child that reads; at the end its whole group is killed."""
    inside, outside = os.pipe()
    try:
        os.write(outside, _line(wish))
        child = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=inside,
            stdout=answer,
            stderr=words,
            env=_environment(),
            cwd="/",
            start_new_session=True,
        )
    except BaseException:
        os.close(outside)
        raise
    finally:
        os.close(inside)
    try:
        yield child
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        os.close(outside)
        await child.wait()


def _environment() -> dict[str, str]:
    """Nothing of ours but where tesseract has its data."""
    data = os.environ.get("TESSDATA_PREFIX")
    return {**ENVIRONMENT, "TESSDATA_PREFIX": data} if data else ENVIRONMENT


def _line(wish: Wish) -> bytes:
    """The wish on one line, short enough for any pipe."""
    fields = {**asdict(wish), "path": str(wish.path), "name": wish.name[-NAME_CHARS_MAX:]}
    return json.dumps(fields).encode() + b"\n"


def _told(answer: IO[bytes], limits: Limits) -> Extracted:
    answer.seek(0)
    head: dict[str, Any] = json.loads(answer.readline() or b"null") or {}
    text = answer.read(limits.text_bytes_max + 1)
    if "kind" in head:
        raise _memory(limits) if head["kind"] == "memory" else Unreadable(**_refusal(head))
    if len(text) != head["bytes"]:
        raise _broken()
    return Extracted(text.decode(), head["title"], head["pages"], head["loader"])


def _refusal(head: dict[str, Any]) -> dict[str, Any]:
    return {"kind": head["kind"], "message": head["message"]}


def _fate(code: int, words: IO[bytes], limits: Limits) -> Unreadable:
    """Why a child ended without an answer, as far as can be known."""
    size = words.seek(0, os.SEEK_END)
    words.seek(max(0, size - WORDS_BYTES))
    last = words.read(WORDS_BYTES)
    if code == -signal.SIGXCPU:
        return _late(limits)
    if code == -signal.SIGXFSZ:
        return Unreadable("too_large", "The file has more text than can be kept.")
    if code == -signal.SIGKILL or NEEDS_MEMORY.search(last):
        return _memory(limits)
    lines = last.decode("utf-8", "replace").splitlines() or [""]
    logger.warning("A loader ended with code %d: %s", code, lines[-1].partition(":")[0][:100])
    return _broken()


def _broken() -> Unreadable:
    return Unreadable("damaged", "The file is damaged in a way that its reader cannot bear.")


def _late(limits: Limits) -> Unreadable:
    return Unreadable("too_slow", f"Reading the file took longer than {limits.seconds_max:g} s.")


def _memory(limits: Limits) -> Unreadable:
    megabytes = limits.memory_bytes_max // 2**20
    return Unreadable("memory", f"Reading the file needs more than {megabytes} MB of memory.")
