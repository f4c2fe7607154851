"""Files of judgements as steps of an import: whose lines, and how each is read."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from application.importing.arena import Source, known_aliases
from application.importing.feedback import told_by
from application.importing.fields import Malformed
from application.imports import Numbered, Reading
from application.ports import SYSTEM
from domain.aggregate import Aggregate
from infrastructure.evaluation.lines import in_order, json_lines, parquet_rows


@dataclass(frozen=True, slots=True)
class Found:
    """A file, and how it is called by whoever brought it."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Lines:
    """One step: the lines of a part, and how they are read."""

    part: str
    name: str
    lines: Iterator[Numbered]
    reading: Reading


@dataclass(frozen=True, slots=True)
class Brought:
    """What is to be imported; `name` is that of `as_of=import:NAME@SEQ`."""

    kind: str
    files: Mapping[str, Found]
    space: str = ""
    name: str = ""

    def steps(self) -> Iterator[Lines]:
        """Part after part. Each file is open until the next step."""
        if self.kind == "arena":
            yield from self._arena()
        elif self.kind == "arena-table":
            yield from self._table()
        else:
            yield from self._feedback()

    def _arena(self) -> Iterator[Lines]:
        source = self._source("votes", self._aliases())
        for part, reading in (("battles", source.battle), ("votes", source.vote)):
            found = self.files[part]
            with found.path.open("rb") as file:
                yield Lines(part, found.name, json_lines(file), reading)

    def _aliases(self) -> dict[str, list[str]]:
        if "models" not in self.files:
            return {}
        found = self.files["models"]
        try:
            return known_aliases(json.loads(found.path.read_bytes()))
        except (ValueError, RecursionError) as error:
            raise Malformed(f"{found.name}: {error}") from None

    def _table(self) -> Iterator[Lines]:
        found = self.files["table"]
        source = self._source("table", {})
        if found.name.lower().endswith(".parquet"):
            yield Lines("table", found.name, parquet_rows(found.path), source.row)
            return
        with found.path.open("rb") as file:
            yield Lines("table", found.name, json_lines(file), source.row)

    def _feedback(self) -> Iterator[Lines]:
        found = self.files["feedback"]
        with found.path.open("rb") as file:
            yield Lines("feedback", found.name, records(file), thumb)

    def _source(self, part: str, aliases: dict[str, list[str]]) -> Source:
        name = self.name or self.space or Path(self.files[part].name).stem
        return Source(SYSTEM.id, self.space, name, aliases)


def records(file: BinaryIO) -> Iterator[Numbered]:
    """Records of feedback, in their order."""
    yield from enumerate(in_order(file), 1)


def thumb(record: object, _: int) -> Sequence[Aggregate]:
    """What a record of feedback tells."""
    return told_by(record, SYSTEM.id)
