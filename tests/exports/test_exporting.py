"""What an export leaves in a folder."""

import csv
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from application.exporting.formats import FORMATS
from application.exporting.orders import Order
from application.exporting.pseudonyms import Pseudonyms
from application.exporting.samples import Annotated, Judged, Rated
from application.ports import Turn
from domain.battles import Winner
from domain.errors import Invalid
from infrastructure.exports.exporting import (
    Export,
    Extent,
    NotEmpty,
    NothingMatches,
    prepared,
)
from infrastructure.exports.tombstones import Earlier

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = Pseudonyms(b"k" * 32)
WINNERS = list(Winner)


def vote(place: int) -> Judged:
    return Judged(
        place=place,
        battle=f"b{place}",
        voter=f"ana-{place % 7}@example.org",
        at=AT,
        winner=WINNERS[place % 4],
        model_a="x",
        model_b="y",
        context=(Turn("user", f"Question {place % 50}?"),),
        answer_a=f"First {place}.",
        answer_b=f"Second {place}.",
        category="science",
        language="en",
    )


def thumb(place: int) -> Rated:
    return Rated(
        place=place,
        rating=f"r{place}",
        answer_id=f"a{place}",
        voter="ana@example.org",
        at=AT,
        model="x",
        value=1 if place % 2 else -1,
        context=(Turn("user", "Why?"),),
        answer="So.",
        comment="=cmd()",
        reasons=("creative", "thorough"),
        tags=("sky",),
    )


def noted(place: int) -> Annotated:
    told = {each.name: getattr(vote(place), each.name) for each in fields(Judged)}
    return Annotated(**told, queue="q1", item=place - 1, comment="=ask eve@example.org")


@dataclass
class Shelf:
    """A source that has everything at hand."""

    votes: Sequence[Judged] = ()
    thumbs: Sequence[Rated] = ()
    notes: Sequence[Annotated] = ()

    async def extent(self, order: Order) -> Extent:
        return Extent(order.until or 10_000, len(self.votes) + len(self.thumbs), 1, "sum")

    async def judged(self, _: Order, until: int) -> AsyncIterator[Sequence[Judged]]:
        found = [each for each in self.votes if each.place <= until]
        for start in range(0, len(found), 300):
            yield found[start : start + 300]

    async def rated(self, _: Order, until: int) -> AsyncIterator[Sequence[Rated]]:
        yield [each for each in self.thumbs if each.place <= until]

    async def annotated(self, _: Order, until: int) -> AsyncIterator[Sequence[Annotated]]:
        yield [each for each in self.notes if each.place <= until]


SHELF = Shelf(
    [vote(place) for place in range(1, 1_001)],
    [thumb(place) for place in range(1, 11)],
    [noted(place) for place in range(1, 9)],
)


async def export(folder: Path, shelf: Shelf = SHELF, **more: Any) -> dict[str, Any]:
    earlier = more.pop("earlier", None)
    order = Order(**{"formats": list(FORMATS), **more})
    return await Export(shelf, order, KEY, prepared(folder, force=False), earlier).run()


def lines(path: Path) -> list[Any]:
    return [json.loads(each) for each in path.read_text("utf-8").splitlines()]


async def test_the_manifest_tells_all_that_is_there(tmp_path: Path) -> None:
    manifest = await export(tmp_path / "out", shard_rows=400)
    assert manifest == json.loads((tmp_path / "out/manifest.json").read_text("utf-8"))
    assert manifest["source"] == {
        "from_position": 0,
        "to_position": 10_000,
        "checkpoint": "sum",
    }
    for each in manifest["files"]:
        path = tmp_path / "out" / each["path"]
        assert sha256(path.read_bytes()).hexdigest() == each["sha256"]
        assert len(path.with_suffix(".ids").read_text("ascii").splitlines()) == each["rows"]
    rows = {
        name: sum(each["rows"] for each in manifest["files"] if each["format"] == name)
        for name in FORMATS
    }
    assert rows["trl-preference"] == 500
    assert rows["trl-unpaired-preference"] == 500 * 2 + 250 * 2 + 10
    assert rows["arena-battles"] == 1_000
    assert rows["ratings"] == rows["ratings-csv"] == rows["openwebui-feedback"] == 10
    assert rows["annotations"] == rows["annotations-csv"] == 8
    assert manifest["left_out"]["trl-preference: undecided"] == 500
    files = [each["path"] for each in manifest["files"] if each["format"] == "arena-battles"]
    assert files == [f"arena-battles-0000{n}.jsonl" for n in range(3)]


async def test_twice_gives_the_same_bytes_and_no_name_of_anybody(tmp_path: Path) -> None:
    for parquet in (False, True):
        for turn in ("one", "two"):
            await export(tmp_path / f"{turn}{parquet}", parquet=parquet)
        for path in sorted((tmp_path / f"one{parquet}").iterdir()):
            other = tmp_path / f"two{parquet}" / path.name
            if path.name != "manifest.json":
                assert path.read_bytes() == other.read_bytes(), path.name
            assert b"ana" not in path.read_bytes()


async def test_tables_for_spreadsheets_hold_no_formulas(tmp_path: Path) -> None:
    await export(tmp_path, formats=["ratings-csv"])
    with (tmp_path / "ratings-csv-00000.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["comment"] == "'=cmd()"
    assert rows[0]["reasons"] == "creative; thorough"
    assert rows[1]["rating"] == "-1"


async def test_annotations_have_their_texts_and_may_be_redacted(tmp_path: Path) -> None:
    await export(tmp_path, formats=["annotations", "annotations-csv"], redact=["email"])
    first = lines(tmp_path / "annotations-00000.jsonl")[0]
    assert (first["queue_id"], first["item"], first["battle_id"]) == ("q1", 0, "b1")
    assert (first["winner"], first["annotator"]) == ("model_b", KEY.of("ana-1@example.org"))
    assert first["comment"] == "=ask [email]"
    assert first["conversation_b"][-1] == {"role": "assistant", "content": "Second 1."}
    with (tmp_path / "annotations-csv-00000.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    assert rows[0]["comment"] == "'=ask [email]"


async def test_what_was_said_of_texts_that_are_gone_has_a_row_where_rows_have_no_texts(
    tmp_path: Path,
) -> None:
    shelf = Shelf(
        thumbs=[replace(thumb(1), context=(), answer="")],
        notes=[replace(noted(2), context=(), answer_a="", answer_b="")],
    )
    manifest = await export(tmp_path, shelf)
    rows = {each["format"] for each in manifest["files"] if each["rows"]}
    assert rows == {"ratings", "ratings-csv", "openwebui-feedback", "annotations-csv"}
    assert manifest["left_out"]["annotations: no_prompt"] == 1
    assert manifest["left_out"]["trl-sft: no_prompt"] == 1


async def test_parquet_has_the_same_rows(tmp_path: Path) -> None:
    names = ("arena-battles", "trl-preference", "annotations")
    await export(tmp_path / "lines", formats=names)
    await export(tmp_path / "table", formats=names, parquet=True)
    for name in names:
        table = pq.read_table(tmp_path / f"table/{name}-00000.parquet").to_pylist()
        assert table == lines(tmp_path / f"lines/{name}-00000.jsonl")


async def test_prompts_may_be_wanted_once(tmp_path: Path) -> None:
    manifest = await export(tmp_path, formats=["trl-prompt-only"], distinct=True)
    assert [each["rows"] for each in manifest["files"]] == [50]
    assert manifest["left_out"] == {"trl-prompt-only: repeated": 950}


async def test_what_is_gone_since_is_named(tmp_path: Path) -> None:
    await export(tmp_path / "old", shard_rows=100)
    kept = [
        replace(each, answer_a="", answer_b="") if each.place == 3 else each
        for each in SHELF.votes
        if each.place != 500
    ]
    thumbs = [replace(SHELF.thumbs[0], place=99), *SHELF.thumbs[1:]]
    thumbs.sort(key=lambda each: each.place)
    manifest = await export(
        tmp_path / "new",
        Shelf(kept, thumbs, SHELF.notes[1:]),
        earlier=Earlier.read(tmp_path / "old/manifest.json"),
    )
    gone = {(each["format"], each["row_id"]) for each in lines(tmp_path / "new/tombstones.jsonl")}
    assert ("arena-battles", "v3.0") in gone
    assert ("trl-unpaired-preference", "v3.1") in gone
    assert ("trl-prompt-only", "v500.0") in gone
    assert ("ratings", "r1.0") in gone
    assert ("ratings", "r2.0") not in gone
    assert {key for form, key in gone if form == "annotations"} == {"a1.0"}
    assert {key for form, key in gone if form == "arena-battles"} == {"v3.0", "v500.0"}
    assert manifest["files"][-1]["rows"] == len(gone)


async def test_a_full_folder_and_an_empty_choice_are_refused(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(NotEmpty):
        prepared(tmp_path, force=False)
    prepared(tmp_path, force=True)
    assert (tmp_path / "kept.txt").read_text() == "mine"
    with pytest.raises(NothingMatches):
        await export(tmp_path / "none", Shelf())


@pytest.mark.parametrize(
    "text", ["", "{}", '{"files": [{"path": "../x", "format": "f", "rows": 1, "sha256": ""}]}']
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(Invalid, match="since_manifest"):
        Earlier.read(tmp_path / "manifest.json")
