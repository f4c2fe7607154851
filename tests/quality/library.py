"""The texts as files of the product: given, read, cut, embedded and indexed by its worker."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from application.documents.settings import Mode
from tests.ingesting import Ingesting
from tests.quality.questions import texts
from tests.world import Person

INGEST_SECONDS_MAX = 600.0
LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Way:
    """A way of searching that an administrator may choose."""

    name: str
    mode: Mode
    is_reranked: bool = False


WORDS = Way("full text", "words")
MEANING = Way("vector", "meaning")
HYBRID = Way("hybrid", "hybrid")
RERANKED = Way("hybrid, reranked", "hybrid", is_reranked=True)
WAYS = (WORDS, MEANING, HYBRID, RERANKED)


@dataclass(frozen=True, slots=True)
class Library:
    """Files that can be asked about, by their ids, and how many passages they have."""

    product: Ingesting
    admin: Person
    files: Mapping[UUID, str]
    passages: int

    async def choose(self, way: Way) -> None:
        """Search in this way from now on."""
        wanted: dict[str, Any] = {
            "mode": way.mode,
            "reranker": {"kind": "built_in" if way.is_reranked else "none"},
        }
        changed = await self.admin.patch("/documents/settings", json={"retrieval": wanted})
        assert changed.status_code == 200, changed.text
        await self.product.world.services.documents.settings(fresh=True)


async def shelved(product: Ingesting, names: Iterable[str] | None = None) -> Library:
    """Have the worker take in the texts. Ids follow from names, so that ties go the same way."""
    known = texts()
    product.start_worker()
    admin = await product.world.admin()
    files: dict[UUID, str] = {}
    for name in names or known:
        file_id = uuid5(NAMESPACE_URL, name)
        body = {"id": str(file_id), "name": name, "text": known[name]}
        made = await admin.post("/files/text", json=body)
        assert made.status_code == 201, made.text
        files[file_id] = name
    await until_ready(admin, files)
    await product.rest()
    [(passages,)] = await product.rows("select count(*) from documents.live_passages")
    return Library(product, admin, files, passages)


async def until_ready(admin: Person, files: Iterable[UUID]) -> None:
    async with asyncio.timeout(INGEST_SECONDS_MAX):
        for each in files:
            while (found := (await admin.get(f"/files/{each}")).json())["state"] != "ready":
                assert found["state"] != "failed", found["error"]
                await asyncio.sleep(LOOK_SECONDS)
