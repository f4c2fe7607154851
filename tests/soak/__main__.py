"""`make chaos`: two clients in one chat, then kill after kill; says what came of it.

`python -m tests.soak [SEED] [ROUNDS]`: rounds are for each fault. Ends with 1 when anything that
must hold did not, and with 2 when the time was too short for all rounds.
`python -m tests.soak documents [SEED]`: the worker is killed while it reads and indexes files.
"""

import random
import secrets
import sys
import time
from dataclasses import dataclass, field

import uvloop

from tests.bench.figures import load, ms, p50
from tests.bench.world import World, running
from tests.soak.audit import audit
from tests.soak.documents import Plan, documents
from tests.soak.faults import Round, one_round
from tests.soak.people import Question
from tests.soak.writers import Shared, two_clients

SECONDS_MAX = 570.0
ROUNDS_EACH = 10
TERM_ROUNDS = 3
KILLED = ("web", "worker", "valkey", "postgres", "everything")
CLIENT_ROUNDS = 200
SHOWN_MAX = 10
HEAD = (
    "| fault | rounds | answers | questions | returns | begun anew | last end p50 / max "
    "| away p50 | not completed | violations |"
)


@dataclass(slots=True)
class Report:
    """Everything that was seen."""

    rounds: list[Round] = field(default_factory=list)
    shared: Shared | None = None
    problems: list[str] = field(default_factory=list)
    left: int = 0

    @property
    def violations(self) -> list[str]:
        found = [
            f"{each.fault} ({each.seed}): {v}" for each in self.rounds for v in each.violations
        ]
        if self.shared is not None:
            found += [f"two clients: {each}" for each in self.shared.violations]
        return found + [f"log: {each}" for each in self.problems]


async def chaos(world: World, seed: int, rounds: int) -> Report:
    """Everything, as long as there is time."""
    began = time.monotonic()
    rng = random.Random(seed)
    report = Report()
    token = world.api.token
    report.shared = await two_clients(world.product, token, CLIENT_ROUNDS, seed)
    say(f"two clients: {told(report.shared)} ({time.monotonic() - began:.0f} s)")
    faults = ["SIGTERM"] * min(TERM_ROUNDS, rounds) + list(KILLED) * rounds
    rng.shuffle(faults)
    for place, fault in enumerate(faults):
        if time.monotonic() - began > SECONDS_MAX:
            report.left = len(faults) - place
            break
        result = await one_round(world.product, token, fault, rng.getrandbits(32))
        report.rounds.append(result)
        last = max(result.ends, default=float("nan"))
        bad = f" {result.violations[:2]}" if result.violations else ""
        say(f"{place + 1}/{len(faults)} {fault} ({result.seed}): last end {last:.1f} s{bad}")
    report.problems = await looked(world, report)
    return report


async def looked(world: World, report: Report) -> list[str]:
    """The log, after all that."""
    questions: list[Question] = list(report.shared.questions) if report.shared else []
    for each in report.rounds:
        questions += each.questions
    return await audit(world.product.database_url, questions, report.shared)


def told(shared: Shared) -> str:
    edits = sum(map(len, shared.edits.values()))
    return (
        f"{len(shared.questions)} questions and {edits} edits acknowledged, "
        f"{shared.refused} refused, {len(shared.violations)} violations"
    )


def table(report: Report) -> str:
    """One line for each fault."""
    lines = [HEAD, "| --- " * HEAD.count(" | ") + "| --- |"]
    for fault in (*KILLED, "SIGTERM"):
        of = [each for each in report.rounds if each.fault == fault]
        if not of:
            continue
        last = [max(each.ends, default=float("nan")) for each in of]
        cells = (
            fault,
            len(of),
            sum(each.answers for each in of),
            sum(len(each.questions) for each in of),
            sum(each.returns for each in of),
            sum(each.restarts for each in of),
            f"{p50(last):.1f} / {max(last):.1f} s",
            ms(p50([each.back for each in of])),
            sum(each.not_completed for each in of),
            sum(len(each.violations) for each in of),
        )
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


async def main(seed: int, rounds: int) -> Report:
    async with running() as world:
        return await chaos(world, seed, rounds)


async def about_documents(seed: int) -> list[str]:
    """The part about documents; what did not hold."""
    async with running() as world:
        told = await documents(world, Plan(seed), own_worker=True)
    say(f"\n{told.table()}")
    return told.violations


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 (what a terminal shows)


def run(words: list[str]) -> int:
    """Do it, and say how it went."""
    is_about_documents = words[:1] == ["documents"]
    numbers = [int(each) for each in words[is_about_documents:]]
    seed = numbers[0] if numbers else secrets.randbits(32)
    say(f"Seed {seed}, {load()}")
    began = time.monotonic()
    if is_about_documents:
        return end(seed, began, uvloop.run(about_documents(seed)))
    report = uvloop.run(main(seed, numbers[1] if len(numbers) > 1 else ROUNDS_EACH))
    say(f"\n{table(report)}")
    if report.shared is not None:
        say(f"Two clients in one chat, {CLIENT_ROUNDS} rounds: {told(report.shared)}.")
    code = end(seed, began, report.violations)
    if report.left:
        say(f"{report.left} rounds were left when the time was up.")
    return code or (2 if report.left else 0)


def end(seed: int, began: float, violations: list[str]) -> int:
    """The last words; 1 when something did not hold."""
    for each in violations[:SHOWN_MAX]:
        say(f"VIOLATION {each}")
    say(f"Seed {seed}: {len(violations)} violations, {time.monotonic() - began:.0f} s, {load()}.")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
