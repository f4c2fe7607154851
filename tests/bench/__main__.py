"""`make bench`, or `make bench ONLY=name`: measure, print the table, write docs/benchmarks.md."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable

import uvloop

from tests.bench.answers import first_token, speed, streams
from tests.bench.documents_ingest import ingest
from tests.bench.documents_passages import passages
from tests.bench.documents_rebuild import rebuild
from tests.bench.documents_retrieval import retrieval
from tests.bench.exporting import exporting
from tests.bench.figures import ROOT, Row, aligned, commit, load, versions
from tests.bench.ratings import ratings
from tests.bench.reading import lists, turns
from tests.bench.start import start
from tests.bench.votes import votes
from tests.bench.world import AT_ONCE, World, running
from tests.bench.writing import append, lag

Part = Callable[[World], Awaitable[list[Row]]]
# The order matters: what leaves much behind comes last.
PARTS: dict[str, Part] = {
    "first_token": first_token,
    "streams": streams,
    "speed": speed,
    "turns": turns,
    "lag": lag,
    "list": lists,
    "append": append,
}
# These have products of their own, since what others leave behind would count.
APART: dict[str, Callable[[], Awaitable[list[Row]]]] = {
    "start": start,
    "ingest": ingest,
    "passages": passages,
    "retrieval": retrieval,
    "rebuild": rebuild,
    "ratings": ratings,
    "votes": votes,
    "exporting": exporting,
}
NAMES = (*APART, *PARTS)
PART_SECONDS_MAX = 300.0
HEAD = """# Benchmarks

Written by `make bench` (one part: `make bench ONLY=name`, with {names}).

Commit {commit}. {versions}. {cores} cores, shared by the product, its database, the model server
and the client that measures; so at full load all of them wait for each other. The model server
and the client are processes of their own and cost about 50 ms of CPU for 1,000 tokens together.
Load of the machine at the start: {before}; at the end: {after}.

Every figure stands beside the limit of the same run: the model server without Quire between, or a
plain insert without the log. `first token over direct` is Quire's percentile less the median of
the direct way. 1,000 answers at once are allowed for one person by `QUIRE_ANSWERS_USER_MAX=1000`.

A page of documents is 2,000 characters. What is `embedded for nothing` goes to a server that
answers at once with vectors that depend on the text alone; everything else by a small model here.
Passages of the `recall` lines are vectors around the middles of 1,000 clusters. A needle is a
sentence such as "The access code of the iron gate is 271828." somewhere in long prose.

"""


async def measured(name: str, part: Callable[[], Awaitable[list[Row]]]) -> list[Row]:
    """One part, within its time; what it could not measure is a row too."""
    began = time.monotonic()
    say(f"{name} ... ({load()})")
    try:
        async with asyncio.timeout(PART_SECONDS_MAX):
            rows = await part()
    except (AssertionError, OSError, TimeoutError) as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
        rows = [Row(name, f"not measured: {reason}", kept=False)]
    say(f"{aligned(rows)}\n{name}: {time.monotonic() - began:.0f} s\n")
    return rows


async def main(only: str) -> list[Row]:
    """Every part, or one."""
    rows: list[Row] = []
    for name, part in APART.items():
        if only in ("", name):
            rows += await measured(name, part)
    wanted = [name for name in PARTS if only in ("", name)]
    if not wanted:
        return rows
    async with running(AT_ONCE) as world:
        for name in wanted:
            rows += await measured(name, lambda part=PARTS[name]: part(world))  # type: ignore[misc]
    return rows


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 (what a terminal shows)


def run() -> int:
    """Measure what is wanted."""
    only = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ONLY", "")
    if only and only not in NAMES:
        say(f"There is no part {only!r}. The parts: {', '.join(NAMES)}.")
        return 2
    before = load()
    rows = uvloop.run(main(only))
    head = HEAD.format(
        names=", ".join(f"`{name}`" for name in NAMES),
        commit=commit(),
        versions=versions(),
        cores=os.cpu_count(),
        before=before,
        after=load(),
    )
    say(head + aligned(rows))
    if not only:
        (ROOT / "docs/benchmarks.md").write_text(head + aligned(rows) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(run())
