"""Files in the making: shards of limited length, each with its sum."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Protocol

from pydantic_core import to_json

from application.exporting.formats import Format, Kind, Row

ROWS_TOGETHER = 1_000
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Written:
    """A finished file, as the manifest names it."""

    path: str
    format: str
    rows: int
    sha256: str


class Shard(Protocol):
    """One file while it is being written."""

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows."""

    def close(self) -> None:
        """End the file."""


class Lines:
    """JSON, one row in a line."""

    def __init__(self, path: Path, _: Format) -> None:
        self._file = path.open("wb")

    def write(self, rows: Sequence[Row]) -> None:
        self._file.writelines(to_json(row) + b"\n" for row in rows)

    def close(self) -> None:
        self._file.close()


class Array:
    """JSON, all rows in one array, a row in a line."""

    def __init__(self, path: Path, _: Format) -> None:
        self._file = path.open("wb")
        self._between = b"[\n"

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._file.write(self._between + to_json(row))
            self._between = b",\n"

    def close(self) -> None:
        self._file.write(b"[]\n" if self._between == b"[\n" else b"\n]\n")
        self._file.close()


class Table:
    """CSV. A cell that a spreadsheet would take for a formula begins with an apostrophe."""

    def __init__(self, path: Path, form: Format) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._table = csv.DictWriter(self._file, list(form.columns), lineterminator="\n")
        self._table.writeheader()

    def write(self, rows: Sequence[Row]) -> None:
        self._table.writerows({name: cell(each) for name, each in row.items()} for row in rows)

    def close(self) -> None:
        self._file.close()


class Parquet:
    """Columns, compressed."""

    def __init__(self, path: Path, form: Format) -> None:
        import pyarrow as pa  # noqa: PLC0415 (heavy, and only for whoever wants it)
        import pyarrow.parquet as pq  # noqa: PLC0415

        self._arrow = pa
        message = pa.struct([("role", pa.string()), ("content", pa.string())])
        kinds: dict[Kind, Any] = {
            "text": pa.string(),
            "flag": pa.bool_(),
            "number": pa.float64(),
            "count": pa.int64(),
            "turns": pa.list_(message),
            "texts": pa.list_(pa.string()),
            "input": pa.struct([("messages", pa.list_(message))]),
        }
        self._schema = pa.schema([(name, kinds[kind]) for name, kind in form.columns.items()])
        self._file = pq.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, rows: Sequence[Row]) -> None:
        self._file.write_table(self._arrow.Table.from_pylist(list(rows), schema=self._schema))

    def close(self) -> None:
        self._file.close()


SHARDS: dict[str, Callable[[Path, Format], Shard]] = {
    "jsonl": Lines,
    "json": Array,
    "csv": Table,
    "parquet": Parquet,
}


class Writer:
    """Writes the rows of one format, and beside each file the ids of its rows in order.

    An id is `<position>.<number>`: where the judgement stands in the log, and which of its rows
    this is. It leads to nobody who has no log.
    """

    def __init__(self, folder: Path, form: Format, *, shard_rows: int, parquet: bool) -> None:
        self._folder = folder
        self._form = form
        self._shard_rows = shard_rows
        self._kind = "parquet" if parquet and form.columns and form.media != "csv" else form.media
        self._waiting: list[tuple[str, Row]] = []
        self._shard: Shard | None = None
        self._path = folder
        self._rows = 0
        self.written: list[Written] = []

    @property
    def rows(self) -> int:
        """How many rows were written."""
        return sum(each.rows for each in self.written) + self._rows

    def write(self, key: str, row: Row) -> None:
        """Add a row."""
        self._waiting.append((key, row))
        self._rows += 1
        if len(self._waiting) >= ROWS_TOGETHER or self._rows >= self._shard_rows:
            self._flush()
        if self._rows >= self._shard_rows:
            self._finish()

    def close(self) -> list[Written]:
        """End the last file; without rows there is one, with no row in it."""
        if self._rows or not self.written:
            self._flush()
            self._finish()
        return self.written

    def _flush(self) -> None:
        if self._shard is None:
            name = f"{self._form.name}-{len(self.written):05}.{self._kind}"
            self._path = self._folder / name
            self._shard = SHARDS[self._kind](self._path, self._form)
        self._shard.write([row for _, row in self._waiting])
        with self._path.with_suffix(".ids").open("a", encoding="ascii") as ids:
            ids.writelines(f"{key}\n" for key, _ in self._waiting)
        self._waiting = []

    def _finish(self) -> None:
        assert self._shard is not None
        self._shard.close()
        with self._path.open("rb") as file:
            sum_of = file_digest(file, sha256).hexdigest()
        self.written.append(Written(self._path.name, self._form.name, self._rows, sum_of))
        self._shard, self._rows = None, 0


def cell(value: Any) -> str:
    """A value in a cell; lists are separated by semicolons."""
    if value is None:
        return ""
    text = "; ".join(value) if isinstance(value, list) else str(value)
    if isinstance(value, int | float):
        return text
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_line(values: Sequence[Any]) -> str:
    """One line of CSV, for those who send it as they go."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([cell(each) for each in values])
    return out.getvalue()
