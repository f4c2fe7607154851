"""Files of judgements, read piece by piece, and what of them is in the log already."""

import json
from codecs import getincrementaldecoder
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from application.importing.fields import Malformed
from infrastructure.lines import Lines

LINE_BYTES_MAX = 16 * 1024 * 1024
PIECE_BYTES = 1 << 20
RECORD_SIGNS_MAX = 128 * 1024 * 1024
ROWS = 1_000
SPACE = " \t\r\n"

Numbered = tuple[int, object]


class LoggedStreams:
    """Knows which streams are in the log."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    async def known(self, keys: Sequence[UUID]) -> set[UUID]:
        """Which of these there are; erased ones too."""
        rows = await self._lines.rows(
            "select stream_id from log.streams where stream_id = any(%(keys)s)",
            {"keys": list(keys)},
        )
        return {row[0] for row in rows}


def json_lines(file: BinaryIO) -> Iterator[Numbered]:
    """The lines of a file with their numbers; one that is no JSON is a Malformed."""
    number = 0
    while raw := file.readline(LINE_BYTES_MAX):
        number += 1
        if not raw.endswith(b"\n") and len(raw) == LINE_BYTES_MAX:
            while (rest := file.readline(LINE_BYTES_MAX)) and not rest.endswith(b"\n"):
                continue
            yield number, Malformed(f"longer than {LINE_BYTES_MAX} bytes")
        elif raw.strip():
            yield number, parsed(raw)


def parsed(raw: bytes) -> object:
    """What a line says, or why it says nothing."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        kind = "UTF-8" if isinstance(error, UnicodeDecodeError) else "JSON"
        return Malformed(f"not {kind}")


def parquet_rows(path: Path) -> Iterator[Numbered]:
    """The rows of a Parquet file; times become seconds."""
    parquet: Any = import_module("pyarrow.parquet")
    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=ROWS):
                for row in batch.to_pylist():
                    number += 1
                    yield number, seconds(row)
    except ValueError:
        raise Malformed("not Parquet") from None


def seconds(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its time as a number."""
    at = row.get("tstamp")
    return {**row, "tstamp": at.timestamp()} if isinstance(at, datetime) else row


def array_items(file: BinaryIO) -> Iterator[object]:
    """The items of a JSON array, one after the other, of which one at a time is held."""
    decoder = json.JSONDecoder()
    text = Text(file)
    if text.skip(SPACE + "\ufeff") != "[":
        raise Malformed("not a JSON array")
    text.drop(1)
    while (sign := text.skip(SPACE + ",")) != "]":
        if not sign:
            raise Malformed("the array does not end")
        yield text.item(decoder)


class Text:
    """A file of which only what is needed is held; what was read of that ends at a place."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._held = ""
        self._at = 0
        self._decoder = getincrementaldecoder("utf-8")("replace")

    def drop(self, count: int) -> None:
        """Pass over what was read."""
        self._at += count

    def skip(self, signs: str) -> str:
        """Pass over signs; the next one, or nothing at the end."""
        while self._at < len(self._held) or self._more(PIECE_BYTES):
            found = self._held[self._at : self._at + 1]
            if found and found not in signs:
                return found
            self._at += len(found)
        return ""

    def item(self, decoder: json.JSONDecoder) -> object:
        """The next value."""
        size = PIECE_BYTES
        while len(self._held) - self._at <= RECORD_SIGNS_MAX:
            try:
                value, end = decoder.raw_decode(self._held, self._at)
            except (ValueError, RecursionError):
                value = None
            else:
                if end < len(self._held):
                    self._at = end
                    return value
            if not self._more(size):
                raise Malformed("not JSON, from one record on")
            size *= 2
        raise Malformed(f"a record is longer than {RECORD_SIGNS_MAX} characters, or no JSON")

    def _more(self, size: int) -> bool:
        raw = self._file.read(size)
        self._held = self._held[self._at :] + self._decoder.decode(raw, final=not raw)
        self._at = 0
        return bool(raw)


def small(record: object) -> object:
    """A record of feedback without its copy of the chat."""
    if not isinstance(record, Mapping):
        return record
    return {name: each for name, each in record.items() if name != "snapshot"}


def in_order(file: BinaryIO) -> list[object]:
    """Records of feedback by time, then id; without copies of chats they are small."""
    return sorted((small(each) for each in array_items(file)), key=order)


def order(record: object) -> tuple[float, str]:
    """When it was given; what says nothing comes first."""
    if not isinstance(record, Mapping):
        return 0.0, ""
    at = record.get("created_at")
    if isinstance(at, bool) or not isinstance(at, int | float):
        at = 0
    return float(at), str(record.get("id", ""))
