"""`make chaos ONLY=documents`: the worker is killed again and again while it reads files.

All files must end ready or failed with a reason, no passage may be there twice, the index must be
what it should be, and when the vectors are wiped and made anew, the answers must be the same.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from tests.bench.client import Api
from tests.bench.documents import Json, Shelf, asked
from tests.bench.world import World
from tests.product import Helper
from tests.soak.papers import Paper, papers, questions
from tests.soak.shelves import Db, audit_files
from tests.soak.workers import Strike, command, killing

LOOK_SECONDS = 0.05
WORK_SECONDS_MAX = 60.0
END_SECONDS_MAX = 120.0
SCORE_DIFFERENCE_MAX = 1e-3
PROBES_MAX = 5  # what is embedded to learn how long a vector is
# What somebody works on now, and at which stage it is.
LEASES = """
    select j.leased_by, case
        when exists (select from documents.indexed i join documents.indexes x on x.id = i.index_id
            where i.file_id = j.key and i.done and x.state = 'live') then 'rebuilding'
        when exists (select from documents.texts t where t.file_id = j.key) then 'indexing'
        else 'reading' end
    from work.jobs j where j.leased_until > now() and j.job = 'ingest'
"""
LEFT = """
    select job, key::text from work.jobs j where job in ('ingest', 'rebuild', 'reindex', 'forget')
        or exists (select from documents.indexes x where x.id = j.key and x.state = 'filling')
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is to happen."""

    seed: int
    files: int = 50
    kills: int = 50
    characters: tuple[int, int] = (60_000, 240_000)
    questions: int = 20
    pace: float = 0.8  # seconds that each embedding request takes
    work: float = 2.0  # a kill comes within so many seconds of work
    seconds_max: float = 330.0


@dataclass(slots=True)
class Told:
    """What was seen."""

    plan: Plan
    kills: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    passages: int = 0
    embedded: int = 0
    seconds: float = 0.0
    last: float = 0.0
    same: int = 0
    violations: list[str] = field(default_factory=list)

    def table(self) -> str:
        """All of it for people."""
        rows = {
            "files": f"{self.plan.files}",
            "kills of the worker": f"{self.kills}",
            "files it had in hand then": listed(self.struck),
            "ends": listed(self.ends),
            "passages, each there once": f"{self.passages:,}",
            "texts embedded for them": f"{self.embedded:,}",
            "from the first upload to the last end": f"{self.seconds:.0f} s",
            "from the last kill to the last end": f"{self.last:.0f} s",
            "same answers from a new index": f"{self.same} of {self.plan.questions}",
            "violations": f"{len(self.violations)}",
        }
        return "\n".join(["| what | seen |", "| --- | --- |", *map(line, rows.items())])


def line(row: tuple[str, str]) -> str:
    return f"| {row[0]} | {row[1]} |"


def listed(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[each]} {each}" for each in sorted(counts)) or "none"


async def documents(world: World, plan: Plan, *, own_worker: bool) -> Told:
    """Upload, kill, wait and compare; wipe, make anew and compare again."""
    told = Told(plan)
    shelf = Shelf(world)
    some = await asyncio.to_thread(papers, Random(plan.seed), plan.files, plan.characters)
    with Helper("tests.bench.embedder") as server:
        await shelf.embed_with(server)
        await pace(server, plan.pace)
        with killing(world.product, own=own_worker) as strike:
            await ingested(shelf, told, some, strike)
        await pace(server, 0)
        told.embedded = (await asked(server))["texts"]
        files, problems = await audit_files(shelf, some)
        told.violations += problems
        told.ends.update(end_of(each) for each in files)
        told.passages = sum(each["passages"] or 0 for each in files)
        await verify(shelf, told)
        await wiped(shelf, told, questions(some, plan.questions))
        again = (await asked(server))["texts"] - told.embedded
        if again > 2 * plan.questions + PROBES_MAX:
            told.violations.append(f"{again} texts were embedded anew")
    return told


def end_of(file: Json) -> str:
    return f"failed ({file['error']['kind']})" if file["error"] else str(file["state"])


async def pace(server: Helper, seconds: float) -> None:
    """Have the embedding server take its time."""
    api = Api(server.url)
    await api.post("/pace", {"delay": seconds})
    api.close()


async def ingested(shelf: Shelf, told: Told, some: Sequence[Paper], strike: Strike) -> None:
    """Bring all files in while the worker dies, and wait for the end of all."""
    began = time.monotonic()
    uploading = asyncio.create_task(shelf.upload_all([each.document for each in some]))
    async with shelf.database() as db:
        await struck(shelf, told, db, strike, uploading)
        last = time.monotonic()
        await uploading
        while left := await (await db.execute(LEFT)).fetchall():
            if time.monotonic() > last + END_SECONDS_MAX:
                told.violations.append(f"still to be done: {left[:3]}")
                break
            await asyncio.sleep(LOOK_SECONDS)
    told.seconds, told.last = time.monotonic() - began, time.monotonic() - last


async def struck(
    shelf: Shelf, told: Told, db: Db, strike: Strike, uploading: asyncio.Task[list[str]]
) -> None:
    """Kill the worker again and again, each time while it works."""
    plan, rng = told.plan, Random(told.plan.seed)
    dead: set[UUID] = set()
    end = time.monotonic() + plan.seconds_max
    while told.kills < plan.kills and time.monotonic() < end:
        await at_work(shelf, db, dead, uploading)
        await asyncio.sleep(rng.uniform(0, rng.choice((plan.work / 5, plan.work))))
        leases = await (await db.execute(LEASES)).fetchall()
        strike()
        told.kills += 1
        told.struck.update(stage for who, stage in leases if who not in dead)
        dead |= {who for who, _ in await (await db.execute(LEASES)).fetchall()}
    if told.kills < plan.kills:
        told.violations.append(f"there was time for {told.kills} of {plan.kills} kills only")


async def at_work(
    shelf: Shelf, db: Db, dead: set[UUID], uploading: asyncio.Task[list[str]]
) -> None:
    """Wait until a worker that lives has files in hand; if all is done, there is a rebuild."""
    end = time.monotonic() + WORK_SECONDS_MAX
    while not {who for who, _ in await (await db.execute(LEASES)).fetchall()} - dead:
        if uploading.done() and not await (await db.execute(LEFT)).fetchall():
            await shelf.api.post("/api/v1/indexes/rebuild", {})
        assert time.monotonic() < end, "No worker takes anything up."
        await asyncio.sleep(LOOK_SECONDS)


async def verify(shelf: Shelf, told: Told) -> None:
    """What `quire index verify` says."""
    code, text = await asyncio.to_thread(command, shelf.world.product, "index", "verify")
    if code or "No difference." not in text:
        told.violations.append(f"index verify, code {code}: {text[-500:]}")


async def wiped(shelf: Shelf, told: Told, asking: Sequence[str]) -> None:
    """Lose all vectors, have them made anew, and ask the same again."""
    async with shelf.database() as db:  # which rows of very common words are seen is a plan's
        await db.execute("vacuum analyze documents.passages")
    before = [await answer(shelf, each) for each in asking]
    if any(each["lacking"] for each in before):
        told.violations.append(f"not searched: {before[0]['lacking']}")
    async with shelf.database() as db:
        await db.execute("drop schema vectors cascade")
    lost = await answer(shelf, asking[0])
    if not lost["lacking"] or not lost["passages"]:
        told.violations.append("without vectors nothing was found, or it was not said")
    code, text = await asyncio.to_thread(command, shelf.world.product, "index", "rebuild")
    if code:
        told.violations.append(f"index rebuild, code {code}: {text[-500:]}")
    after = [await answer(shelf, each) for each in asking]
    told.same = sum(same(one, other) for one, other in zip(before, after, strict=True))
    if told.same < len(asking):
        told.violations.append(f"{len(asking) - told.same} answers are others after the wiping")
    await verify(shelf, told)


async def answer(shelf: Shelf, question: str) -> Json:
    """What is found for a question in all files."""
    found: Json = await shelf.api.post("/api/v1/retrieval", {"query": question, "limit": 20})
    return found


def same(one: Json, other: Json) -> bool:
    """Whether the same passages came in the same order with the same scores."""
    ids = [[each["passage_id"] for each in found["passages"]] for found in (one, other)]
    if ids[0] != ids[1] or len(set(ids[0])) != len(ids[0]) or not ids[0]:
        return False
    pairs = zip(one["passages"], other["passages"], strict=True)
    return all(near(a["scores"], b["scores"]) for a, b in pairs)


def near(one: Json, other: Json) -> bool:
    """Whether scores of all stages are there alike, and nearly equal."""
    with suppress(TypeError):  # one of them is missing
        return all(
            each == other[name] or abs(each - other[name]) <= SCORE_DIFFERENCE_MAX
            for name, each in one.items()
        )
    return False
