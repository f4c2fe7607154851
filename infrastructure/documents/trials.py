"""Tries a choice for documents before it is kept."""

import asyncio
import wave
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from time import monotonic

from application.documents.ports import Unfit
from application.documents.settings import DocumentSettings, settings_of, values_of
from application.ports import Unavailable
from domain.document_settings import Values, merged
from domain.errors import Invalid, Refusal
from infrastructure.documents.engines import DocumentEngines, loaders_of
from infrastructure.loaders.base import Unreadable

SECONDS_MAX = 8.0
SAMPLES = 16_000  # of silence, in a second
QUESTION = "Which of these texts is about the sea?"
ANSWERS = ("The tide comes in twice a day.", "Bread is baked from flour and water.")


@dataclass(frozen=True, slots=True)
class Tried:
    """How it went, in words."""

    ok: bool
    detail: str
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Trial:
    """One section with values that are not kept, and perhaps a key that is not either."""

    engines: DocumentEngines
    section: str
    values: Values
    keys: Mapping[str, str | None]

    async def run(self) -> Tried:
        """Try it; Invalid when the values themselves make no sense."""
        for section, key in self.keys.items():
            if key is not None and not isinstance(key, str):
                raise Invalid(f"{section}.key must be a text.")
        before = values_of(await self.engines.settings(fresh=True))
        settings = settings_of(merged(before, self.values))
        begun = monotonic()
        ok, detail = await self._tried(TRIALS[self.section](self, settings))
        return Tried(ok, detail, round((monotonic() - begun) * 1000))

    async def key(self, settings: DocumentSettings, section: str) -> str:
        """The key that was sent, else the one that is kept for that server."""
        if section in self.keys:
            return self.keys[section] or ""
        return await self.engines.key(settings, section)

    async def _tried(self, trying: Awaitable[str]) -> tuple[bool, str]:
        try:
            async with asyncio.timeout(SECONDS_MAX):
                return True, await trying
        except TimeoutError:
            return False, f"No answer within {SECONDS_MAX:.0f} seconds."
        except (Unavailable, Unfit, Unreadable, Refusal) as error:
            return False, str(error)


async def try_store(trial: Trial, settings: DocumentSettings) -> str:
    """Say which store it is."""
    key = await trial.key(settings, "store")
    async with trial.engines.opened(settings.store, key) as store:
        return await store.check()


async def try_embedding(trial: Trial, settings: DocumentSettings) -> str:
    """Embed a sentence."""
    embedder = await trial.engines.embedder(settings.embedding)
    vectors = await embedder.embed([QUESTION], "query")
    return f"{embedder.space}: {vectors.shape[1]} dimensions."


async def try_retrieval(trial: Trial, settings: DocumentSettings) -> str:
    """Have two texts put in order."""
    key = await trial.key(settings, "retrieval.reranker")
    reranker = await trial.engines.makers.reranker(settings.retrieval.reranker, key)
    if reranker is None:
        return "Passages are not put in order once more."
    ranked = await reranker.rerank(QUESTION, ANSWERS)
    if ranked[0].place != 0:
        return "It answers, but it puts the wrong one of two texts first."
    return "It puts the right one of two texts first."


async def try_reading(trial: Trial, settings: DocumentSettings) -> str:
    """Have a small text read."""
    loaders = loaders_of(settings.reading, await trial.key(settings, "reading"))
    with NamedTemporaryFile(suffix=".pdf") as file:
        file.write(pdf(ANSWERS[0]))
        file.flush()
        found = await loaders.read(Path(file.name), "trial.pdf", "application/pdf")
    if "tide" not in found.text:
        return "It answers, but it does not read what is there."
    return f"Read by {found.loader}."


def pdf(words: str) -> bytes:
    """The smallest document that says something on a page."""
    drawn = f"BT /F1 12 Tf 20 40 Td ({words}) Tj ET"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 100] /Contents 4 0 R /Resources 6 0 R >>",
        f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Font << /F1 5 0 R >> >>",
    )
    body, places = "%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(f"{len(body):010} 00000 n \n")
        body += f"{number} 0 obj\n{each}\nendobj\n"
    table = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{''.join(places)}"
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return (body + table + end).encode("ascii")


async def try_hearing(trial: Trial, settings: DocumentSettings) -> str:
    """Have a second of silence written down."""
    hearing = trial.engines.makers.hearing(settings.hearing, await trial.key(settings, "hearing"))
    if hearing is None:
        return "Recordings are not written down."
    with NamedTemporaryFile(suffix=".wav") as file:
        with wave.open(file, "wb") as sound:
            sound.setparams((1, 2, SAMPLES, 0, "NONE", ""))
            sound.writeframes(bytes(2 * SAMPLES))
        file.flush()
        await hearing.hear(Path(file.name), "recording.wav")
    return f"{settings.hearing.model} answers."


async def try_web(trial: Trial, settings: DocumentSettings) -> str:
    """Search for one page."""
    key = await trial.key(settings, "web")
    search = trial.engines.makers.web_search(settings.web, key)
    if search is None:
        return "The web is not searched."
    found = await search.search("encyclopedia", 1)
    return found[0].url if found else "It answers, but it finds nothing."


Try = Callable[[Trial, DocumentSettings], Awaitable[str]]
TRIALS: Mapping[str, Try] = {
    "store": try_store,
    "embedding": try_embedding,
    "retrieval": try_retrieval,
    "reading": try_reading,
    "hearing": try_hearing,
    "web": try_web,
}
