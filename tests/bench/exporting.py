"""How fast judgements leave the house, and how much memory that takes."""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.arena import Plan, done, imported, quire
from tests.bench.figures import Row, ms
from tests.bench.votes import until
from tests.bench.world import running
from tests.product import Product

PLAN = Plan(battles=7_200, voters=20)
FORMATS = (
    "arena-battles",
    "trl-preference",
    "trl-unpaired-preference",
    "trl-sft",
    "trl-prompt-only",
    "openai-preference",
    "openai-evals",
)
GOAL_MEMORY_MB = 250
GOAL_FIRST_SECONDS = 1.0
LOOK_SECONDS = 0.005
MB = 1_000_000


@dataclass(slots=True)
class Watched:
    """What can be seen of an export from outside."""

    seconds: float = 0.0
    first_seconds: float = 0.0
    peak_bytes: int = 0
    rows: int = 0
    files: list[Path] = field(default_factory=list)


async def exporting(plan: Plan = PLAN) -> list[Row]:
    """All formats of votes in one export, and the same from the start in one format."""
    async with running({"QUIRE_LOG_LEVEL": "warning"}) as world:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            await asyncio.to_thread(plan.write, folder)
            await asyncio.to_thread(imported, world.product, folder)
            await until(world.api, plan.votes)
            whole = await asyncio.to_thread(watched, world.product, folder / "all", FORMATS)
            one = await asyncio.to_thread(watched, world.product, folder / "one", FORMATS[:1])
            limit = await asyncio.to_thread(dumped, one.files)
            command = await asyncio.to_thread(
                lambda: done(quire(world.product, "export", "evaluation", "--help"))
            )
    return [
        told(f"Export of {whole.rows:,} rows in {len(FORMATS)} formats", whole, limit),
        told(f"Export of {one.rows:,} rows of arena-battles", one, limit),
        Row(
            "Peak memory of the exporting process",
            f"{whole.peak_bytes / MB:,.0f} MB",
            f"of one format {one.peak_bytes / MB:,.0f} MB",
            f"{GOAL_MEMORY_MB} MB",
            whole.peak_bytes <= GOAL_MEMORY_MB * MB,
        ),
        Row(
            "First byte of an export, from the start of its process",
            ms(whole.first_seconds),
            f"the command that only tells its options {ms(command)}",
            ms(GOAL_FIRST_SECONDS),
            whole.first_seconds <= GOAL_FIRST_SECONDS,
        ),
    ]


def told(what: str, found: Watched, limit: float) -> Row:
    return Row(
        what,
        f"{found.rows / found.seconds:,.0f} rows/s",
        f"json.dumps of arena-battles, written {limit:,.0f} rows/s",
    )


def watched(product: Product, folder: Path, formats: tuple[str, ...]) -> Watched:
    """Export, and look at the process and its folder until it ends."""
    found = Watched()
    began = time.perf_counter()
    process = quire(product, "export", "evaluation", "--format", *formats, "--out", str(folder))
    while process.poll() is None:
        found.peak_bytes = max(found.peak_bytes, peak_of(process.pid))
        if not found.first_seconds and any(each.stat().st_size for each in folder.glob("*")):
            found.first_seconds = time.perf_counter() - began
        time.sleep(LOOK_SECONDS)
    found.seconds = time.perf_counter() - began
    done(process)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    found.rows = sum(each["rows"] for each in manifest["files"])
    found.files = [folder / each["path"] for each in manifest["files"]]
    return found


def peak_of(pid: int) -> int:
    """The most memory that a process ever held."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    line = next((each for each in text.splitlines() if each.startswith("VmHWM")), "VmHWM: 0 kB")
    return int(line.split()[1]) * 1024


def dumped(files: list[Path]) -> float:
    """Rows a second when the same rows are only written down."""
    count, seconds = 0, 0.0
    with tempfile.TemporaryFile("w") as out:
        for rows in pages(files):
            began = time.perf_counter()
            out.writelines(json.dumps(each) + "\n" for each in rows)
            seconds += time.perf_counter() - began
            count += len(rows)
    return count / seconds


def pages(files: list[Path]) -> Iterator[list[Any]]:
    """The rows of files, a file at a time."""
    for path in files:
        with path.open() as file:
            yield [json.loads(each) for each in file]
