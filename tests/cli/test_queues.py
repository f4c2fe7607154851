"""`quire evaluation queues`: drawn, listed, taken out and closed from the command line."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

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

    simulated(60).write(tmp_path)
    files = {"models": "models.json", "battles": "battles.jsonl", "votes": "votes.jsonl"}
    call("import", "arena", *(w for n, f in files.items() for w in (f"--{n}", str(tmp_path / f))))
    return call


def test_a_queue_from_the_command_line(says: Says) -> None:
    queues = ("evaluation", "queues")
    assert "no queue" in says(*queues, "list")
    told = says(*queues, "open", "Code", "--size", "5", "--people", "2", "--category", "code")
    key = told.partition(":")[0]
    assert UUID(key)
    assert "5 of " in told
    (listed,) = json.loads(says(*queues, "list", "--json"))
    assert (listed["id"], listed["state"], listed["items"]) == (key, "open", 5)
    assert (listed["annotated"], listed["alpha"]) == (0, None)
    assert says(*queues, "annotations", key) == ""
    (header,) = csv.reader(io.StringIO(says(*queues, "annotations", key, "--csv")))
    assert header[:2] == ["item", "battle_id"]
    says(*queues, "close", key)
    assert "closed" in says(*queues, "list")
    assert "No battle fits" in says(*queues, "open", "X", "--size", "5", "--language", "xx", code=2)
    assert "size" in says(*queues, "open", "X", "--size", "-1", code=2)
    assert "no queue" in says(*queues, "annotations", str(UUID(int=9)), code=2)
