"""Tries a source before it is kept: what it answers, or what is wrong with it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from application.documents.ports import Unfit
from application.ports import Unavailable
from application.retrieval.external import Piece
from application.retrieval.sources import Source
from domain.errors import Refusal
from infrastructure.documents.engines import DocumentEngines
from infrastructure.external.asking import ask
from infrastructure.external.mapping import pieces_of, unused

SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Tried:
    """How it went, in words, and some passages."""

    ok: bool
    detail: str
    passages: Sequence[Piece]
    milliseconds: int


async def tried(engines: DocumentEngines, source: Source, key: str, query: str) -> Tried:
    """Ask a source for a few passages."""
    begun = monotonic()
    passages: Sequence[Piece] = []
    try:
        async with asyncio.timeout(source.seconds):
            found = await ask(engines, source, key, query, SAMPLES)
        passages = pieces_of(found, source.fields, "The source")
        ok, detail = bool(passages), f"{len(passages)} passages."
        if not passages:
            detail = "It answers, but it has no passage for this question."
        elif lacking := unused(found, source.fields):
            ok, detail = False, f"No passage has the field {', '.join(lacking)}."
    except TimeoutError:
        ok, detail = False, f"No answer within {source.seconds} seconds."
    except (Unavailable, Unfit, Refusal) as error:
        ok, detail = False, str(error)
    return Tried(ok, detail, passages, round((monotonic() - begun) * 1000))
