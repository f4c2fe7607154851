"""`quire export evaluation`: what is in the folder, and how it ends."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interfaces.cli.main import main
from tests.arena_sets import simulated

Says = Callable[..., str]


@pytest.fixture
def says(
    database: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Says:
    """What a command says, on a house that has the simulated arena; it must end with a code."""
    chosen = {"database_url": database, "redis_url": redis_url, "data": str(tmp_path / "data")}
    for name, value in chosen.items():
        monkeypatch.setenv(f"QUIRE_{name.upper()}", value)

    def call(*words: str, code: int = 0) -> str:
        assert main(list(words)) == code, capsys.readouterr()
        told = capsys.readouterr()
        return told.out + told.err

    data = simulated(200)
    for each in data.battles:
        each["response_b"] += " Or not."
    data.write(tmp_path)
    files = {"models": "models.json", "battles": "battles.jsonl", "votes": "votes.jsonl"}
    call("import", "arena", *(w for n, f in files.items() for w in (f"--{n}", str(tmp_path / f))))
    return call


def export(says: Says, folder: Path, *more: str, code: int = 0) -> str:
    words = ("--format", "arena-battles", "trl-preference", "--out", str(folder))
    return says("export", "evaluation", *words, *more, code=code)


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return found


def test_judgements_are_written_to_a_folder(says: Says, tmp_path: Path) -> None:
    one, two, old = tmp_path / "one", tmp_path / "two", tmp_path / "old"
    assert "left out" in export(says, one)
    whole = manifest(one)
    until = whole["source"]["to_position"]
    board = json.loads(says("leaderboard", "--json"))
    assert whole["files"][0]["rows"] == board["totals"]["accepted"] > 50
    export(says, two, "--to", str(until))
    assert manifest(two)["files"] == whole["files"]
    keyfile = tmp_path / "key"
    keyfile.write_bytes(b"another key of thirty-two bytes.")
    export(says, two, "--force", "--to", str(until), "--pseudonyms", str(keyfile))
    assert manifest(two)["files"] != whole["files"]
    assert "voter-" in (one / "arena-battles-00000.jsonl").read_text("utf-8")

    export(says, old, "--to", str(until), "--where", "category=code")
    gone = tmp_path / "gone"
    export(says, gone, "--where", "category=maths", "--since-manifest", str(old / "manifest.json"))
    tombstones = (gone / "tombstones.jsonl").read_text("utf-8").splitlines()
    assert len(tombstones) == sum(each["rows"] for each in manifest(old)["files"])


def test_it_ends_with_a_code_that_says_why_not(says: Says, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "kept").write_text("mine")
    assert "--force" in export(says, full, code=5)
    assert "nothing matches" in export(says, tmp_path / "a", "--where", "category=none", code=4)
    assert "votes: 'some'" in export(says, tmp_path / "b", "--votes", "some", code=2)
    assert "to: the log has only" in export(says, tmp_path / "c", "--to", "999999", code=2)
    same = str(full / "manifest.json")
    assert "different folders" in export(says, full, "--since-manifest", same, code=2)
