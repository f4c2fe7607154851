"""How fast files become passages that can be found, and what that costs."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from random import Random
from tempfile import NamedTemporaryFile

import pypdfium2
from reportlab.pdfgen.canvas import Canvas

from application.documents.cutting import Cutting, cut
from infrastructure.embeddings.openai import OpenAIProtocol
from infrastructure.embeddings.remote import RemoteEmbedder
from infrastructure.loaders.registry import Loaders
from infrastructure.models.http import Server, open_client
from tests.bench.documents import Document, Shelf, asked, shelf
from tests.bench.figures import Row, ms, p50
from tests.bench.prose import prose
from tests.embedding_server import MODEL
from tests.product import Helper

SEED = 2_800
FILES = int(os.environ.get("BENCH_INGEST_FILES", "20"))
CHARACTERS_EACH = 250_000
PAGE_CHARACTERS = 2_000
LOCAL_SHARE = 10
GOAL_PAGES = 280.0
PDF_PAGES = 200
PDF_LINES, PDF_LINE_CHARACTERS = 45, 90
PDF_ROUNDS = 5
GOAL_PDF = 1.0
SLOWLY = 0.01  # how often the state of one file is looked at


@dataclass(frozen=True, slots=True)
class Taken:
    """What bringing files in took."""

    characters: int
    passages: int
    seconds: float
    cpu: float

    @property
    def pages(self) -> float:
        return self.characters / PAGE_CHARACTERS

    @property
    def rate(self) -> float:
        return self.pages / self.seconds

    @property
    def cpu_each(self) -> float:
        return self.cpu / self.pages


async def ingest() -> list[Row]:
    """Texts through the model on this machine, then more through a server; and a long PDF."""
    rng = Random(SEED)
    texts = [prose(rng, CHARACTERS_EACH) for _ in range(FILES)]
    some = texts[: max(1, FILES // LOCAL_SHARE)]
    with Helper("tests.bench.embedder") as server:
        async with shelf() as local:
            await local.upload_all([Document("first.md", b"The model is loaded by this.")])
            await local.settled(1)
            slow = await taken(local, some, before=1)
        async with shelf() as free:
            await free.embed_with(server)
            await free.upload_all([Document("first.md", b"The index is made by this.")])
            await free.settled(1)
            before = await asked(server)
            fast = await taken(free, texts, before=1)
            after = await asked(server)
            pdf = await pdf_rows(free)
        requests, sent = (after[each] - before[each] for each in ("requests", "texts"))
        limit = await embedder_alone(server, texts)
    return [*text_rows(fast, limit, requests, sent), *local_rows(slow, some), *pdf]


async def taken(house: Shelf, texts: Sequence[str], before: int) -> Taken:
    """From the first byte of the first upload until all can be found."""
    files = [Document(f"text {n}.md", each.encode()) for n, each in enumerate(texts)]
    had = (await house.generation())["passages"]
    cpu, began = house.world.product.cpu_seconds(), time.monotonic()
    await house.upload_all(files)
    await house.settled(before + len(files))
    seconds, cpu = time.monotonic() - began, house.world.product.cpu_seconds() - cpu
    passages = (await house.generation())["passages"] - had
    return Taken(sum(map(len, texts)), passages, seconds, cpu)


async def embedder_alone(server: Helper, texts: Sequence[str]) -> float:
    """Seconds for the vectors of the same passages, when nothing else is done."""
    passages = [each.embedded for text in texts for each in cut(text, Cutting())]
    async with open_client() as client:
        embedder = RemoteEmbedder(Server.at(client, f"{server.url}/v1"), MODEL, OpenAIProtocol())
        began = time.monotonic()
        await embedder.embed(passages)
        return time.monotonic() - began


def text_rows(fast: Taken, limit: float, requests: int, sent: int) -> list[Row]:
    """What came of it with an embedder that costs nothing."""
    name = f"{fast.characters / 1e6:.1f} MB in {FILES} files, embedded for nothing"
    many = f"{fast.passages:,} passages, {sent:,} embedded"
    return [
        Row(
            f"{name}: pages of 2,000 characters",
            f"{fast.rate:,.0f}/s ({fast.seconds:.1f} s)",
            f"embedder alone {fast.pages / limit:,.0f}/s",
            f"{GOAL_PAGES:.0f}/s",
            fast.rate >= GOAL_PAGES,
        ),
        Row(f"{name}: CPU of a page, all processes", ms(fast.cpu_each)),
        Row(
            f"{name}: embedding requests",
            f"{requests} ({many})",
            f"128 at once: {-(-sent // 128)}",
        ),
    ]


def local_rows(slow: Taken, texts: Sequence[str]) -> list[Row]:
    """What came of it with the model on this machine."""
    name = f"{slow.characters / 1e6:.1f} MB in {len(texts)} files, embedded by MiniLM here"
    value = f"{slow.rate:,.0f}/s, {slow.passages / slow.seconds:,.0f} passages/s"
    return [
        Row(f"{name}: pages of 2,000 characters", f"{value} ({slow.seconds:.1f} s)"),
        Row(f"{name}: CPU of a page, all processes", ms(slow.cpu_each)),
    ]


async def pdf_rows(house: Shelf) -> list[Row]:
    """A long PDF: read by the loaders, and through the product until its text is there."""
    content = long_pdf(Random(SEED))
    with NamedTemporaryFile(suffix=".pdf") as file:
        path = Path(file.name)
        await asyncio.to_thread(path.write_bytes, content)
        reads = []
        for _ in range(PDF_ROUNDS):
            began = time.monotonic()
            found = await Loaders().read(path, "long.pdf", "application/pdf")
            reads.append(time.monotonic() - began)
            assert found.pages == PDF_PAGES, found.pages
    bare = bare_text(content)
    whole = [await until_text(house, Document(f"{n}.pdf", long_pdf(Random(n)))) for n in range(3)]
    size = f"{len(found.text) / PDF_PAGES:,.0f} characters a page"
    return [
        Row(
            f"A PDF of {PDF_PAGES} pages ({size}): its text, by the loaders",
            f"{ms(p50(reads))}",
            f"pypdfium2 alone {ms(bare)}",
            ms(GOAL_PDF),
            p50(reads) <= GOAL_PDF,
        ),
        Row(
            f"A PDF of {PDF_PAGES} pages: from upload to text",
            ms(p50(whole)),
            f"loaders {ms(p50(reads))}",
            ms(GOAL_PDF),
            p50(whole) <= GOAL_PDF,
        ),
    ]


async def until_text(house: Shelf, document: Document) -> float:
    """Seconds from the first byte until the text of a file can be read."""
    began = time.monotonic()
    file = await house.upload(document)
    while True:
        reply = await house.api.call("GET", f"/api/v1/files/{file['id']}")
        if (found := reply.expect(200))["characters"]:
            return time.monotonic() - began
        assert found["state"] != "failed", found
        await asyncio.sleep(SLOWLY)


def long_pdf(rng: Random) -> bytes:
    """Pages full of lines."""
    words = prose(rng, PDF_PAGES * PDF_LINES * PDF_LINE_CHARACTERS).replace("\n\n", " ")
    buffer = BytesIO()
    canvas = Canvas(buffer)
    for page in range(PDF_PAGES):
        text = canvas.beginText(40, 800)
        text.setFont("Helvetica", 9)
        for line in range(PDF_LINES):
            start = (page * PDF_LINES + line) * PDF_LINE_CHARACTERS
            text.textLine(words[start : start + PDF_LINE_CHARACTERS])
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def bare_text(content: bytes) -> float:
    """Seconds of the library that reads PDF, in this process and without any care."""
    began = time.monotonic()
    document = pypdfium2.PdfDocument(content)
    try:
        for page in document:
            text = page.get_textpage()
            assert text.get_text_bounded()
            text.close()
            page.close()
    finally:
        document.close()
    return time.monotonic() - began
