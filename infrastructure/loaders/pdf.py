"""PDF: a page of text for each page; scans are read by OCR, headings come from the outline."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pypdfium2
from pypdfium2 import raw

from infrastructure.loaders import ocr
from infrastructure.loaders.base import Draft, Reading, Source, Unreadable, encrypted

ENTRIES_MAX = 10_000
LEVELS_MAX = 6
SCAN_SCALE = 200 / 72  # points to dots at 200 dpi
SCAN_PIXELS_MAX = 25_000_000
HYPHENS = re.compile("[\x02\xad\ufffe]\\r?\\n?")  # a word that goes on in the next line
LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
)
Headings = dict[int, dict[str, int]]


def read(source: Source) -> Draft:
    """All pages; what pdfium refuses is tried with pypdf."""
    content = source.content
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if error.err_code in {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}:
            raise encrypted() from None
        from infrastructure.loaders import pdf_slowly  # noqa: PLC0415 (slow to import)

        return pdf_slowly.read(source)
    check_pages(len(document), source.reading)
    title = document.get_metadata_value("Title")
    return Draft(_pages(document, source.reading), title, is_paged=True)


def check_pages(pages: int, reading: Reading) -> None:
    """Refuse a document that has, or claims to have, too many."""
    most = reading.limits.pages_max
    if pages > most:
        raise Unreadable("too_large", f"The PDF has {pages:,} pages; at most {most:,} are read.")
    if not pages:
        raise Unreadable("damaged", "The PDF has no pages.")


def _pages(document: Any, reading: Reading) -> Iterator[str]:
    headings = _headings(document)
    absent = 0  # pages that are claimed and not there: told only when others follow
    for number in range(len(document)):
        try:
            page = document[number]
        except pypdfium2.PdfiumError:
            absent += 1
            continue
        yield from [""] * absent
        absent = 0
        text = _words(page) or _scan(page, reading)
        page.close()
        yield with_headings(text, headings.get(number, {}))


def _words(page: Any) -> str:
    words = page.get_textpage()
    text = str(words.get_text_range())
    words.close()
    text = HYPHENS.sub("", text).translate(LIGATURES)
    return text if text.strip() else ""


def _scan(page: Any, reading: Reading) -> str:
    """The words in the picture of a page, as far as there is time for them."""
    if not reading.tesseract or raw.FPDFPage_CountObjects(page) < 1:
        return ""
    if reading.scans < reading.limits.scans_max and reading.seconds_left > 1:
        try:
            return ocr.recognise(reading, picture_of(page))
        except Unreadable as refusal:
            if refusal.kind != "too_slow" or reading.scans == 1:
                raise
    reading.unread += 1
    return "[Scanned pages from here on were not read: there are too many.]" * (reading.unread == 1)


def picture_of(page: Any) -> bytes:
    """A page in grey, as a PGM picture."""
    width, height = page.get_size()
    scale = min(SCAN_SCALE, (SCAN_PIXELS_MAX / max(width * height, 1)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    rows, stride = memoryview(bitmap.buffer).cast("B"), bitmap.stride
    lines = (rows[at * stride : at * stride + bitmap.width] for at in range(bitmap.height))
    picture = b"".join((b"P5 %d %d 255\n" % (bitmap.width, bitmap.height), *lines))
    bitmap.close()
    return picture


def _headings(document: Any) -> Headings:
    """What the outline says: page, title, level."""
    found: Headings = defaultdict(dict)
    for entry in islice(document.get_toc(max_depth=LEVELS_MAX), ENTRIES_MAX):
        place = entry.get_dest()
        page = None if place is None else place.get_index()
        if page is not None:
            found[page].setdefault(_key(entry.get_title()), entry.level + 1)
    return found


def with_headings(text: str, headings: dict[str, int]) -> str:
    """A page whose lines that the outline names are headings."""
    if not headings:
        return text
    left = dict(headings)
    lines = text.splitlines()
    for at, line in enumerate(lines):
        level = left.pop(_key(line), 0)
        if level:
            lines[at] = f"{'#' * min(level, LEVELS_MAX)} {line.strip()}"
    return "\n".join(lines)


def _key(title: str) -> str:
    return " ".join(title.split()).casefold()
