"""From any file to its text: finds the loader, and puts what it gives into the one form."""

from importlib import import_module

from infrastructure.loaders.base import OCR_HINT, Draft, Extracted, Source, Unreadable
from infrastructure.loaders.cleaning import joined, title_of
from infrastructure.loaders.detect import detect

# Modules are imported when a file needs them, so that a child starts quickly.
LOADERS = {
    "pdf": ("pdf", "read"),
    "docx": ("word", "read"),
    "pptx": ("slides", "read"),
    "sheets": ("sheets", "read"),
    "table": ("tables", "read"),
    "html": ("web", "read"),
    "tika": ("web", "read_tika"),
    "markdown": ("plain", "read"),
    "text": ("plain", "read"),
    "json": ("plain", "read_json"),
    "told": ("plain", "read_told"),
    "epub": ("books", "read"),
    "mail": ("mail", "read"),
    "rtf": ("rich", "read"),
    "odf": ("opendocument", "read"),
    "image": ("ocr", "read"),
    "zip": ("archives", "read"),
}
PICTURED = frozenset(("pdf", "image"))


def text_of(source: Source, kind: str = "") -> Extracted:
    """The text of a file, or Unreadable."""
    kind = kind or detect(source)
    module, name = LOADERS[kind]
    draft: Draft = getattr(import_module(f"infrastructure.loaders.{module}"), name)(source)
    text, parts = joined(draft.parts, source.reading.limits, paged=draft.is_paged)
    if not text.strip():
        raise Unreadable("no_text", _nothing(source, kind))
    return Extracted(text, title_of(draft.title, text), parts if draft.is_paged else 0, kind)


def _nothing(source: Source, kind: str) -> str:
    if kind in PICTURED and not source.reading.tesseract:
        return f"There are no words in this file, only pictures. {OCR_HINT}"
    return "There are no words in this file."
