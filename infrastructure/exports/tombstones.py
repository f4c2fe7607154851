"""Which rows of an earlier export must go: those that the same choice no longer has."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pydantic_core import to_json

from domain.errors import Invalid
from infrastructure.exports.writers import Written

TOMBSTONES = "tombstones"

KINDS = "vra"

Key = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier export: its manifest, beside which the ids of its rows lie."""

    folder: Path
    files: Sequence[Written]

    @classmethod
    def read(cls, manifest: Path) -> "Earlier":
        """Open one; refused when it is none, or its ids are not beside it."""
        try:
            found = json.loads(manifest.read_text("utf-8"))
            files = [
                Written(each["path"], each["format"], each["rows"], each["sha256"])
                for each in found["files"]
                if each["format"] != TOMBSTONES
            ]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Invalid(f"since_manifest: {manifest} is no manifest: {error}.") from None
        for each in files:
            if Path(each.path).name != each.path:
                raise Invalid(f"since_manifest: {each.path!r} is no name of a file.")
            if not (manifest.parent / each.path).with_suffix(".ids").is_file():
                raise Invalid(f"since_manifest: the ids of {each.path} are not beside it.")
        return cls(manifest.parent, files)


def write_tombstones(folder: Path, earlier: Earlier, files: Sequence[Written]) -> Written:
    """Compare both, row id by row id; ids are in the same order in both, so memory stays small."""
    path = folder / f"{TOMBSTONES}.jsonl"
    rows, digest = 0, sha256()
    with path.open("wb") as out:
        for name in dict.fromkeys(each.format for each in files):
            ours = keys_of(folder, [each for each in files if each.format == name])
            theirs = keys_of(
                earlier.folder, [each for each in earlier.files if each.format == name]
            )
            for key, file in gone(theirs, ours):
                line = to_json({"format": name, "file": file, "row_id": key}) + b"\n"
                out.write(line)
                digest.update(line)
                rows += 1
    return Written(path.name, TOMBSTONES, rows, digest.hexdigest())


def keys_of(folder: Path, files: Sequence[Written]) -> Iterator[tuple[str, str]]:
    """The ids of all rows in order, each with the file it is in."""
    for each in files:
        with (folder / each.path).with_suffix(".ids").open(encoding="ascii") as lines:
            for line in lines:
                yield line.strip(), each.path


def gone(
    theirs: Iterator[tuple[str, str]], ours: Iterator[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """What they have and we do not."""
    here = next(ours, None)
    for key, file in theirs:
        place = place_of(key)
        while here is not None and place_of(here[0]) < place:
            here = next(ours, None)
        if here is None or here[0] != key:
            yield key, file


def place_of(key: str) -> Key:
    """What ids are ordered by: votes, then thumbs, then annotations; each by position."""
    position, _, number = key[1:].partition(".")
    return KINDS.index(key[0]), int(position), int(number)
