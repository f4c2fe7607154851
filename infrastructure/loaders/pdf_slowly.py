"""PDF by pypdf, which is slow and forgiving: for files that pdfium refuses."""

from collections.abc import Iterator

from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError, PyPdfError

from infrastructure.loaders.base import Draft, Source, encrypted
from infrastructure.loaders.packages import damaged
from infrastructure.loaders.pdf import check_pages


def read(source: Source) -> Draft:
    """All pages that can still be found."""
    with source.open() as file:
        try:
            reader = PdfReader(file, strict=False)
            if reader.is_encrypted:
                raise encrypted()
            check_pages(len(reader.pages), source.reading)
            return Draft(list(_pages(reader)), is_paged=True)
        except FileNotDecryptedError:
            raise encrypted() from None
        except PyPdfError:
            raise damaged() from None


def _pages(reader: PdfReader) -> Iterator[str]:
    for page in reader.pages:
        yield page.extract_text()
