"""Tables as text: CSV, TSV and their kin, whatever separates the cells."""

import csv
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from itertools import islice

from infrastructure.loaders.base import Draft, Source, Unreadable
from infrastructure.loaders.encodings import decode
from infrastructure.loaders.writer import row

DELIMITERS = ",;\t|"
SAMPLE_ROWS = 50
SAMPLE_CHARS = 100_000
CELL_CHARS_MAX = 10_000_000


def read(source: Source) -> Draft:
    """One row on a line, cells apart."""
    text = decode(source.data()).replace("\0", "")
    return Draft(("\n".join(_rows(text)),))


def _rows(text: str) -> Iterator[str]:
    csv.field_size_limit(CELL_CHARS_MAX)
    try:
        for cells in csv.reader(StringIO(text, newline=""), delimiter=delimiter_of(text)):
            if line := row(cells).strip():
                yield line
    except csv.Error:
        raise Unreadable("damaged", "The table has a cell that never ends.") from None


def delimiter_of(text: str) -> str:
    """What separates the cells: the sign that cuts most rows into the same number of them."""
    sample = text[:SAMPLE_CHARS]

    def agreement(delimiter: str) -> int:
        try:
            reader = csv.reader(StringIO(sample, newline=""), delimiter=delimiter)
            counts = Counter(len(cells) for cells in islice(reader, SAMPLE_ROWS) if cells)
        except csv.Error:
            return 0
        return max((times for width, times in counts.items() if width > 1), default=0)

    return max(DELIMITERS, key=agreement)
