"""What the model on this machine promises: right vectors, patience, and memory given back."""

import asyncio
import os
import threading
from collections.abc import AsyncGenerator
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from application.documents.ports import Unfit
from infrastructure.embeddings.local import LocalEmbedder
from infrastructure.embeddings.minilm import (
    TOKENS_MAX,
    WEIGHTS,
    MiniLM,
    counter,
    open_tokenizer,
    package_folder,
)
from infrastructure.embeddings.resident import NICENESS
from tests.minilm import Plain

TEXTS = [
    "A dog.",
    "The harbour of Genoa is one of the busiest of the Mediterranean sea.",
    "Ein Hund schläft vor der Tür, 3 cats ignore him; x = f(y) + 1 🌍",
    "word " * 90,
    "",
]


@pytest.fixture
async def embedder() -> AsyncGenerator[LocalEmbedder, None]:
    embedder = LocalEmbedder()
    yield embedder
    await embedder.aclose()


async def test_vectors_are_those_of_the_model(embedder: LocalEmbedder) -> None:
    tokenizer = open_tokenizer(package_folder())
    plain = Plain(package_folder() / WEIGHTS)
    for vector, text in zip(await embedder.embed(TEXTS), TEXTS, strict=True):
        assert vector @ plain.vector(tokenizer.encode(text).ids) > 0.99999


async def test_vectors_do_not_depend_on_the_company(embedder: LocalEmbedder) -> None:
    together = await embedder.embed(TEXTS * 3)
    for place, text in enumerate(TEXTS):
        (alone,) = await embedder.embed([text], "query")
        assert np.all(together[place :: len(TEXTS)] @ alone > 0.99999)


async def test_what_is_near_in_meaning_is_near(embedder: LocalEmbedder) -> None:
    passages = [
        "The cat sat on the window sill and purred.",
        "Interest rates were raised by the central bank again.",
        "Boil the pasta for nine minutes and add salt.",
        "The ship left the port before the storm.",
    ]
    questions = [
        "What did the kitten do?",
        "How does monetary policy change?",
        "How long do I cook spaghetti?",
        "When did the vessel sail?",
    ]
    near = await embedder.embed(questions, "query") @ (await embedder.embed(passages)).T
    assert near.argmax(axis=1).tolist() == [0, 1, 2, 3]


async def test_only_the_first_256_tokens_count(embedder: LocalEmbedder) -> None:
    start = "harbour " * TOKENS_MAX
    one, other, shorter = await embedder.embed([start + "x", start + "y z" * 9_000, start[:-8]])
    assert one @ other > 0.99999
    assert one @ shorter < 0.999999


def test_tokens_are_counted_as_the_model_does() -> None:
    count = counter()
    assert count("") == 0
    assert count("The harbour of Genoa.") == len(["the", "harbour", "of", "genoa", "."])
    assert count("word " * 1000) == 1000


async def test_it_is_loaded_once_and_let_go_when_idle() -> None:
    loaded: list[int] = []

    def load() -> MiniLM:
        loaded.append(threading.get_native_id())
        return MiniLM(package_folder())

    embedder = LocalEmbedder(load, idle_seconds=0.2)
    states = [embedder.is_loaded]
    await asyncio.gather(*(embedder.embed([each]) for each in TEXTS))
    states.append(embedder.is_loaded)
    assert len(loaded) == 1
    await asyncio.sleep(0.5)
    states.append(embedder.is_loaded)
    await embedder.embed(TEXTS)
    assert len(loaded) == 2
    await embedder.aclose()
    states.append(embedder.is_loaded)
    assert states == [False, True, False, False]


def threads() -> set[int]:
    return {int(each.name) for each in Path("/proc/self/task").iterdir()}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
async def test_its_threads_let_others_go_first(embedder: LocalEmbedder) -> None:
    before = threads()
    await embedder.embed(TEXTS)
    mine = threads() - before
    assert mine
    for each in mine:
        assert os.getpriority(os.PRIO_PROCESS, each) >= NICENESS
    assert os.getpriority(os.PRIO_PROCESS, os.getpid()) < NICENESS


async def test_a_question_does_not_wait_for_documents(embedder: LocalEmbedder) -> None:
    await embedder.embed(TEXTS)
    document = asyncio.create_task(embedder.embed(["harbour " * 200] * 60))
    await asyncio.sleep(0.1)
    for _ in range(3):
        await embedder.embed(["Where is the harbour?"], "query")
    assert not document.done()
    document.cancel()


async def test_the_loop_goes_on_meanwhile(embedder: LocalEmbedder) -> None:
    task = asyncio.create_task(embedder.embed(["harbour " * 200] * 6))
    begun, ticks = monotonic(), 0
    while not task.done():
        await asyncio.sleep(0.005)
        ticks += 1
    assert ticks > 0.2 * (monotonic() - begun) / 0.005


async def test_weights_may_be_behind_links(tmp_path: Path) -> None:
    for name in ("tokenizer.json", WEIGHTS):
        (tmp_path / name).symlink_to(package_folder() / name)
    embedder = LocalEmbedder(lambda: MiniLM(tmp_path))
    assert len(await embedder.embed(TEXTS)) == len(TEXTS)
    await embedder.aclose()


async def test_damaged_weights_are_named(tmp_path: Path) -> None:
    for name in ("tokenizer.json", WEIGHTS):
        data = (package_folder() / name).read_bytes()
        (tmp_path / name).write_bytes(data[: 40_000_000 if name == WEIGHTS else len(data)])
    embedder = LocalEmbedder(lambda: MiniLM(tmp_path))
    for _ in range(2):
        with pytest.raises(Unfit, match="all-MiniLM-L6-v2 cannot be loaded"):
            await embedder.embed(TEXTS)
    await embedder.aclose()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
async def test_it_takes_little_memory(embedder: LocalEmbedder) -> None:
    def memory() -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    before = memory()
    await embedder.embed(["harbour " * 250] * 20)
    assert memory() - before < 300
