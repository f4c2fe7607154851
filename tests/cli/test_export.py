"""`quire export evaluation`: what is in the folder, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.arena_sets import simulated
from tests.cli.conftest import Says, arena


@pytest.fixture
def house(says: Says, tmp_path: Path) -> Says:
    """One that has the simulated arena."""
    data = simulated(200)
    for each in data.battles:
        each["response_b"] += " Or not."
    data.write(tmp_path)
    arena(says, tmp_path)
    return says


def export(house: Says, folder: Path, *more: str, code: int = 0) -> str:
    words = ("--format", "arena-battles", "trl-preference", "--out", str(folder))
    return house("export", "evaluation", *words, *more, code=code, progress=True)


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return found


def test_judgements_are_written_to_a_folder(house: Says, tmp_path: Path) -> None:
    one, two, old = tmp_path / "one", tmp_path / "two", tmp_path / "old"
    assert "left out" in export(house, one)
    whole = manifest(one)
    until = whole["source"]["to_position"]
    board = json.loads(house("leaderboard", "--json"))
    assert whole["files"][0]["rows"] == board["totals"]["accepted"] > 50
    export(house, two, "--to", str(until))
    assert manifest(two)["files"] == whole["files"]
    keyfile = tmp_path / "key"
    keyfile.write_bytes(b"another key of thirty-two bytes.")
    export(house, two, "--force", "--to", str(until), "--pseudonyms", str(keyfile))
    assert manifest(two)["files"] != whole["files"]
    assert "voter-" in (one / "arena-battles-00000.jsonl").read_text("utf-8")

    export(house, old, "--to", str(until), "--where", "category=code")
    gone = tmp_path / "gone"
    export(house, gone, "--where", "category=maths", "--since-manifest", str(old / "manifest.json"))
    tombstones = (gone / "tombstones.jsonl").read_text("utf-8").splitlines()
    assert len(tombstones) == sum(each["rows"] for each in manifest(old)["files"])


def test_it_ends_with_a_code_that_says_why_not(house: Says, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "kept").write_text("mine")
    assert "--force" in export(house, full, code=5)
    assert "nothing matches" in export(house, tmp_path / "a", "--where", "category=none", code=4)
    assert "votes: 'some'" in export(house, tmp_path / "b", "--votes", "some", code=2)
    assert "to: the log has only" in export(house, tmp_path / "c", "--to", "999999", code=2)
    same = str(full / "manifest.json")
    assert "different folders" in export(house, full, "--since-manifest", same, code=2)
