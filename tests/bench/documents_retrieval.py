"""How fast and how surely passages are found for a question, through the product."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from tests.bench.documents import Document, Json, Shelf, shelf
from tests.bench.figures import Row, ms, p50, p95
from tests.bench.prose import Needle, hiding, needles, prose

FILES = 20
CHARACTERS_EACH = int(os.environ.get("BENCH_RETRIEVAL_CHARACTERS", "60000"))
NEEDLES = 40
SEED = 13_40
ROUNDS = 100
WARM_UP = 10
GOAL_P50 = 0.025
GOAL_FOUND = 39
SETTINGS_SECONDS = 2.5  # until every process has looked at them again


@dataclass(slots=True)
class Asked:
    """What came of questions."""

    seconds: list[float] = field(default_factory=list)
    embed: list[float] = field(default_factory=list)
    used: int = 0
    seen: int = 0

    @property
    def times(self) -> str:
        return f"{ms(p50(self.seconds))} / {ms(p95(self.seconds))}"


async def retrieval() -> list[Row]:
    """Long files with facts hidden in them, embedded by the model on this machine."""
    rng = Random(SEED)
    hidden = needles(rng, NEEDLES)
    documents = [document(rng, number, hidden) for number in range(FILES)]
    async with shelf() as house:
        ids = await house.upload_all(documents)
        await house.settled(FILES)
        passages = (await house.generation())["passages"]
        await questions(house, ids, hidden[:WARM_UP])
        one = await questions(house, ids[:1], few(hidden, ROUNDS))
        twenty = await questions(house, ids, few(hidden, ROUNDS))
        found = await questions(house, ids, hidden)
        alone = [await by(house, ids, hidden, mode) for mode in ("meaning", "words")]
    return rows(passages, [one, twenty, found, *alone])


def document(rng: Random, number: int, hidden: Sequence[Needle]) -> Document:
    """Prose with its share of the facts somewhere in it."""
    text = prose(rng, CHARACTERS_EACH)
    for needle in hidden[number::FILES]:
        text = hiding(rng, text, needle)
    return Document(f"volume {number}.md", text.encode())


def few(hidden: Sequence[Needle], count: int) -> list[Needle]:
    """So many questions, each several times."""
    return [hidden[place % len(hidden)] for place in range(count)]


async def questions(house: Shelf, file_ids: Sequence[str], hidden: Sequence[Needle]) -> Asked:
    """Ask one after the other."""
    told = Asked()
    for needle in hidden:
        body = {"query": needle.question, "file_ids": list(file_ids), "limit": 20}
        began = time.monotonic()
        found = await house.api.post("/api/v1/retrieval", body)
        told.seconds.append(time.monotonic() - began)
        told.embed.append(found["milliseconds"].get("embed", 0.0) / 1000)
        told.seen += has(found, needle, used=False)
        told.used += has(found, needle, used=True)
    return told


def has(found: Json, needle: Needle, *, used: bool) -> bool:
    """Whether a fact is in what was found, or in what of it a model would be given."""
    texts = [each["text"] for each in found["passages"] if each["used"] or not used]
    return any(needle.sentence in " ".join((text or "").split()) for text in texts)


async def by(house: Shelf, ids: Sequence[str], hidden: Sequence[Needle], mode: str) -> Asked:
    """Ask in another way."""
    await house.choose(retrieval={"mode": mode})
    await asyncio.sleep(SETTINGS_SECONDS)
    return await questions(house, ids, hidden)


def rows(passages: int, told: Sequence[Asked]) -> list[Row]:
    """The figures in words."""
    one, twenty, found, meaning, words = told
    others = f"meaning alone {meaning.used}, words alone {words.used}"
    value = f"{found.used} (and {found.seen - found.used} more among all 20)"
    size = f"{FILES * CHARACTERS_EACH / 1e6:.1f} MB, {passages:,} passages"
    return [
        timed("Retrieval over one file", one),
        timed(f"Retrieval over {FILES} files ({size})", twenty),
        Row(
            f"Of {NEEDLES} needles over {FILES} files, in the passages used",
            value,
            others,
            str(GOAL_FOUND),
            found.used >= GOAL_FOUND,
        ),
    ]


def timed(what: str, told: Asked) -> Row:
    """How long questions take, beside the embedding of the question alone."""
    limit = f"embedding of the question {ms(p50(told.embed))}"
    return Row(f"{what}, p50 / p95", told.times, limit, "p50 25 ms", p50(told.seconds) <= GOAL_P50)
